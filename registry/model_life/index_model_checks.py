"""What is wrong in the file of an index model, all of it at once, beside the models that are there already."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from registry.facts import Zone
from registry.geography import FALLBACK_LANGUAGES, atlas, place_name
from registry.model_life.documents import Faults, Path, items_of, text_of
from registry.national.sql import ModelTooFine, index_decimals
from registry.rules.index_models import IndexModel, meaning_of
from registry.rules.measures import Variable

SHORTEST_SOURCE: Final = 10
# The address of a page beside the versions' own.
NOT_A_NAME: Final = "propose"


def check_index_model(
    document: Mapping[str, Any], faults: Faults, *, known: tuple[IndexModel, ...], today: date
) -> None:
    """`known` are the models in force, those before them and those approved for later, the oldest first."""
    _check_name(document, faults, known)
    _check_source(document, faults)
    _check_date(document, faults, known, today)
    for zone in Zone:
        _check_zone(document, faults, zone, known)
    _check_fineness(document, faults)


def _check_name(document: Mapping[str, Any], faults: Faults, known: tuple[IndexModel, ...]) -> None:
    if text_of(document, "name") in {model.name for model in known}:
        faults.add(("name",), "there is a model of this name already: a new model takes a new name")
    if text_of(document, "name") == NOT_A_NAME:
        faults.add(("name",), "a model is not called so: name it by its country and its year")


def _check_source(document: Mapping[str, Any], faults: Faults) -> None:
    if "source" in document and len(text_of(document, "source")) < SHORTEST_SOURCE:
        faults.add(("source",), "the source is missing: name the official text, its number and its date")
    names = document.get("source_names")
    for lang in FALLBACK_LANGUAGES:
        if isinstance(names, dict) and not text_of(names, lang):
            faults.add(("source_names", lang), "the name of the source in this language is missing: add it")


def _check_date(
    document: Mapping[str, Any], faults: Faults, known: tuple[IndexModel, ...], today: date
) -> None:
    day = read_day(document.get("effective_from"))
    if day is None:
        return
    last = known[-1] if known else None
    if last is not None and day <= last.effective_from:
        faults.add(
            ("effective_from",),
            f"this overlaps with {last.name}, which counts from {last.effective_from.isoformat()}: "
            "a new model begins after it",
        )
    elif day <= today:
        faults.add(
            ("effective_from",),
            f"indexes of the days since {day.isoformat()} exist already: a model begins on a day to come",
        )


def read_day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _check_zone(
    document: Mapping[str, Any], faults: Faults, zone: Zone, known: tuple[IndexModel, ...]
) -> None:
    zones = document.get("zones")
    if not isinstance(zones, dict):
        return
    if not isinstance(zones.get(zone.value), dict):
        faults.add(("zones", zone.value), "the formula of this zone is missing: add it")
        return
    place: Path = ("zones", zone.value)
    _check_regions(items_of(zones, zone.value, "regions"), faults, (*place, "regions"))
    dropped = {code for code in items_of(document, "leaves_out") if isinstance(code, str)}
    _check_variables(
        items_of(zones, zone.value, "variables"), faults, (*place, "variables"), zone, known, dropped
    )


def _check_regions(regions: list[Any], faults: Faults, path: Path) -> None:
    codes = [text_of(regional, "region") for regional in regions]
    known = atlas().regions
    for position, code in enumerate(codes):
        if code and code not in known:
            faults.add(
                (*path, position, "region"), f"there is no region {code}: the regions are {_listed(known)}"
            )
    for code in _twice(codes):
        faults.add((*path, codes.index(code)), f"the region {code} is there twice: keep one of them")
    if missing := [
        f"{code} ({place_name(region, 'fr').text})" for code, region in known.items() if code not in codes
    ]:
        faults.add(path, f"regions are missing: add a term for {', '.join(missing)}")


def _check_variables(
    variables: list[Any],
    faults: Faults,
    path: Path,
    zone: Zone,
    known: tuple[IndexModel, ...],
    dropped: set[str],
) -> None:
    codes = [text_of(variable, "code") for variable in variables]
    meanings = {variable.code: variable for model in known for variable in model.zones[zone].variables}
    for code in _twice(codes):
        faults.add((*path, codes.index(code)), f"the variable {code} is there twice: keep one of them")
    for position, (code, written) in enumerate(zip(codes, variables, strict=True)):
        if not code:
            continue
        if code not in meanings:
            faults.add(
                (*path, position, "code"),
                f"{code} is no variable of the {zone.value} zone that the portal knows and has words for: "
                f"it knows {_listed(meanings)}",
            )
        else:
            _check_meaning(written, meanings[code], faults, (*path, position))
    if known:
        latest = {variable.code for variable in known[-1].zones[zone].variables}
        if missing := sorted(latest - set(codes) - dropped, key=_by_number):
            faults.add(
                path,
                f"variables of {known[-1].name} have no coefficient here: add {', '.join(missing)}, "
                "or name them in leaves_out",
            )


def _check_meaning(written: Mapping[str, Any], known: Variable, faults: Faults, path: Path) -> None:
    """A code means one thing for ever, so that ledgers of different years can be compared line by line."""
    try:
        given = type(known).model_validate({**written, "coefficient": "0"})
    except ValidationError:
        # Another rule altogether, or a fault that the shape of the file names.
        if isinstance(written.get("rule"), str) and written["rule"] != known.rule:
            faults.add((*path, "rule"), f"{known.code} is taken by the rule {known.rule}: {ONE_MEANING}")
        return
    was, now = meaning_of(known), meaning_of(given)
    if changed := sorted(key for key in was if was[key] != now.get(key)):
        faults.add((*path, changed[0]), f"{known.code} is measured differently: {ONE_MEANING}")


ONE_MEANING: Final = (
    "a code keeps its meaning for ever, so that old and new indexes can be compared. "
    "What is measured in another way is another variable, which comes with a new version of the portal"
)


def _check_fineness(document: Mapping[str, Any], faults: Faults) -> None:
    if faults.refusing:
        return
    try:
        index_decimals(IndexModel.model_validate(document))
    except ModelTooFine:
        faults.add(
            ("value_decimals",),
            "with so many decimals the national computation is no longer exact: use fewer",
        )
    except ValidationError:
        return


def _twice(codes: Iterable[str]) -> list[str]:
    return [code for code, times in Counter(codes).items() if code and times > 1]


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes, key=_by_number))


def _by_number(code: str) -> tuple[str, int]:
    letters = code.rstrip("0123456789")
    return letters, int(code[len(letters) :] or 0)
