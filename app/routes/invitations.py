"""Invitations that I received: who invites me, what it means, and my answer. Nothing else is asked of me."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from app.forms.base import Form, read_form
from app.forms.members import Reply, ReplyAnswers
from app.pages import go, page
from app.requests import PortalRequest
from identity.people.register import PersonName, names
from registry.declarations.invitations import Invitation, InvitationOver, answer_invitation, invitations_of
from registry.errors import AlreadyInHousehold, NotFound
from registry.households import find_household

INVITATIONS = "/household/invitations"
INVITATION = f"{INVITATIONS}/{{reference:str}}"


@dataclass(frozen=True)
class _Head:
    given_name_ar: str
    family_name_ar: str
    given_name_latin: str
    family_name_latin: str


@get(INVITATIONS)
async def show_invitations(request: PortalRequest) -> Response[bytes]:
    found = await invitations_of(request.db, person_id=request.signed_in.citizen_id, now=request.now)
    if len(found) == 1:
        return go(request, f"{INVITATIONS}/{found[0].reference}")
    invitations = [(each, _from(each, request.lang)) for each in found]
    return page(request, "members/invitations.html", invitations=invitations)


@get(INVITATION)
async def show_invitation(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    return await _invitation(request, reference, Form(ReplyAnswers, request.lang))


@post(INVITATION)
async def answer(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    form = await read_form(request, ReplyAnswers)
    if not form.valid:
        return await _invitation(request, reference, form, status=422)
    accepts = form.data.reply is Reply.ACCEPT
    try:
        await answer_invitation(
            request.db,
            person_id=request.signed_in.citizen_id,
            reference=reference,
            accept=accepts,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except AlreadyInHousehold as refused:
        form.refuse("reply", refused.code)
        return await _invitation(request, reference, form, status=422)
    except InvitationOver:
        return page(request, "members/invitation_over.html", status=409)
    except NotFound:
        raise NotFoundException() from None
    return go(request, "/household/members" if accepts else "/household")


async def _invitation(
    request: PortalRequest, reference: str, form: Form[ReplyAnswers], status: int = 200
) -> Response[bytes]:
    person_id = request.signed_in.citizen_id
    found = await invitations_of(request.db, person_id=person_id, now=request.now)
    invitation = next((each for each in found if each.reference == reference), None)
    if invitation is None:
        return page(request, "members/invitation_over.html", status=404)
    return page(
        request,
        "members/invitation.html",
        status=status,
        form=form,
        invitation=invitation,
        name=_from(invitation, request.lang),
        in_household=await find_household(request.db, person_id=person_id) is not None,
    )


def _from(invitation: Invitation, lang: str) -> PersonName:
    head = _Head(
        invitation.head_given_name_ar,
        invitation.head_family_name_ar,
        invitation.head_given_name_latin,
        invitation.head_family_name_latin,
    )
    return names(head, lang)


HANDLERS = [show_invitations, show_invitation, answer]
