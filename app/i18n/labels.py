"""The one place where a closed set of the domain becomes words."""

from __future__ import annotations

from enum import Enum

from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_

# A member of an enum is looked up by "EnumName.value"; a test checks that every member that a page can show is here.
LABELS: dict[str, str] = {
    "Zone.urban": N_("Urban"),
    "Zone.rural": N_("Rural"),
}


def label(code: str, member: Enum) -> str:
    """The words of a member in a language.

    Raises KeyError for a member without words: a page never shows a bare code.
    """
    return gettext(code, LABELS[f"{type(member).__name__}.{member.value}"])
