"""Public names of things: short enough to read over the telephone, random so that nobody can guess the next one."""

import re
import secrets
from typing import Final

# Crockford's base 32 has no I, L, O or U; A and E go too, so that no reference spells a word.
ALPHABET: Final = "0123456789BCDFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 10
# For rows that a whole country has by the hundred million, and that nobody reads out.
LONG: Final = 13
IN_WORDS: Final = re.compile(rf"\b([A-Z]-[{ALPHABET}]{{{LENGTH}}})\b")


def new_reference(prefix: str, *, length: int = LENGTH) -> str:
    """A reference such as `R-7K2M9QXZ4D`. The column needs a unique constraint.

    5.9 × 10^14 exist for a prefix: among ten million, the next one is taken with a chance of one in sixty million.
    """
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def apart_from_words(text: str) -> list[str]:
    """Words and references in turn, beginning with words, which may be empty: joined, they are the text."""
    return IN_WORDS.split(text)
