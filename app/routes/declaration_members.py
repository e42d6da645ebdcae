"""The members in a declaration: who is described already, and the questions about each."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from app.forms.base import Form, read_form
from app.forms.declaration import PageAnswers, Step, typed_facts
from app.forms.journey import Journey, StepState, stamp
from app.forms.members import member_answers
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.declaration import BY_HEAD_ONLY, CHECK, TASKS, changed_page, choices, from_check, page_context
from app.routes.drafting import prefilled, read_declaring, save_page
from app.routes.people import line, lines
from registry.members import Member

MEMBERS = f"{TASKS}/{Step.MEMBERS.value}"


@get(MEMBERS, exception_handlers=BY_HEAD_ONLY)
async def show_members_to_describe(request: PortalRequest) -> Response[bytes]:
    journey = (await read_declaring(request)).journey
    if not journey.allows(Step.MEMBERS):
        return go(request, TASKS)
    unfinished = _unfinished(journey)
    return page(
        request,
        "declaration/members.html",
        lines=[(each, journey.member_state(each.member)) for each in lines(journey.members, request.lang)],
        onward=f"{MEMBERS}/{unfinished.key}"
        if unfinished
        else f"{TASKS}/{journey.after(Step.MEMBERS).value}",
        complete=unfinished is None,
        **page_context(request, journey, Step.MEMBERS, {}),
    )


@get(f"{MEMBERS}/{{key:str}}", exception_handlers=BY_HEAD_ONLY)
async def show_member(request: PortalRequest, key: FromPath[str]) -> Response[bytes]:
    journey = (await read_declaring(request)).journey
    if not journey.allows(Step.MEMBERS):
        return go(request, TASKS)
    member = _member(journey, key)
    form = prefilled(member_answers(journey.asked_of(member)), request, journey.typed_of(member))
    return _questions(request, journey, member, form)


@post(f"{MEMBERS}/{{key:str}}", exception_handlers=BY_HEAD_ONLY)
async def save_member(request: PortalRequest, key: FromPath[str]) -> Response[bytes]:
    declaring = await read_declaring(request)
    journey = declaring.journey
    if not journey.allows(Step.MEMBERS):
        return go(request, TASKS)
    member = _member(journey, key)
    form = await read_form(request, member_answers(journey.asked_of(member)))
    if not form.valid:
        return _questions(request, journey, member, form, status=422)
    saved, typed = journey.typed_of(member), typed_facts(form.data)
    answers = declaring.answers.about_member(member.key, typed, journey.asked_of(member))
    after = await save_page(
        request, declaring, seen=form.data.seen, saved=saved, typed=typed, answers=answers
    )
    if after is None:
        return changed_page(request, f"{MEMBERS}/{member.key}", saved=saved, typed=typed)
    return go(request, CHECK if from_check(request) and after.complete else MEMBERS)


def _questions(
    request: PortalRequest, journey: Journey, member: Member, form: Form[PageAnswers], status: int = 200
) -> Response[bytes]:
    asked = journey.asked_of(member)
    return page(
        request,
        "declaration/member.html",
        status=status,
        form=form,
        line=line(member, request.lang),
        ages=member.possible_ages(journey.on),
        choices=choices(request, asked),
        **{
            **page_context(request, journey, Step.MEMBERS, {}),
            "asked": asked,
            "seen": stamp(journey.typed_of(member)),
        },
    )


def _member(journey: Journey, key: str) -> Member:
    member = journey.member(key)
    if member is None:
        raise NotFoundException()
    return member


def _unfinished(journey: Journey) -> Member | None:
    return next(
        (member for member in journey.members if journey.member_state(member) is not StepState.DONE), None
    )


HANDLERS = [show_members_to_describe, show_member, save_member]
