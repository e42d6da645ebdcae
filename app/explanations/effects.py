"""What points mean: the index behaves like the logarithm of what each person spends in a year."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from markupsafe import Markup, escape

from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import MINUS, NO_BREAK_SPACE

HUNDRED = Decimal(100)
WHOLE = Decimal(1)
SPACE_BEFORE_PER_CENT = {"ar": ""}


def effect_words(points: Decimal, lang: str) -> Markup:
    """ "about +5 %", to be read beside the exact points; what is less than half of one per cent is said to be."""
    per_cent = ((points.exp() - 1) * HUNDRED).quantize(WHOLE, ROUND_HALF_UP)
    if not per_cent:
        return escape(gettext(lang, N_("less than 1 %")))
    sign = "+" if per_cent > 0 else MINUS
    written = f"{sign}{abs(per_cent)}{SPACE_BEFORE_PER_CENT.get(lang, NO_BREAK_SPACE)}%"
    words = escape(gettext(lang, N_("about %(effect)s")))
    return words % {"effect": Markup('<bdi dir="ltr">{}</bdi>').format(written)}
