"""A recomputation request as the citizen follows it: what was asked, where it stands, what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.explanations.moves import ToldMove, change_between, told_moves
from app.explanations.timeline import Moment
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date
from app.i18n.labels import label
from app.i18n.locales import LOCALES
from app.i18n.variables import VARIABLES
from registry.centres import centre
from registry.geography import PlaceName
from registry.indexes import PastIndex
from registry.requests import RequestTimeline


@dataclass(frozen=True)
class ToldRequest:
    """`moves` is None where the two indexes are not known, and empty where nothing moved."""

    timeline: RequestTimeline
    line: str
    centre: PlaceName
    moments: tuple[Moment, ...]
    moves: tuple[ToldMove, ...] | None

    @property
    def change(self) -> Decimal | None:
        before, after = self.timeline.index_before, self.timeline.index_after
        return None if before is None or after is None else change_between(before, after)


def told_request(request: RequestTimeline, past: Sequence[PastIndex], lang: str) -> ToldRequest:
    return ToldRequest(
        timeline=request,
        line=gettext(lang, VARIABLES[request.line_code]) if request.line_code else "",
        centre=centre(request.centre_code).name(lang),
        moments=request_moments(request, lang),
        moves=_moves(request, past, lang),
    )


def request_moments(request: RequestTimeline, lang: str) -> tuple[Moment, ...]:
    """Received, under study, answered: with the dates that are known and the date before which the answer comes."""
    locale = LOCALES[lang]
    decided = request.decided_at is not None
    studied = Moment(
        gettext(lang, N_("Under study by an officer of the centre")),
        "done" if decided else "now" if request.opened_at else "todo",
        format_date(request.opened_at, locale),
    )
    before = gettext(lang, N_("Before %(day)s")) % {"day": format_date(request.due_on, locale)}
    answered = Moment(
        label(lang, request.status) if decided else gettext(lang, N_("Answer")),
        "done" if decided else "todo",
        format_date(request.decided_at, locale) if decided else before,
    )
    received = Moment(
        gettext(lang, N_("Request received")),
        "done" if request.opened_at or decided else "now",
        format_date(request.received_at, locale),
    )
    return received, studied, answered


def _moves(request: RequestTimeline, past: Sequence[PastIndex], lang: str) -> tuple[ToldMove, ...] | None:
    """From the index that the request was about to the one that the decision computed."""
    if request.index_after is None:
        return None
    after = next((index for index in past if index.computed_at == request.decided_at), None)
    before = next((index for index in past if index.computed_at <= request.received_at), None)
    return told_moves(before.lines, after.lines, lang) if before and after else None
