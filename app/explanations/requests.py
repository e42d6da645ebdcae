"""A recomputation request as the citizen follows it: what was asked, where it stands, what was decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.explanations.ledger import Explained, LedgerLine, told_line
from app.explanations.moves import ToldMove, change_between, told_moves
from app.explanations.timeline import Moment
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date
from app.i18n.labels import label
from app.i18n.locales import LOCALES
from app.i18n.variables import VARIABLES
from registry.centres.directory import centre
from registry.geography import PlaceName
from registry.requests.timelines import RequestTimeline


@dataclass(frozen=True)
class ToldRequest:
    """`moves` is None where the two indexes are not known, and empty where nothing moved.

    `line_before` and `line_after` quote the contested line; `days` are left until the date of the answer, below zero
    when it has passed.
    """

    timeline: RequestTimeline
    line: str
    centre: PlaceName
    moments: tuple[Moment, ...]
    moves: tuple[ToldMove, ...] | None
    days: int
    line_before: LedgerLine | None
    line_after: LedgerLine | None

    @property
    def change(self) -> Decimal | None:
        before, after = self.timeline.index_before, self.timeline.index_after
        return None if before is None or after is None else change_between(before, after)


def told_request(request: RequestTimeline, today: date, lang: str) -> ToldRequest:
    about = Explained(lang=lang, region=request.region, source="")
    code = request.line_code or ""
    return ToldRequest(
        timeline=request,
        line=gettext(lang, VARIABLES[request.line_code]) if request.line_code else "",
        centre=centre(request.centre_code).name(lang),
        moments=request_moments(request, lang),
        moves=_moves(request, lang),
        days=(request.due_on - today).days,
        line_before=told_line(request.lines_before, code, about),
        line_after=told_line(request.lines_after, code, about),
    )


def request_moments(request: RequestTimeline, lang: str) -> tuple[Moment, ...]:
    """What happened so far in its order, the last of it still under way; then what is to come.

    The reminder to the centre and the passing on to its supervisor stand where they happened.
    """
    locale = LOCALES[lang]
    decided = request.decided_at is not None
    studied = gettext(lang, N_("Under study by an officer of the centre"))
    steps = (
        (request.received_at, gettext(lang, N_("Request received"))),
        (request.opened_at, studied),
        (request.reminded_at, gettext(lang, N_("The centre was reminded of the date"))),
        (request.escalated_at, gettext(lang, N_("Passed on to the supervisor of the centre"))),
    )
    happened = sorted((at, title) for at, title in steps if at)
    so_far = [Moment(title, "done", format_date(at, locale)) for at, title in happened]
    if decided:
        return *so_far, Moment(label(lang, request.status), "done", format_date(request.decided_at, locale))
    to_come = [] if request.opened_at else [Moment(studied, "todo")]
    before = gettext(lang, N_("Before %(day)s")) % {"day": format_date(request.due_on, locale)}
    answered = Moment(gettext(lang, N_("Answer")), "todo", before)
    return *so_far[:-1], replace(so_far[-1], state="now"), *to_come, answered


def _moves(request: RequestTimeline, lang: str) -> tuple[ToldMove, ...] | None:
    """From the index that the request was about to the one that the decision computed."""
    if request.index_after is None or not request.lines_before:
        return None
    return told_moves(request.lines_before, request.lines_after, lang)
