"""Names as people type them: one script a part, nothing hidden, and a form in which two spellings meet.

`InvalidName.code` says what is wrong: `missing`, `too_long`, `hidden_characters`, `not_arabic`, `not_latin` or
`too_many_marks`.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final

LONGEST_NAME: Final = 80
MOST_MARKS: Final = 3
JOINERS: Final = "\u200c\u200d"
TATWEEL: Final = "\u0640"
PUNCTUATION: Final = frozenset(" -'’.")
FOLDED: Final = str.maketrans("أإآٱىةؤئ", "ااااي\u0647وي")


class NameScript(StrEnum):
    ARABIC = "arabic"
    LATIN = "latin"


class InvalidName(Exception):
    """What was typed is no name in this script; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_name(typed: str, script: NameScript) -> str:
    """The name in NFC with single spaces. A name must never reorder or disguise what stands beside it."""
    name = " ".join(unicodedata.normalize("NFC", typed).replace(TATWEEL, "").split())
    if not name:
        raise InvalidName("missing")
    if len(name) > LONGEST_NAME:
        raise InvalidName("too_long")
    _check_visible(name)
    letters = [character for character in name if unicodedata.category(character).startswith("L")]
    if not letters or not all(_is_written_in(character, script) for character in name):
        raise InvalidName(f"not_{script}")
    _check_marks(name)
    return name


def _check_visible(name: str) -> None:
    for place, character in enumerate(name):
        if character in JOINERS:
            around = name[place - 1 : place] + name[place + 1 : place + 2]
            if len(around) == 2 and all(_is_letter(each, NameScript.ARABIC) for each in around):
                continue
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            raise InvalidName("hidden_characters")


def _is_written_in(character: str, script: NameScript) -> bool:
    if character in PUNCTUATION or character in JOINERS:
        return True
    return unicodedata.category(character) == "Mn" or _is_letter(character, script)


def _is_letter(character: str, script: NameScript) -> bool:
    return unicodedata.category(character).startswith("L") and unicodedata.name(character, "").startswith(
        script.upper()
    )


def _check_marks(name: str) -> None:
    in_a_row = 0
    for character in unicodedata.normalize("NFD", name):
        in_a_row = in_a_row + 1 if unicodedata.category(character) == "Mn" else 0
        if in_a_row > MOST_MARKS:
            raise InvalidName("too_many_marks")


def folded(name: str) -> str:
    """The name as a search compares it: without vowels, accents, joins and spaces, and one alif for all."""
    plain = unicodedata.normalize("NFD", name.translate(FOLDED)).casefold()
    return re.sub(r"[\W_]+", "", "".join(each for each in plain if unicodedata.category(each) != "Mn"))
