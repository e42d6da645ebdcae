"""Places in the household that end: an invitation withdrawn, a child taken off the list, somebody who leaves."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from app.forms.base import Form, read_form
from app.forms.members import Confirmation
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.declaration import BY_HEAD_ONLY
from app.routes.members import MEMBERS, back, back_address
from app.routes.people import line
from registry.declarations.departures import HeadCannotLeave, leave_household, remove_child
from registry.declarations.invitations import withdraw_invitation
from registry.errors import NoHousehold, NotFound
from registry.facts import Relation
from registry.households import find_household
from registry.members import Member, members_to_declare

WITHDRAW = f"{MEMBERS}/{{reference:str}}/withdraw"
REMOVE = f"{MEMBERS}/{{reference:str}}/remove"
LEAVE = "/household/leave"


@get(WITHDRAW, exception_handlers=BY_HEAD_ONLY)
async def show_withdraw(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    member = await _listed(request, reference)
    if not member.awaited:
        raise NotFoundException()
    return _confirm(request, "members/withdraw.html", member)


@post(WITHDRAW, exception_handlers=BY_HEAD_ONLY)
async def withdraw(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    try:
        await withdraw_invitation(
            request.db,
            person_id=request.signed_in.citizen_id,
            reference=reference,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except (NotFound, NoHousehold):
        raise NotFoundException() from None
    return go(request, back(request))


@get(REMOVE, exception_handlers=BY_HEAD_ONLY)
async def show_remove(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    member = await _listed(request, reference)
    if member.awaited or member.relation is not Relation.CHILD:
        raise NotFoundException()
    return _confirm(request, "members/remove.html", member)


@post(REMOVE, exception_handlers=BY_HEAD_ONLY)
async def remove(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    try:
        await remove_child(
            request.db,
            person_id=request.signed_in.citizen_id,
            reference=reference,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except (NotFound, NoHousehold):
        raise NotFoundException() from None
    return go(request, back(request))


async def _listed(request: PortalRequest, reference: str) -> Member:
    """A member of the list of the household that the person heads."""
    listed = await members_to_declare(request.db, person_id=request.signed_in.citizen_id, now=request.now)
    for member in listed:
        if reference and member.reference == reference:
            return member
    raise NotFoundException()


def _confirm(request: PortalRequest, template: str, member: Member) -> Response[bytes]:
    form = Form(Confirmation, request.lang)
    return page(request, template, form=form, line=line(member, request.lang), back_to=back_address(request))


@get(LEAVE)
async def show_leave(request: PortalRequest) -> Response[bytes]:
    return await _leave(request, Form(Confirmation, request.lang))


@post(LEAVE)
async def leave(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, Confirmation)
    if not form.valid:
        return await _leave(request, form, status=422)
    try:
        await leave_household(
            request.db,
            person_id=request.signed_in.citizen_id,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except HeadCannotLeave as refused:
        form.refuse("form", refused.code)
        return await _leave(request, form, status=422)
    except NoHousehold:
        return go(request, MEMBERS)
    return go(request, "/household")


async def _leave(request: PortalRequest, form: Form[Confirmation], status: int = 200) -> Response[bytes]:
    person_id = request.signed_in.citizen_id
    household = await find_household(request.db, person_id=person_id)
    if household is None:
        return go(request, MEMBERS)
    return page(
        request, "members/leave.html", status=status, form=form, is_head=household.head_person_id == person_id
    )


HANDLERS = [show_withdraw, withdraw, show_remove, remove, show_leave, leave]
