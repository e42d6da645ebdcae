"""What may change: the next edges of the programmes, the birthdays that will count, and the lines to re-read."""

from __future__ import annotations

from litestar import Response, get

from app.explanations.effects import effect_words
from app.explanations.ledger import Explained
from app.explanations.outlook import ToldBirthday, balance_words, lines_to_read, told_edge
from app.explanations.programmes import programme_words
from app.i18n.formats import format_exact
from app.pages import go, page
from app.requests import PortalRequest
from identity.people import register
from registry.dates import local_date
from registry.facts import Facts
from registry.household_views import HouseholdView, household_view
from registry.indexes import ledger
from registry.rules.index_models import model_named, model_on
from registry.rules.outlook import birthdays, edge_above, edge_below
from registry.rules.programmes import thresholds
from registry.tables import Household, IndexEvent
from registry.versions import read_version

OUTLOOK = "/household/index/outlook"


@get(OUTLOOK)
async def show_outlook(request: PortalRequest) -> Response[bytes]:
    view = await household_view(request.db, person_id=request.signed_in.citizen_id, now=request.now)
    if view is None or view.index is None or view.lines is None or view.model is None:
        return go(request, "/household")
    household = await request.db.get_one(Household, view.household_id)
    event = await request.db.get_one(IndexEvent, household.current_index_id)
    facts = (await read_version(request.db, declaration_id=event.declaration_id)).facts()
    today, now = local_date(request.now), view.decisions or []
    return page(
        request,
        "household/outlook.html",
        view=view,
        programmes=programme_words(now, request.lang),
        thresholds=thresholds(today),
        balance=balance_words(now, request.lang),
        below=told_edge(edge_below(view.index, facts, today), now, request.lang, falls=True),
        above=told_edge(edge_above(view.index, facts, today), now, request.lang, falls=False),
        birthdays=await _birthdays(request, facts, of_all=view.is_head),
        lines=lines_to_read(ledger(view.lines), model_named(view.model), facts.size, _about(request, view)),
    )


def _about(request: PortalRequest, view: HouseholdView) -> Explained:
    prefix = f"/{request.lang}/household/recomputation?line="
    contestable = view.request_reference is None
    return Explained(
        lang=request.lang,
        region=view.region or "",
        source="",
        contest=(lambda code: prefix + code) if contestable else None,
    )


async def _birthdays(request: PortalRequest, facts: Facts, *, of_all: bool) -> list[ToldBirthday]:
    """Of all members for the head, who declares them; another member sees their own."""
    today, reader = local_date(request.now), request.signed_in.citizen_id
    found = [each for each in birthdays(facts, model_on(today), today) if of_all or each.person_id == reader]
    people = await register.people(request.db, [each.person_id for each in found])
    return [
        ToldBirthday(
            on=each.on,
            who=register.names(people[each.person_id], request.lang).full,
            age=each.age,
            points="" if each.moved is None else format_exact(each.moved, signed=True),
            effect=effect_words(each.moved, request.lang) if each.moved else None,
            asked=each.asked,
            is_past=each.on <= today,
        )
        for each in found
    ]


HANDLERS = [show_outlook]
