"""A programme that opens by categories, in words: who is given what and until when, and why not otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date, format_mad
from app.i18n.locales import LOCALES
from registry.geography import PlaceName
from registry.rules.categories import NOT_ASKED, CategoriesRule, Category, Paid, words_in
from registry.rules.programme_files import Programme
from registry.rules.programmes import categories_in_force, categories_rule, programme

ANOTHER_MEMBER = N_("Another member of the household")
DEPENDANTS = N_("For the dependants together")
UNTIL = N_("Until %(day)s, when the card ends")
LARGER = N_("Another category gives this person a larger amount.")
NEW_QUESTIONS = N_(
    "This person has reached an age at which other questions are asked. Declare again, so that a decision can be taken."
)


@dataclass(frozen=True, slots=True)
class WhoAndWhy:
    """One person of a category: what is given, or why nothing is."""

    who: Markup
    amount: Markup | None = None
    until: str = ""
    why: Markup | str = ""


@dataclass(frozen=True, slots=True)
class CategoryWords:
    name: Markup
    given: tuple[WhoAndWhy, ...]
    refused: tuple[WhoAndWhy, ...]


def category_words(
    decision: Mapping[str, Any], people: Mapping[int, Markup], lang: str
) -> tuple[CategoryWords, ...]:
    """Every category of a kept decision. `people` has the names that the reader may see."""
    if not decision.get("categories"):
        return ()
    rule = categories_rule(decision["programme"], date.fromisoformat(decision["in_force_since"]))
    return tuple(_words(each, rule, people, lang) for each in decision["categories"])


@dataclass(frozen=True, slots=True)
class CategoryList:
    """A programme with its categories and their monthly amounts, whoever reads."""

    name: Markup
    categories: tuple[tuple[Markup, Markup], ...]
    source: str


def _by_category(on: date) -> list[tuple[Programme, CategoriesRule]]:
    return [(programme(code), rule) for code, rule in categories_in_force(on).items()]


def category_lists(on: date, lang: str) -> tuple[CategoryList, ...]:
    """The programmes that open by categories, as they are on a day."""
    return tuple(
        CategoryList(
            name=in_its_language(each.name(lang), lang),
            categories=tuple(
                (
                    in_its_language(words_in(category.names, lang), lang),
                    format_mad(category.monthly, LOCALES[lang]),
                )
                for category in rule.categories
            ),
            source=each.source,
        )
        for each, rule in _by_category(on)
    )


def _words(
    kept: Mapping[str, Any], rule: CategoriesRule, people: Mapping[int, Markup], lang: str
) -> CategoryWords:
    category = rule.category(kept["code"])
    idle = [WhoAndWhy(_who(each, people, lang), why=escape(gettext(lang, LARGER))) for each in kept["larger"]]
    unmet = [
        WhoAndWhy(_who(each["person_id"], people, lang), why=_why(each["proviso"], rule, lang))
        for each in kept["unmet"]
    ]
    return CategoryWords(
        name=in_its_language(words_in(category.names, lang), lang),
        given=tuple(_given(each, category, people, lang) for each in kept["entitled"]),
        refused=(*idle, *unmet),
    )


def _given(kept: Mapping[str, Any], category: Category, people: Mapping[int, Markup], lang: str) -> WhoAndWhy:
    locale = LOCALES[lang]
    together = category.paid is Paid.FAMILY and len(kept["people"]) > 1
    until = kept["until"] and gettext(lang, UNTIL) % {
        "day": format_date(date.fromisoformat(kept["until"]), locale)
    }
    return WhoAndWhy(
        who=escape(gettext(lang, DEPENDANTS)) if together else _who(kept["people"][0], people, lang),
        amount=format_mad(Decimal(kept["monthly"]), locale),
        until=until or "",
    )


def _who(person_id: int, people: Mapping[int, Markup], lang: str) -> Markup:
    return people.get(person_id) or escape(gettext(lang, ANOTHER_MEMBER))


def _why(proviso: str, rule: CategoriesRule, lang: str) -> Markup:
    if proviso == NOT_ASKED:
        return escape(gettext(lang, NEW_QUESTIONS))
    return in_its_language(words_in(rule.provisos[proviso].unmet, lang), lang)


def in_its_language(words: PlaceName, lang: str) -> Markup:
    """Words for a page of another language perhaps: so that they are read out and drawn as what they are."""
    if words.lang == lang:
        return escape(words.text)
    return Markup('<bdi lang="{}">{}</bdi>').format(words.lang, words.text)
