"""Bring the three catalogues in step with the sentences of the code and of the templates.

What is new comes in empty, what is gone goes, and nothing is guessed from a similar sentence.
"""

from __future__ import annotations

import tomllib
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.i18n.catalogues import catalogue_path
from app.i18n.locales import LOCALES, Locale

ROOT = Path(__file__).parent.parent
KEYWORDS = DEFAULT_KEYWORDS | {"N_": None}
# The header is ours: Babel's Arabic rule numbers its last two forms the other way round.
PLURAL_RULES = {
    "ar": "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5",
    "fr": "n>1",
    "zgh": "n!=1",
}


def sentences_in_use() -> Catalog:
    """Every sentence of `app/`, with the notes to translators."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options = {
        mapping["pattern"]: {key: value for key, value in mapping.items() if key not in ("pattern", "method")}
        for mapping in mappings
    }
    catalogue = Catalog()
    for _, _, source, comments, _ in extract_from_dir(
        ROOT, methods, options, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        catalogue.add(source, auto_comments=comments)
    return catalogue


def in_step(locale: Locale, used: Catalog) -> Catalog:
    """The catalogue of a language with exactly the sentences in use, and the translations that it already had."""
    path = catalogue_path(locale.code)
    known = read_po(BytesIO(path.read_bytes()), locale=locale.code) if path.exists() else Catalog()
    catalogue = Catalog(locale=locale.code, fuzzy=False)
    catalogue._num_plurals = locale.plural_forms
    for message in used:
        if not message.id:
            continue
        earlier = known.get(message.id[0] if message.pluralizable else message.id)
        empty = ("",) * locale.plural_forms if message.pluralizable else ""
        string = earlier.string if earlier and message.pluralizable is earlier.pluralizable else empty
        catalogue.add(message.id, string or empty, auto_comments=sorted(set(message.auto_comments)))
    return catalogue


def header(locale: Locale) -> bytes:
    rule = f"nplurals={locale.plural_forms}; plural=({PLURAL_RULES[locale.code]});"
    return (
        f'# Tiwizi, {locale.own_name}.\nmsgid ""\nmsgstr ""\n"Language: {locale.code}\\n"\n'
        f'"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {rule}\\n"\n\n'
    ).encode()


def main() -> None:
    used = sentences_in_use()
    for locale in LOCALES.values():
        body = BytesIO()
        write_po(
            body, in_step(locale, used), width=0, no_location=True, omit_header=True, ignore_obsolete=True
        )
        path = catalogue_path(locale.code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(header(locale) + body.getvalue())


if __name__ == "__main__":
    main()
