"""What is approved and still to come, as it concerns the household that asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from litestar import Response, get
from markupsafe import Markup

from app.explanations.models import content_title
from app.explanations.moves import ToldMove, change_between, told_moves
from app.explanations.programmes import ProgrammeWords, programme_words
from app.pages import go, page
from app.requests import PortalRequest
from registry.dates import local_date
from registry.household_views import household_view
from registry.indexes import written_decision
from registry.model_life.coming import Coming, coming_for
from registry.model_life.foreseeing import Foreseen
from registry.rules.eligibility import Decision


@dataclass(frozen=True)
class ComingWords:
    """`change` is that of the index; without `is_known` the household has to declare anew before it can be said."""

    title: Markup
    effective_from: date
    is_known: bool
    loses: bool = False
    before: Decimal | None = None
    after: Decimal | None = None
    change: Decimal | None = None
    moves: tuple[ToldMove, ...] = ()
    programmes: tuple[tuple[ProgrammeWords | None, ProgrammeWords | None], ...] = ()


@get("/household/coming-changes")
async def show_coming_changes(request: PortalRequest) -> Response[bytes]:
    view = await household_view(request.db, person_id=request.signed_in.citizen_id, now=request.now)
    if view is None:
        return go(request, "/household")
    found = await coming_for(request.db, household_id=view.household_id, today=local_date(request.now))
    return page(
        request,
        "household/coming_changes.html",
        coming=[_words(each, request.lang) for each in found] if view.index is not None else [],
    )


def _words(coming: Coming, lang: str) -> ComingWords:
    title, foreseen = content_title(coming.content, lang), coming.foreseen
    if foreseen is None:
        return ComingWords(title, coming.effective_from, is_known=False)
    return ComingWords(
        title,
        coming.effective_from,
        is_known=True,
        loses=foreseen.loses,
        before=foreseen.before.index,
        after=foreseen.after.index,
        change=change_between(foreseen.before.index, foreseen.after.index),
        moves=told_moves(foreseen.before.lines, foreseen.after.lines, lang),
        programmes=tuple(_programmes(foreseen, lang)),
    )


def _programmes(foreseen: Foreseen, lang: str) -> list[tuple[ProgrammeWords | None, ProgrammeWords | None]]:
    return [(_programme(change.before, lang), _programme(change.after, lang)) for change in foreseen.changes]


def _programme(decision: Decision | None, lang: str) -> ProgrammeWords | None:
    return programme_words([written_decision(decision)], lang)[0] if decision else None


HANDLERS = [show_coming_changes]
