"""Where the facts of a line come from, in words: declared, confirmed by a source, changed by an officer, counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date
from app.i18n.locales import LOCALES
from registry.sources.configuration import sources
from registry.sources.marks import Mark, MarkKind

WORDS = {
    MarkKind.COUNTED: N_("Counted as %(source)s says, since %(on)s"),
    MarkKind.CONTRADICTED: N_("Declared on %(day)s; %(source)s says otherwise"),
    MarkKind.OFFICER: N_("Changed by an officer on %(on)s"),
    MarkKind.CONFIRMED: N_("Confirmed by %(source)s on %(on)s"),
    MarkKind.UNANSWERED: N_("Declared on %(day)s; no source has answered"),
    MarkKind.DEFAULT: N_(
        "Filled by default: where the day of birth is not known, the first possible day counts"
    ),
}
IN_PART = N_("Declared on %(day)s, confirmed in part by %(source)s")
# What somebody has to know first comes first.
IN_ORDER = (MarkKind.COUNTED, MarkKind.CONTRADICTED, MarkKind.OFFICER, MarkKind.DEFAULT)


def origin_words(
    facts: Collection[str], marks: Mapping[str, Mark], *, declared: str, lang: str
) -> str | None:
    """What to say of a line that these facts feed; None where they are simply declared, on the day `declared`."""
    of_line = [mark for name, mark in marks.items() if name.rpartition(".")[2] in facts]
    for kind in IN_ORDER:
        if found := next((mark for mark in of_line if mark.kind is kind), None):
            return _words(WORDS[kind], found, declared, lang)
    confirmed = [mark for mark in of_line if mark.kind is MarkKind.CONFIRMED]
    if confirmed:
        is_whole = len(confirmed) == len(of_line)
        return _words(WORDS[MarkKind.CONFIRMED] if is_whole else IN_PART, confirmed[0], declared, lang)
    return _words(WORDS[MarkKind.UNANSWERED], of_line[0], declared, lang) if of_line else None


def _words(sentence: str, mark: Mark, declared: str, lang: str) -> str:
    source = sources().get(mark.source)
    return gettext(lang, sentence) % {
        "day": declared,
        "on": format_date(mark.on, LOCALES[lang]),
        "source": source.label(lang).text if source else "",
    }
