"""Checking a declaration, sending it once, and its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup

from app.explanations.gauge import Gauge, gauge
from app.explanations.outlook import balance_words, knock_on
from app.explanations.programmes import ProgrammeWords, programme_words
from app.forms.base import Form, read_form
from app.forms.declaration import ABOUT_HOUSEHOLD, FACTS_OF_STEP, SendAnswers, Step, facts_of
from app.forms.journey import Journey
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.declaration import BY_HEAD_ONLY, CHECK, TASKS
from app.routes.drafting import Declaring, prepare_draft, read_declaring
from app.routes.people import line, lines, names_to_show
from identity.people.register import names
from registry.dates import local_date
from registry.declarations.receipts import declarations_of, receipt
from registry.declarations.sending import AwaitedIncomplete, MembersChanged, NothingToSend, send_declaration
from registry.delays import delays_on
from registry.errors import NotFound
from registry.facts import ONLY_WITH, IncompleteFacts
from registry.geography import PlaceName, atlas, place_name
from registry.household_views import household_view
from registry.indexes import score_facts
from registry.members import Member
from registry.rules.eligibility import Decision
from registry.rules.index_models import model_in_use
from registry.rules.programmes import thresholds
from registry.rules.scoring import Index

RECEIPTS = f"{TASKS}/receipts"
Section = tuple[Step, list[tuple[str, Any]]]


@dataclass(frozen=True)
class Outlook:
    """What the draft would give if it were sent now, by the rules that decided before it.

    A country without an index has decisions alone.
    """

    index: Index | None
    programmes: tuple[ProgrammeWords, ...]
    scale: Gauge | None
    before: Decimal | None
    programmes_before: Mapping[str, ProgrammeWords]
    balance: Markup
    knock_on: tuple[Markup, ...]

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None or self.index is None else self.index.index - self.before

    def before_of(self, programme: ProgrammeWords) -> ProgrammeWords | None:
        """What the programme is today, where sending would change it."""
        before = self.programmes_before.get(programme.code)
        if before is None or (before.status, before.amount) == (programme.status, programme.amount):
            return None
        return before


@dataclass(frozen=True)
class Place:
    commune: PlaceName
    province: PlaceName
    zone: Any


@get(CHECK, exception_handlers=BY_HEAD_ONLY)
async def show_check(request: PortalRequest) -> Response[bytes]:
    declaring = await read_declaring(request)
    if not declaring.journey.placed:
        return go(request, TASKS)
    return await _check(request, declaring, Form(SendAnswers, request.lang))


@post(CHECK, exception_handlers=BY_HEAD_ONLY)
async def send(request: PortalRequest) -> Response[bytes]:
    """Send what the page showed, once. What another tab has sent already is answered by its receipt."""
    declaring = await read_declaring(request)
    if declaring.draft is None:
        return await _last_receipt(request)
    if not declaring.journey.complete:
        return go(request, TASKS)
    form = await read_form(request, SendAnswers)
    if not form.valid:
        return await _check(request, declaring, form, status=422)
    if form.data.version != declaring.draft.version:
        return await _check(request, declaring, form, status=409)
    prepared = await prepare_draft(request, declaring)
    try:
        version = await send_declaration(
            request.db,
            person_id=request.signed_in.citizen_id,
            facts=prepared.facts,
            awaited=prepared.awaited,
            language=request.lang,
            draft_version=form.data.version,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except NothingToSend:
        return await _last_receipt(request)
    except (MembersChanged, IncompleteFacts, AwaitedIncomplete):
        return await _check(request, await read_declaring(request), form, status=409)
    return go(request, f"{RECEIPTS}/{version.declaration.reference}")


async def _last_receipt(request: PortalRequest) -> Response[bytes]:
    last = await declarations_of(request.db, person_id=request.signed_in.citizen_id, limit=1)
    return go(request, f"{RECEIPTS}/{last[0].reference}" if last else TASKS)


async def _check(
    request: PortalRequest, declaring: Declaring, form: Form[SendAnswers], status: int = 200
) -> Response[bytes]:
    journey = declaring.journey
    return page(
        request,
        "declaration/check.html",
        status=status,
        form=form,
        declaring=declaring,
        journey=journey,
        changed_meanwhile=status == 409,
        place=place_of(journey.answers.household.get("commune", ""), request.lang),
        district=journey.answers.household.get("district"),
        sections=_sections_of(journey),
        members=[(each, _described(journey, each.member)) for each in lines(journey.members, request.lang)],
        awaited=sum(member.awaited for member in journey.members),
        outlook=await _outlook(request, declaring) if journey.complete else None,
        report_days=delays_on(local_date(request.now)).change_report_days,
    )


def _sections_of(journey: Journey) -> list[Section]:
    sections: list[Section] = []
    for step in journey.steps:
        if step in ABOUT_HOUSEHOLD:
            facts = facts_of(journey.typed_in(step))
            sections.append((step, [(fact, facts.get(fact)) for fact in journey.asked_in(step)]))
    return sections


def _described(journey: Journey, member: Member) -> list[tuple[str, Any]]:
    """What is asked of a member, without what a "no" makes idle."""
    facts = facts_of(journey.typed_of(member))
    return [
        (fact, facts.get(fact))
        for fact in journey.asked_of(member)
        if fact not in ONLY_WITH or facts.get(ONLY_WITH[fact])
    ]


async def _outlook(request: PortalRequest, declaring: Declaring) -> Outlook:
    """By the same rules and the same preparation of the facts as sending; nothing is written."""
    today = local_date(request.now)
    facts = (await prepare_draft(request, declaring)).facts
    index, decisions = score_facts(facts, today)
    view = await household_view(request.db, person_id=request.signed_in.citizen_id, now=request.now)
    kept = (view.decisions if view else None) or []
    then = [_as_kept(decision) for decision in decisions]
    return Outlook(
        index=index,
        programmes=programme_words(then, request.lang, await names_to_show(request, then, True)),
        scale=gauge(index.index, thresholds(today), request.lang) if index else None,
        before=view.index if view else None,
        programmes_before={words.code: words for words in programme_words(kept, request.lang)},
        balance=balance_words(then, request.lang),
        knock_on=knock_on(kept, then, request.lang) if kept else (),
    )


def _as_kept(decision: Decision) -> Mapping[str, Any]:
    """The decision in the form in which one is kept with an index."""
    return {
        "programme": decision.programme,
        "outcome": decision.outcome.value,
        "monthly_mad": decision.monthly_mad,
        **decision.written_rule(),
    }


def place_of(commune_code: str, lang: str) -> Place:
    commune = atlas().commune(commune_code)
    province = atlas().province(commune.province_code)
    return Place(place_name(commune, lang), place_name(province, lang), commune.zone)


@get(f"{RECEIPTS}/{{reference:str}}")
async def show_receipt(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    try:
        found = await receipt(request.db, reference=reference, person_id=request.signed_in.citizen_id)
    except NotFound:
        raise NotFoundException() from None
    return page(
        request,
        "declaration/receipt.html",
        receipt=found,
        declarant=names(found.declarant, request.lang),
        officer=found.officer[0 if request.lang == "ar" else 1] if found.officer else None,
        place=place_of(found.household.commune, request.lang),
        sections=_declared(found.household.model_dump()),
        members=[
            (line(member, request.lang), _given(member.answers.model_dump())) for member in found.members
        ],
        model=model_in_use(found.facts_on),
        report_days=delays_on(found.facts_on).change_report_days,
    )


def _declared(facts: Mapping[str, Any]) -> list[Section]:
    """What was declared, whatever would be asked today."""
    sections = (
        (step, _given({fact: facts[fact] for fact in FACTS_OF_STEP[step]})) for step in ABOUT_HOUSEHOLD
    )
    return [(step, given) for step, given in sections if given]


def _given(facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(fact, value) for fact, value in facts.items() if value is not None]


HANDLERS = [show_check, send, show_receipt]
