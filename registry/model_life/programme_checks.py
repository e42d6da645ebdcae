"""What is wrong in the file of a programme: it tells all that counted so far, and what is to count from one day on."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from notifications.country import country
from registry.geography import FALLBACK_LANGUAGES
from registry.model_life.documents import Faults, items_of, text_of
from registry.model_life.index_model_checks import SHORTEST_SOURCE, read_day
from registry.rules.programme_files import BandsRule, Benefit, Programme, ThresholdRule, faults_in

# The lists of a programme whose entries count from a day on.
DATED: Final = ("rules", "amounts")
PAST: Final = "what counted up to now stays as it is: write it as it was, and add what is new beneath it"


def check_programme(
    document: Mapping[str, Any], faults: Faults, *, known: tuple[Programme, ...], today: date
) -> None:
    """`known` are the programmes as they are in force or approved for later."""
    _check_words(document, faults)
    if not items_of(document, "rules"):
        faults.add(("rules",), "a programme has at least one rule that opens it: add it")
    before = next((each for each in known if each.code == text_of(document, "code")), None)
    _check_order(document, faults, known, before)
    new_days = {day for name in DATED for day in _check_dates(document, faults, name, before, today)}
    if not new_days:
        if not faults.refusing:
            faults.add(
                ("rules",), "nothing is new here: add a rule, or amounts, that count from a day to come"
            )
    elif len(new_days) > 1:
        days = ", ".join(day.isoformat() for day in sorted(new_days))
        faults.add(("rules",), f"new rules begin on several days ({days}): propose one day after the other")
    _check_amounts(document, faults)
    _check_country(document, faults)
    if not faults.refusing and new_days:
        _check_beside_others(document, faults, known, min(new_days))


def _check_words(document: Mapping[str, Any], faults: Faults) -> None:
    if "source" in document and len(text_of(document, "source")) < SHORTEST_SOURCE:
        faults.add(("source",), "the source is missing: name the official text, its number and its date")
    for lang in FALLBACK_LANGUAGES:
        if isinstance(document.get("names"), dict) and not text_of(document["names"], lang):
            faults.add(("names", lang), "the name of the programme in this language is missing: add it")


def _check_order(
    document: Mapping[str, Any], faults: Faults, known: tuple[Programme, ...], before: Programme | None
) -> None:
    taken = {each.order: each.code for each in known if before is None or each.code != before.code}
    order = document.get("order")
    if isinstance(order, int) and order in taken:
        faults.add(("order",), f"the place {order} is that of {taken[order]}: take another one")
    if before and text_of(document, "benefit") not in ("", before.benefit.value):
        faults.add(
            ("benefit",),
            f"what {before.code} gives is {before.benefit.value}: another benefit is another programme",
        )


def _check_dates(
    document: Mapping[str, Any], faults: Faults, name: str, before: Programme | None, today: date
) -> list[date]:
    """The days on which something new begins in one of the lists."""
    kept = list(getattr(before, name)) if before else []
    entries = items_of(document, name)
    days = [read_day(entry.get("effective_from")) if isinstance(entry, dict) else None for entry in entries]
    for position, entry in enumerate(kept):
        if position >= len(entries):
            faults.add((name,), f"entries of {before.code if before else ''} are missing: {PAST}")
            break
        if (written := _read_entry(name, entries[position])) is not None and written != entry:
            faults.add((name, position), PAST)
    new = []
    for position, day in enumerate(days):
        earlier = [each for each in days[:position] if each]
        if day is None:
            continue
        if earlier and day <= max(earlier):
            faults.add(
                (name, position, "effective_from"),
                f"this overlaps with what counts from {max(earlier).isoformat()}: "
                "each entry begins after the one before",
            )
        if position < len(kept):
            continue
        new.append(day)
        if day <= today:
            faults.add(
                (name, position, "effective_from"),
                f"decisions of the days since {day.isoformat()} exist already: something new begins on a day to come",
            )
    return new


def _read_entry(name: str, entry: Any) -> Any:
    """An entry as the rules read it; None when its shape is wrong, which is said elsewhere."""
    try:
        part = Programme.model_validate(
            {
                "code": "any",
                "order": 1,
                "benefit": Benefit.MONTHLY_AID,
                "names": dict.fromkeys(FALLBACK_LANGUAGES, "any"),
                "source": "any",
                "rules": [entry] if name == "rules" else [],
                "amounts": [entry] if name == "amounts" else [],
            }
        )
    except ValidationError:
        return None
    return getattr(part, name)[0]


def _check_amounts(document: Mapping[str, Any], faults: Faults) -> None:
    """Money that is given by an index has an amount from the first day on; categories tell theirs themselves."""
    kinds = {text_of(rule, "kind") for rule in items_of(document, "rules")}
    if text_of(document, "benefit") != Benefit.MONTHLY_AID or "categories" in kinds:
        return
    rule_days = _days(document, "rules")
    amount_days = _days(document, "amounts")
    if not items_of(document, "amounts"):
        faults.add(("amounts",), "a monthly aid has amounts: add them")
    elif rule_days and amount_days and min(amount_days) > min(rule_days):
        faults.add(
            ("amounts", 0, "effective_from"),
            f"there is a gap: the programme opens on {min(rule_days).isoformat()} and has no amounts before "
            f"{min(amount_days).isoformat()}",
        )


def _days(document: Mapping[str, Any], name: str) -> list[date]:
    entries = [entry for entry in items_of(document, name) if isinstance(entry, dict)]
    return [day for entry in entries if (day := read_day(entry.get("effective_from")))]


def _check_country(document: Mapping[str, Any], faults: Faults) -> None:
    try:
        programme = Programme.model_validate(document)
    except ValidationError:
        return
    for place, words in faults_in(country().code, programme):
        faults.add(("rules", place), words)


def _check_beside_others(
    document: Mapping[str, Any], faults: Faults, known: tuple[Programme, ...], day: date
) -> None:
    """Cover with and without contribution meet in one value: a household is never in both, and never in neither."""
    try:
        this = Programme.model_validate(document)
    except ValidationError:
        return
    beside = {each.code: each for each in known} | {this.code: this}
    free = [_edge(each, day) for each in beside.values() if each.benefit is Benefit.FREE_HEALTH_COVER]
    paid = [_edge(each, day) for each in beside.values() if each.benefit is Benefit.PAID_HEALTH_COVER]
    for without in (edge for edge in free if edge is not None):
        for contribution in (edge for edge in paid if edge is not None):
            if without != contribution:
                faults.warn(
                    ("rules",),
                    f"from {day.isoformat()} cover without contribution ends at {without} and cover with a "
                    f"contribution begins above {contribution}: some households would be in "
                    f"{'both' if contribution < without else 'neither'}",
                )


def _edge(programme: Programme, day: date) -> Any:
    in_force = [rule for rule in programme.rules if rule.effective_from <= day]
    if not in_force:
        return None
    rule = max(in_force, key=lambda each: each.effective_from)
    if isinstance(rule, ThresholdRule):
        return rule.at_or_below
    return rule.bands[0].above if isinstance(rule, BandsRule) else None
