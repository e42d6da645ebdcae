"""Declaring the household: the task list, and the pages of questions that save to the draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post

from app.forms.base import Form, read_form
from app.forms.declaration import (
    ABOUT_HOUSEHOLD,
    PageAnswers,
    Step,
    choices_of,
    facts_of,
    step_answers,
    typed_facts,
)
from app.forms.doubts import doubts
from app.forms.journey import Journey, StepState, Typed, stamp
from app.forms.members import Confirmation
from app.i18n.labels import label
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.drafting import Declaring, prefilled, read_declaring, save_page
from registry.declarations.drafts import discard_draft
from registry.errors import NotHead

TASKS = "/household/declaration"
CHECK = f"{TASKS}/{Step.CHECK.value}"
DISCARD = f"{TASKS}/discard"
# Chosen on the way to the commune, which alone is a fact.
LEADING_TO_COMMUNE = ("region", "province")
QUESTIONS = [f"{TASKS}/{step.value}" for step in ABOUT_HOUSEHOLD]


def show_not_head(request: Request[Any, Any, Any], _: NotHead) -> Response[bytes]:
    """A member sees who declares, and what can be done instead."""
    return page(PortalRequest(request.scope), "declaration/not_head.html", status=403)


BY_HEAD_ONLY: dict[Any, Any] = {NotHead: show_not_head}


@get(TASKS, exception_handlers=BY_HEAD_ONLY)
async def show_tasks(request: PortalRequest) -> Response[bytes]:
    declaring = await read_declaring(request)
    return page(request, "declaration/tasks.html", declaring=declaring, journey=declaring.journey)


@get(DISCARD, exception_handlers=BY_HEAD_ONLY)
async def show_discard(request: PortalRequest) -> Response[bytes]:
    declaring = await read_declaring(request)
    if declaring.draft is None:
        return go(request, TASKS)
    form = Form(Confirmation, request.lang)
    return page(request, "declaration/discard.html", form=form, draft=declaring.draft, sent=declaring.sent)


@post(DISCARD)
async def discard(request: PortalRequest) -> Response[bytes]:
    await discard_draft(request.db, person_id=request.signed_in.citizen_id)
    return go(request, TASKS)


@get(QUESTIONS, exception_handlers=BY_HEAD_ONLY)
async def show_questions(request: PortalRequest) -> Response[bytes]:
    step, declaring = _step(request), await read_declaring(request)
    if not declaring.journey.allows(step):
        return go(request, TASKS)
    form = prefilled(_model(declaring, step), request, declaring.journey.typed_in(step))
    return _questions(request, declaring, step, form)


@post(QUESTIONS, exception_handlers=BY_HEAD_ONLY)
async def save_questions(request: PortalRequest) -> Response[bytes]:
    step, declaring = _step(request), await read_declaring(request)
    if not declaring.journey.allows(step):
        return go(request, TASKS)
    form = await read_form(request, _model(declaring, step))
    if not form.valid:
        return _questions(request, declaring, step, form, status=422)
    journey, typed = declaring.journey, typed_facts(form.data)
    saved, answers = journey.typed_in(step), declaring.answers.about_household(typed, journey.asked_in(step))
    after = await save_page(
        request, declaring, seen=form.data.seen, saved=saved, typed=typed, answers=answers
    )
    if after is None:
        return changed_page(request, f"{TASKS}/{step.value}", saved=saved, typed=typed)
    if doubts(facts_of(typed), len(journey.members)) and not _reads_again(request):
        return go(request, f"{TASKS}/{step.value}?again=yes{'&from=check' if from_check(request) else ''}")
    return go(request, onward(request, after, step))


def _questions(
    request: PortalRequest, declaring: Declaring, step: Step, form: Form[PageAnswers], status: int = 200
) -> Response[bytes]:
    journey, typed = declaring.journey, declaring.journey.typed_in(step)
    reads_again = _reads_again(request) and journey.state(step) is StepState.DONE and status == 200
    return page(
        request,
        f"declaration/{step.value}.html",
        status=status,
        form=form,
        choices=choices(request, journey.asked_in(step)),
        found_doubts=doubts(facts_of(typed), len(journey.members)) if reads_again else (),
        onward=f"/{request.lang}{onward(request, journey, step)}",
        **page_context(request, journey, step, typed),
    )


def page_context(request: PortalRequest, journey: Journey, step: Step, saved: Typed) -> dict[str, Any]:
    """What every page of questions shows beside its questions."""
    return {
        "asked": journey.asked_in(step) if step is not Step.MEMBERS else (),
        "seen": stamp(saved),
        "from_check": from_check(request),
        "progress": (journey.steps.index(step) + 1, len(journey.steps)),
    }


def onward(request: PortalRequest, journey: Journey, step: Step) -> str:
    """Where one goes after a finished step: straight back to the check, when one came from there to change it."""
    if from_check(request) and journey.complete:
        return CHECK
    return f"{TASKS}/{journey.after(step).value}"


def changed_page(request: PortalRequest, address: str, *, saved: Typed, typed: Typed) -> Response[bytes]:
    """Two tabs wrote the same page: what is saved, what was typed here, and the choice between them."""
    return page(
        request,
        "declaration/changed.html",
        status=409,
        address=address + ("?from=check" if from_check(request) else ""),
        typed=typed,
        saved_facts=facts_of(saved),
        typed_facts=facts_of(
            {name: value for name, value in typed.items() if name not in LEADING_TO_COMMUNE}
        ),
        seen=stamp(saved),
    )


def choices(request: PortalRequest, facts: tuple[str, ...]) -> Mapping[str, list[tuple[str, str]]]:
    """For each question that offers answers to choose from, these with their words."""
    return {
        fact: [(member.value, label(request.lang, member)) for member in choices_of(fact)]
        for fact in facts
        if choices_of(fact)
    }


def from_check(request: PortalRequest) -> bool:
    return request.query_params.get("from") == "check"


def _reads_again(request: PortalRequest) -> bool:
    return request.query_params.get("again") == "yes"


def _step(request: PortalRequest) -> Step:
    return Step(request.path_in_language.rsplit("/", 1)[1])


def _model(declaring: Declaring, step: Step) -> type[PageAnswers]:
    if not declaring.journey.placed:
        raise LookupError("A page of questions was shown before the address.")
    return step_answers(step, declaring.journey.zone)


HANDLERS = [show_tasks, show_discard, discard, show_questions, save_questions]
