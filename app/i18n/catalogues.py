"""The sentences of the portal in each language, read from `locales/<language>/LC_MESSAGES/messages.po`."""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from app.i18n.locales import LOCALES
from notifications.country import Country, country

LOCALES_DIR = Path(__file__).parent / "locales"
OWN_WORDS_DIR = Path(__file__).parent / "profiles"


def catalogue_path(code: str) -> Path:
    return LOCALES_DIR / code / "LC_MESSAGES" / "messages.po"


def sentences(code: str) -> dict[str, str | tuple[str, ...]]:
    """Every translated sentence of a language by its English source, as the country in use says it."""
    return _sentences(code, country())


@cache
def _sentences(code: str, of: Country) -> dict[str, str | tuple[str, ...]]:
    in_its_terms = partial(of.in_its_terms, code)
    everywhere = {
        source: in_its_terms(said) if isinstance(said, str) else tuple(map(in_its_terms, said))
        for source, said in _catalogue(code).items()
    }
    return everywhere | own_sentences(code, of.code)


def own_sentences(code: str, of_country: str) -> dict[str, str | tuple[str, ...]]:
    """What a country says in another way, beside its terms."""
    path = OWN_WORDS_DIR / of_country / f"{code}.json"
    if not path.exists():
        return {}
    return {source: _text(said) for source, said in json.loads(path.read_text("utf-8")).items()}


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
