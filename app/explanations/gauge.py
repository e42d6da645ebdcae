"""Where a household stands between the thresholds, in per cents of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from app.explanations.categories import in_its_language
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_exact
from registry.rules.programmes import Threshold, programme

# The picture always shows this much on both sides of what it must show, so that nothing touches an edge.
MARGIN = Decimal("0.35")
LEAST_SPAN = Decimal("1.6")


@dataclass(frozen=True, slots=True)
class GaugeMark:
    position: int
    value: str
    label: Markup


@dataclass(frozen=True, slots=True)
class Gauge:
    """The picture: where the household is, the thresholds, and the same in one sentence for who does not see it."""

    position: int
    marks: tuple[GaugeMark, ...]
    alt: str


def gauge(index: Decimal, thresholds: Sequence[Threshold], lang: str) -> Gauge:
    """The scale, wide enough for the index and every threshold."""
    values = [index, *(threshold.at_or_below for threshold in thresholds)]
    low, high = min(values) - MARGIN, max(values) + MARGIN
    if (lacking := LEAST_SPAN - (high - low)) > 0:
        low, high = low - lacking / 2, high + lacking / 2

    def position(value: Decimal) -> int:
        return round((value - low) / (high - low) * 100)

    marks = tuple(
        GaugeMark(
            position(threshold.at_or_below),
            format_exact(threshold.at_or_below),
            in_its_language(programme(threshold.programme).name(lang), lang),
        )
        for threshold in thresholds
    )
    return Gauge(position(index), marks, _in_words(index, thresholds, lang))


def _in_words(index: Decimal, thresholds: Sequence[Threshold], lang: str) -> str:
    sentence = gettext(lang, N_("Your index is %(index)s. Thresholds: %(thresholds)s"))
    listed = "; ".join(
        f"{programme(each.programme).name(lang).text} {format_exact(each.at_or_below)}" for each in thresholds
    )
    return sentence % {"index": format_exact(index), "thresholds": listed}
