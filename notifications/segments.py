"""How many SMS a text is paid as: in the alphabet of GSM 03.38, or UCS-2 when one character is outside it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Ç and ç are left out on purpose: tables disagree about position 0x09, so a text must not count on either.
DEFAULT_ALPHABET: Final = frozenset(
    "@£$¥èéùìòØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà\n\r"
)
# These are sent as an escape and a character: two places each.
EXTENSION: Final = frozenset("^{}\\[~]|€\f")


class Encoding(StrEnum):
    GSM_7 = "gsm-7"
    UCS_2 = "ucs-2"


@dataclass(frozen=True)
class Capacity:
    alone: int
    as_part: int


CAPACITIES: Final = {Encoding.GSM_7: Capacity(160, 153), Encoding.UCS_2: Capacity(70, 67)}


@dataclass(frozen=True)
class Size:
    """`units` are septets in GSM-7 and UTF-16 units in UCS-2."""

    encoding: Encoding
    units: int
    segments: int


def measure(text: str) -> Size:
    encoding = Encoding.GSM_7 if set(text) <= DEFAULT_ALPHABET | EXTENSION else Encoding.UCS_2
    widths = [_width(character, encoding) for character in text]
    capacity = CAPACITIES[encoding]
    if sum(widths) <= capacity.alone:
        return Size(encoding, sum(widths), 1)
    return Size(encoding, sum(widths), _count_parts(widths, capacity.as_part))


def _width(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return 2 if character in EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _count_parts(widths: list[int], room: int) -> int:
    """A character of two places is never cut in two, so a part may stay one place short."""
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts
