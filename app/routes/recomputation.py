"""Asking for recomputation, and following the request until it is decided."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlmodel import select

from app.conversation import answered_before
from app.explanations.requests import told_request
from app.forms.base import Form, answers_of
from app.forms.declaration import choices_of, typed
from app.forms.recomputation import RecomputationAnswers, kind_of_answer
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.labels import label
from app.kept_answers import kept_answers, restored
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.asking import (
    Asking,
    Concerned,
    concerned,
    joined_document,
    read_asked,
    read_asking,
    shows_other_line,
)
from identity.tables import Staff
from registry.centres.directory import centre_for
from registry.centres.tables import Visit
from registry.dates import local_date
from registry.delays import due_on
from registry.errors import NoHousehold, NotFound
from registry.profiles import profile
from registry.requests import asking as requests
from registry.requests.asking import AlreadyOpen, InvalidRequest, NoIndex
from registry.requests.owners import source_of
from registry.requests.source_decisions import contest_source, find_contradiction
from registry.requests.timelines import RequestTimeline, request_timeline, requests_of
from registry.sources.configuration import sources
from registry.sources.tables import Contradiction
from registry.sources.values import read_value
from registry.tables import RecomputationRequest, RequestOwner, RequestReason

RECOMPUTATION = "/household/recomputation"
CHECK = f"{RECOMPUTATION}/check"
RECEIPTS = f"{RECOMPUTATION}/receipts"
# A document has at most 5 MB; one that is a little larger still gets an answer beside its question.
LARGEST_UPLOAD = 7_000_000


@get(RECOMPUTATION)
async def show_recomputation(request: PortalRequest) -> Response[bytes]:
    """The open request; else what was decided last; else, or when one asks for it, the questions."""
    asked = await requests_of(request.db, person_id=request.signed_in.citizen_id)
    wants_to_ask = bool({"line", "source"} & request.query_params.keys()) or (
        request.query_params.get("new") == "yes"
    )
    wants_to_ask = wants_to_ask or kept_answers(request) is not None
    if asked and (asked[0].is_open or not wants_to_ask):
        return await _follow(request, asked)
    asking = await read_asking(request)
    if asking is None:
        return page(request, "recomputation/no_index.html")
    line = request.query_params.get("line")
    form = Form(RecomputationAnswers, request.lang)
    if asking.line(line):
        form.answers = {"reason": RequestReason.WRONG_LINE.value, "line": str(line)}
    if source := request.query_params.get("source"):
        form.answers = {**form.answers, **await _about_source(request, source)}
    return await _questions(request, asking, restored(request, form))


@post(CHECK, opt={"repeatable": True}, request_max_body_size=LARGEST_UPLOAD)
async def check_request(request: PortalRequest) -> Response[bytes]:
    """Show the request before it is sent. Nothing is kept: the page carries the answers itself."""
    asking = await read_asking(request)
    if asking is None:
        return go(request, RECOMPUTATION)
    sent = await answers_of(request)
    facts, form = await read_asked(request, asking, sent)
    if shows_other_line(form, facts):
        form.errors.clear()
        return await _questions(request, asking, form)
    if not form.valid:
        return await _questions(request, asking, form, status=422)
    if form.data.change:
        return await _questions(request, asking, form)
    return await _check(request, asking, form, facts)


@post(RECOMPUTATION, opt={"slow": True}, request_max_body_size=LARGEST_UPLOAD)
async def send_request(request: PortalRequest) -> Response[bytes]:
    """A photograph is drawn anew before anything is written, so that nobody waits for it."""
    sent = await answers_of(request)
    document, refusal = await joined_document(sent)
    if earlier := await answered_before(request):
        return earlier
    asking = await read_asking(request)
    if asking is None:
        return go(request, RECOMPUTATION)
    facts, form = await read_asked(request, asking, sent)
    if not form.valid:
        return await _questions(request, asking, form, status=422)
    if refusal:
        form.refuse("document", refusal)
        return await _check(request, asking, form, facts, status=422)
    doubted = await _contradiction(request, form.data.source) if form.data.source else None
    try:
        made = await requests.request_recomputation(
            request.db,
            person_id=request.signed_in.citizen_id,
            reason=form.data.reason,
            words=form.data.words,
            line_code=form.data.line,
            fact=form.data.fact,
            proposed_value=None if form.data.proposed_value is None else typed(form.data.proposed_value),
            source=doubted.source if doubted else None,
            document=document,
            sealer=request.keys.sealer,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except AlreadyOpen:
        asked = await requests_of(request.db, person_id=request.signed_in.citizen_id)
        return await _follow(request, asked, status=409)
    except (NoHousehold, NoIndex, InvalidRequest):
        # The household or its index changed a moment ago: what can be asked now is shown.
        return go(request, RECOMPUTATION)
    if doubted:
        await contest_source(
            request.db,
            person_id=request.signed_in.citizen_id,
            reference=doubted.reference,
            request=made,
            actor=request.signed_in.actor,
            now=request.now,
        )
    return go(request, f"{RECEIPTS}/{made.reference}")


async def _about_source(request: PortalRequest, reference: str) -> dict[str, str]:
    """The answers of somebody who says that a source is wrong: what they declared is right."""
    row = await _contradiction(request, reference)
    if row is None:
        return {}
    words = gettext(request.lang, N_("What %(source)s says is wrong. What I declared is right."))
    fact = row.fact.rpartition(".")[2]
    return {
        "reason": (RequestReason.WRONG_LINE if "line" in request.query_params else RequestReason.OTHER).value,
        "source": row.reference,
        "fact": row.fact,
        "proposed_value": typed(read_value(fact, row.declared_value)),
        "words": words % {"source": sources()[row.source].label(request.lang).text},
    }


async def _contradiction(request: PortalRequest, reference: str) -> Contradiction | None:
    """One of the reader's household; None for somebody else's, and for none at all."""
    try:
        return await find_contradiction(
            request.db, person_id=request.signed_in.citizen_id, reference=reference
        )
    except NotFound:
        return None


@get(f"{RECEIPTS}/{{reference:str}}")
async def show_receipt(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    person_id = request.signed_in.citizen_id
    try:
        timeline = await request_timeline(request.db, person_id=person_id, reference=reference)
    except NotFound:
        raise NotFoundException from None
    if not timeline.is_own:
        raise NotFoundException
    return page(
        request,
        "recomputation/receipt.html",
        told=told_request(timeline, local_date(request.now), request.lang),
        officer=await _officer(request, reference),
    )


def _reasons() -> tuple[RequestReason, ...]:
    """A line can be wrong only where there is an index."""
    return tuple(each for each in RequestReason if profile().index or each is not RequestReason.WRONG_LINE)


async def _questions(
    request: PortalRequest, asking: Asking, form: Form[RecomputationAnswers], *, status: int = 200
) -> Response[bytes]:
    code = str(form.typed("line"))
    facts = await concerned(request, asking, code)
    return page(
        request,
        "recomputation/questions.html",
        status=status,
        block="about_line",
        form=form,
        reasons=[(reason.value, label(request.lang, reason)) for reason in _reasons()],
        line=asking.line(code),
        line_groups=asking.line_groups(),
        line_facts=asking.facts_of(code),
        **_answer_context(request, facts),
        **await _what_happens(request, asking, form),
    )


async def _check(
    request: PortalRequest,
    asking: Asking,
    form: Form[RecomputationAnswers],
    facts: tuple[Concerned, ...],
    *,
    status: int = 200,
) -> Response[bytes]:
    answers = form.data
    return page(
        request,
        "recomputation/check.html",
        status=status,
        form=form,
        answers=answers,
        line=asking.line(answers.line),
        concerned=next((each for each in facts if each.name == answers.fact), None),
        carried={name: value for name, value in form.answers.items() if name not in ("document", "change")},
        **await _what_happens(request, asking, form),
    )


def _answer_context(request: PortalRequest, facts: tuple[Concerned, ...]) -> dict[str, Any]:
    fact = facts[0].fact if facts else None
    return {
        "facts": facts,
        "kind": kind_of_answer(fact) if fact else None,
        "choices": [(each.value, label(request.lang, each)) for each in choices_of(fact)] if fact else [],
    }


async def _what_happens(
    request: PortalRequest, asking: Asking, form: Form[RecomputationAnswers]
) -> dict[str, Any]:
    """Who would answer, and before when."""
    today = local_date(request.now)
    source = await source_of(
        request.db,
        household_id=asking.household.id,
        line_code=form.typed("line") or None,
        fact=form.typed("fact") or None,
    )
    owner = RequestOwner.SOURCE if source else RequestOwner.CENTRE
    return {
        "centre": centre_for(asking.version.household.commune).name(request.lang),
        "answer_before": due_on(today, requests.answer_days(owner, today)),
        "owner": owner,
    }


async def _follow(
    request: PortalRequest, asked: tuple[RequestTimeline, ...], *, status: int = 200
) -> Response[bytes]:
    household = await read_asking(request)
    told = [told_request(each, local_date(request.now), request.lang) for each in asked]
    return page(
        request,
        "recomputation/follow.html",
        status=status,
        latest=told[0],
        earlier=told[1:],
        may_ask=household is not None and not asked[0].is_open,
        refused=status == 409,
    )


async def _officer(request: PortalRequest, reference: str) -> str | None:
    """The name of the officer who helped, when the request was sent during a visit."""
    found = await request.db.exec(
        select(Staff.name_ar, Staff.name_latin)
        .join(Visit, Visit.staff_id == Staff.id)  # type: ignore[arg-type]
        .join(RecomputationRequest, RecomputationRequest.visit_id == Visit.id)  # type: ignore[arg-type]
        .where(RecomputationRequest.reference == reference)
    )
    row = found.first()
    return None if row is None else row[0] if request.lang == "ar" else row[1]


HANDLERS = [show_recomputation, check_request, send_request, show_receipt]
