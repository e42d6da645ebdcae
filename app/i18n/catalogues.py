"""The sentences of the portal in each language, read from `locales/<language>/LC_MESSAGES/messages.po`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from app.i18n.locales import LOCALES
from notifications.country import country

LOCALES_DIR = Path(__file__).parent / "locales"
OWN_WORDS_DIR = Path(__file__).parent / "profiles"


def catalogue_path(code: str) -> Path:
    return LOCALES_DIR / code / "LC_MESSAGES" / "messages.po"


def sentences(code: str) -> dict[str, str | tuple[str, ...]]:
    """Every translated sentence of a language by its English source, as the country in use says it."""
    return _sentences(code, country().code)


@cache
def _sentences(code: str, of_country: str) -> dict[str, str | tuple[str, ...]]:
    terms, own = own_words(code, of_country)
    return {source: _in_terms(said, terms) for source, said in _catalogue(code).items()} | own


def own_words(code: str, of_country: str) -> tuple[dict[str, str], dict[str, str | tuple[str, ...]]]:
    """What a country says in another way: terms, exchanged wherever they stand, and whole sentences.

    A term and its exchange have the same gender and number, so that the sentence around them stays right.
    """
    path = OWN_WORDS_DIR / of_country / f"{code}.json"
    if not path.exists():
        return {}, {}
    written = json.loads(path.read_text("utf-8"))
    return written["terms"], {source: _text(said) for source, said in written["sentences"].items()}


def _in_terms(said: str | tuple[str, ...], terms: dict[str, str]) -> str | tuple[str, ...]:
    if isinstance(said, tuple):
        return tuple(str(_in_terms(form, terms)) for form in said)
    for term, own in terms.items():
        said = said.replace(term, own)
    return said


def _catalogue(code: str) -> dict[str, str | tuple[str, ...]]:
    path = catalogue_path(code)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue: Catalog = read_po(file, locale=code)
    return {
        _source(message.id): _text(message.string)
        for message in catalogue
        if message.id and message.string and any(message.string) and not message.fuzzy
    }


def _source(id_: str | tuple[str, ...] | list[str]) -> str:
    return id_ if isinstance(id_, str) else id_[0]


def _text(string: str | tuple[str, ...] | list[str]) -> str | tuple[str, ...]:
    return string if isinstance(string, str) else tuple(string)


def gettext(code: str, source: str) -> str:
    """The sentence in the language; the English source where the catalogue lacks it (a test forbids that)."""
    found = sentences(code).get(source, source)
    return found if isinstance(found, str) else found[0]


def ngettext(code: str, singular: str, plural: str, n: int) -> str:
    forms = sentences(code).get(singular)
    if not isinstance(forms, tuple):
        return singular if n == 1 else plural
    return forms[LOCALES[code].plural_form(n)]


def mark(source: str) -> str:
    """Mark a sentence for the catalogues where it is only spoken later (extracted as `N_`)."""
    return source
