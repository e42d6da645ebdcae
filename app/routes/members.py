"""Who is in the household: the list, adding a child, inviting an adult."""

from __future__ import annotations

from litestar import Response, get, post

from app.forms.base import Form, read_form
from app.forms.identifiers import looks_mistyped
from app.forms.members import ChildAnswers, InviteAnswers
from app.i18n.labels import label
from app.kept_answers import restored
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.declaration import BY_HEAD_ONLY
from app.routes.people import lines
from identity.people import register
from registry.dates import local_date
from registry.declarations.ended_invitations import EndedInvitation, ended_invitations
from registry.declarations.invitations import invitations_of, invite_adult
from registry.delays import delays_on
from registry.errors import Refused
from registry.facts import Relation
from registry.households import find_household
from registry.members import (
    ChildUnavailable,
    add_child,
    children_to_add,
    list_members,
    members_to_declare,
)

MEMBERS = "/household/members"
CHILDREN = f"{MEMBERS}/children"
INVITE = f"{MEMBERS}/invite"
FROM_DECLARATION = "/household/declaration/members"
INVITED_AS = tuple(relation for relation in Relation if relation is not Relation.HEAD)


@get(MEMBERS)
async def show_members(request: PortalRequest) -> Response[bytes]:
    person_id = request.signed_in.citizen_id
    household = await find_household(request.db, person_id=person_id)
    is_head = household is None or household.head_person_id == person_id
    ended: tuple[EndedInvitation, ...] = ()
    if household is None:
        members = await members_to_declare(request.db, person_id=person_id, now=request.now)
    else:
        members = await list_members(request.db, household_id=household.id, now=request.now)
    if household and is_head:
        ended = await ended_invitations(request.db, household_id=household.id, now=request.now)
    return page(
        request,
        "members/index.html",
        household=household,
        is_head=is_head,
        lines=lines(members, request.lang),
        ended=ended,
        invitations=await invitations_of(request.db, person_id=person_id, now=request.now),
    )


@get(CHILDREN, exception_handlers=BY_HEAD_ONLY)
async def show_add_child(request: PortalRequest) -> Response[bytes]:
    return await _children(request, Form(ChildAnswers, request.lang))


@post(CHILDREN, exception_handlers=BY_HEAD_ONLY)
async def save_child(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, ChildAnswers)
    if not form.valid:
        return await _children(request, form, status=422)
    try:
        await add_child(
            request.db,
            person_id=request.signed_in.citizen_id,
            identifier=form.data.person_identifier,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except ChildUnavailable as refused:
        # A second claim of the same child is written down for review, so the transaction is kept.
        form.refuse("person_identifier", refused.code)
        return await _children(request, form, status=422, keep=True)
    except Refused as refused:
        return await _children(request, _refuse(form, refused), status=422)
    return go(request, back(request))


async def _children(
    request: PortalRequest, form: Form[ChildAnswers], status: int = 200, keep: bool = False
) -> Response[bytes]:
    person_id = request.signed_in.citizen_id
    await members_to_declare(request.db, person_id=person_id, now=request.now)
    known = await children_to_add(request.db, person_id=person_id, now=request.now)
    return page(
        request,
        "members/child.html",
        status=status,
        keep=keep,
        form=form,
        children=[(child, register.names(child, request.lang)) for child in known],
        back_to=back_address(request),
    )


@get(INVITE, exception_handlers=BY_HEAD_ONLY)
async def show_invite(request: PortalRequest) -> Response[bytes]:
    return await _invite(request, restored(request, Form(InviteAnswers, request.lang)))


@post(INVITE, exception_handlers=BY_HEAD_ONLY, opt={"even": True})
async def save_invitation(request: PortalRequest) -> Response[bytes]:
    """The answer is the same whether or not anybody has this identifier and birth year."""
    form = await read_form(request, InviteAnswers)
    if not form.valid:
        return await _invite(request, form, status=422)
    typed = form.data.person_identifier
    if looks_mistyped(typed) and form.data.read_again != typed:
        return await _invite(request, form, doubted=typed)
    try:
        await invite_adult(
            request.db,
            person_id=request.signed_in.citizen_id,
            identifier=typed,
            birth_year=form.data.birth_year,
            relation=form.data.relation,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except Refused as refused:
        return await _invite(request, _refuse(form, refused), status=422)
    return go(request, back(request))


async def _invite(
    request: PortalRequest, form: Form[InviteAnswers], status: int = 200, doubted: str | None = None
) -> Response[bytes]:
    await members_to_declare(request.db, person_id=request.signed_in.citizen_id, now=request.now)
    return page(
        request,
        "members/invite.html",
        status=status,
        form=form,
        relations=[(relation.value, label(request.lang, relation)) for relation in INVITED_AS],
        days=delays_on(local_date(request.now)).invitation_days,
        doubted=doubted,
        back_to=back_address(request),
    )


def _refuse(form: Form[ChildAnswers] | Form[InviteAnswers], refused: Refused) -> Form:  # type: ignore[type-arg]
    """The refusal beside the question that it is about."""
    field = {"not_adult": "birth_year", "bad_relation": "relation"}.get(refused.code, "person_identifier")
    form.refuse(field, refused.code)
    return form


def back_address(request: PortalRequest) -> str:
    return f"/{request.lang}{back(request)}"


def back(request: PortalRequest) -> str:
    """The list one came from: that of the declaration being written, or that of the household."""
    return FROM_DECLARATION if request.query_params.get("from") == "declaration" else MEMBERS


HANDLERS = [show_members, show_add_child, save_child, show_invite, save_invitation]
