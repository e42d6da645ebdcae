"""A new telephone bound at the desk: one officer asks with the citizen, a second one witnesses from another session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from app.access import SAFE_METHODS
from app.code_pages import (
    REPEATABLE,
    CodePage,
    browser_mark,
    code_routes,
    forget_challenge,
    keep_challenge,
)
from app.forms.base import Form, read_form
from app.forms.desk import BindingAnswers, WitnessAnswers
from app.i18n.labels import label
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.reviewing import officer_id
from identity.desk_tables import BindingReason, BindingStatus, PhoneBinding
from identity.people.number_rules import cards
from identity.people.register import names
from identity.people.tables import DocumentKind
from identity.proofs.tables import Challenge, Purpose
from identity.roles import Duty, may
from registry.centres.officers import NotAllowed, OwnFile
from registry.centres.phone_bindings import (
    Asked,
    BindingRefused,
    ask_to_bind,
    binding_of_centre,
    hold_number,
    is_waiting,
    waiting_bindings,
    withdraw_binding,
)
from registry.centres.witnesses import look_as_witness, refuse_binding, witness_binding
from registry.errors import NotFound, Refused
from registry.refusals import record_refused_visit

PHONES: Final = "/staff/phones"
ONE: Final = f"{PHONES}/{{reference:str}}"
CODE = CodePage(
    purpose=Purpose.BIND_PHONE,
    template="desk/phone_code.html",
    start=PHONES,
    path=f"{PHONES}/code",
    proven=PHONES,
)
FIELD_OF_REFUSAL: Final = {
    "unknown_document": ("document_number", "unknown_document"),
    "wait": ("document_number", "desk_wait"),
    "same": ("new_phone", "same"),
    "kept_elsewhere": ("new_phone", "kept_elsewhere"),
}
TOO_MANY_TRIES: Final = 429


def may_bind(request: PortalRequest) -> bool:
    role = request.signed_in.role
    return role is not None and may(role, Duty.BIND_PHONES)


@get(PHONES)
async def show_phones(request: PortalRequest) -> Response[bytes]:
    return await _phones(request, Form(BindingAnswers, request.lang))


async def _phones(
    request: PortalRequest, form: Form[BindingAnswers], status: int = 200, keep: bool = False
) -> Response[bytes]:
    allowed = may_bind(request)
    waiting = (
        await waiting_bindings(request.db, staff_id=officer_id(request), now=request.now) if allowed else ()
    )
    return page(
        request,
        "desk/phones.html",
        status=status,
        keep=keep,
        form=form,
        allowed=allowed,
        kinds=_choices(request, cards()),
        reasons=_choices(request, BindingReason),
        waiting=waiting,
    )


def _choices(
    request: PortalRequest, members: Iterable[DocumentKind] | Iterable[BindingReason]
) -> list[tuple[str, str]]:
    return [(member.value, label(request.lang, member)) for member in members]


@post(PHONES, opt=REPEATABLE)
async def ask(request: PortalRequest) -> Response[bytes]:
    if not may_bind(request):
        return await _refused(request, NotAllowed())
    form = await read_form(request, BindingAnswers)
    if not form.valid:
        return await _phones(request, form, status=422)
    try:
        challenge = await ask_to_bind(
            request.db,
            staff_id=officer_id(request),
            asked=_asked(form.data),
            browser=browser_mark(request),
            kept_elsewhere=request.portal.national_identity is not None,
            keys=request.keys,
            now=request.now,
        )
    except BindingRefused as refusal:
        form.refuse(*FIELD_OF_REFUSAL[refusal.code])
        status = TOO_MANY_TRIES if refusal.code == "wait" else 422
        return await _phones(request, form, status=status, keep=True)
    except (NotAllowed, OwnFile) as refusal:
        return await _refused(request, refusal)
    return keep_challenge(request, go(request, CODE.path), challenge)


def _asked(answers: BindingAnswers) -> Asked:
    return Asked(
        document_kind=answers.document_kind,
        document_number=answers.document_number,
        identifier=answers.person_identifier,
        phone=answers.new_phone,
        reason=answers.why,
        password_lost=answers.password_lost is not None,
    )


async def _refused(request: PortalRequest, refusal: Refused) -> Response[bytes]:
    """Say why, and keep on the record that it was asked for."""
    await record_refused_visit(request.db, staff_id=officer_id(request), refusal=refusal, now=request.now)
    return page(request, "staff/refused.html", status=403, keep=True, why=refusal.code, path=PHONES)


async def take_phone_code(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    try:
        binding = await hold_number(
            request.db,
            staff_id=officer_id(request),
            challenge_id=challenge.id,
            code=code,
            browser=browser_mark(request),
            keys=request.keys,
            now=request.now,
        )
    except (NotAllowed, OwnFile) as refusal:
        return await _refused(request, refusal)
    response = go(request, f"{PHONES}/{binding.reference}")
    return forget_challenge(request, response, Purpose.BIND_PHONE)


@get(ONE)
async def show_binding(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """Where the request stands. It names nobody: the citizen after this one may see the screen."""
    found = await _found(request, reference)
    if isinstance(found, Response):
        return found
    return page(
        request,
        "desk/binding.html",
        binding=found,
        waits=is_waiting(found, now=request.now),
        is_own=found.asked_by == officer_id(request),
        is_over=found.status == BindingStatus.WAITING and not is_waiting(found, now=request.now),
    )


async def _found(request: PortalRequest, reference: str) -> PhoneBinding | Response[bytes]:
    try:
        return await binding_of_centre(request.db, staff_id=officer_id(request), reference=reference)
    except NotAllowed:
        return page(request, "staff/refused.html", status=403, why=NotAllowed.code, path=PHONES)
    except NotFound:
        raise NotFoundException() from None


@post(f"{ONE}/withdraw")
async def withdraw(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    try:
        await withdraw_binding(request.db, staff_id=officer_id(request), reference=reference, now=request.now)
    except NotAllowed as refusal:
        return await _refused(request, refusal)
    except NotFound:
        raise NotFoundException() from None
    return go(request, f"{PHONES}/{reference}")


@get(f"{ONE}/witness", opt={"writes": True})
async def show_witness(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    return await _witness_page(request, reference, Form(WitnessAnswers, request.lang))


async def _witness_page(
    request: PortalRequest, reference: str, form: Form[WitnessAnswers], status: int = 200
) -> Response[bytes]:
    try:
        shown = await look_as_witness(
            request.db, staff_id=officer_id(request), reference=reference, now=request.now
        )
    except (NotAllowed, OwnFile) as refusal:
        return await _refused(request, refusal)
    except NotFound:
        raise NotFoundException() from None
    except BindingRefused as refusal:
        return _not_to_witness(request, reference, refusal)
    return page(
        request,
        "desk/witness.html",
        status=status,
        keep=True,
        form=form,
        shown=shown,
        binding=shown.binding,
        name=names(shown.person, request.lang),
        asked_by=shown.asked_by[0 if request.lang == "ar" else 1],
    )


def _not_to_witness(request: PortalRequest, reference: str, refusal: BindingRefused) -> Response[bytes]:
    """Nothing happened: whoever asked cannot witness, and what is over stays as it is."""
    where = f"{PHONES}/{reference}"
    if refusal.code == "over" or request.method in SAFE_METHODS:
        return go(request, where)
    return page(request, "desk/not_witness.html", status=403, where=where, path=where)


@post(f"{ONE}/witness")
async def witness(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    form = await read_form(request, WitnessAnswers)
    if form.valid and form.data.confirmation == "confirm" and form.data.document_seen is None:
        form.refuse("document_seen", "missing")
    if not form.valid:
        return await _witness_page(request, reference, form, status=422)
    decide = witness_binding if form.data.confirmation == "confirm" else refuse_binding
    try:
        await decide(request.db, staff_id=officer_id(request), reference=reference, now=request.now)
    except (NotAllowed, OwnFile) as refusal:
        return await _refused(request, refusal)
    except NotFound:
        raise NotFoundException() from None
    except BindingRefused as refusal:
        return _not_to_witness(request, reference, refusal)
    return go(request, f"{PHONES}/{reference}")


HANDLERS = [
    show_phones,
    ask,
    *code_routes(CODE, take_phone_code, opt=REPEATABLE),
    show_binding,
    withdraw,
    show_witness,
    witness,
]
