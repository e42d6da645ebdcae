"""The languages of the portal, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import babel

from notifications.country import country


def _arabic_form(n: int) -> int:
    """Six forms in the order zero, one, two, few, many, other (the header of our Arabic catalogue)."""
    if n <= 2:
        return n
    if 3 <= n % 100 <= 10:
        return 3
    return 4 if 11 <= n % 100 <= 99 else 5


@dataclass(frozen=True)
class Locale:
    """One language: how it is tagged, named by itself, directed, formatted and counted."""

    code: str
    own_name: str
    dir: str
    plural_forms: int
    plural_form: Callable[[int], int]

    @property
    def formats(self) -> babel.Locale:
        """Names of months and days. Plain `ar` has those of the Middle East: the country's own are wanted."""
        return _formats(self.code, country().code)


@cache
def _formats(code: str, of_country: str) -> babel.Locale:
    # CLDR knows Amazigh without a country alone.
    return babel.Locale.parse(code if code == "zgh" else f"{code}_{of_country.upper()}")


LOCALES: dict[str, Locale] = {
    "ar": Locale("ar", "العربية", "rtl", 6, _arabic_form),
    "fr": Locale("fr", "Français", "ltr", 2, lambda n: int(n > 1)),
    # CLDR has no plural rule for zgh; this is the rule of our own catalogue.
    "zgh": Locale("zgh", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "ltr", 2, lambda n: int(n != 1)),
}
DEFAULT_LOCALE = "ar"


def negotiate(accept_language: str) -> str:
    """The first of our languages that the browser asks for, else Arabic."""
    wanted = []
    for part in accept_language.split(",")[:20]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((float(quality or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    for _, tag in sorted(wanted, key=lambda item: -item[0]):
        if tag in LOCALES:
            return tag
        if tag in ("tzm", "shi", "rif", "ber"):
            return "zgh"
    return DEFAULT_LOCALE
