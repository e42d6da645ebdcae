"""The first day of an officer: the code of the e-mail, then a password and an authenticator that nobody else has."""

from __future__ import annotations

from typing import Final

import segno
from litestar import Response, get, post

from app.code_pages import EVEN, REPEATABLE
from app.forms.base import Form, read_form
from app.forms.people import EnrolAnswers, EnrolSecretsAnswers
from app.kept_codes import Kept, forget_code, keep_code, kept_code
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.authenticators import KEY_GROUP, PIXELS_A_MODULE
from identity.proofs import totp
from identity.proofs.passwords import PasswordRefused
from identity.staff.colleagues import EnrolmentRefused
from identity.staff.enrolment import ENROL_PAGE
from identity.staff.joining import check_enrolment_code, finish_enrolment

SECRETS: Final = f"{ENROL_PAGE}/authenticator"
TOO_MANY_TRIES: Final = 429


@get(ENROL_PAGE)
async def show_enrol(request: PortalRequest) -> Response[bytes]:
    return page(request, "people/enrol.html", form=Form(EnrolAnswers, request.lang))


@post(ENROL_PAGE, opt=EVEN)
async def take_code(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, EnrolAnswers)
    if not form.valid:
        return page(request, "people/enrol.html", form=form, status=422)
    try:
        enrolment = await check_enrolment_code(
            request.db,
            email=form.data.work_email,
            code=form.data.enrolment_code,
            address=request.client_address,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except EnrolmentRefused as refusal:
        form.refuse("work_email", refusal.code)
        status = TOO_MANY_TRIES if refusal.code == "wait" else 422
        return page(request, "people/enrol.html", form=form, status=status, keep=True)
    response = go(request, SECRETS)
    kept = f"{enrolment.reference} {totp.new_secret()} {enrolment.email}"
    keep_code(request, response, kept, _owner(request), Kept.ENROLMENT)
    return response


def _owner(request: PortalRequest) -> str:
    """This browser: whoever enrols is not signed in, or not as the officer who enrols."""
    return request.browser or (request.visitor.token_hash if request.visitor else "")


def _kept(request: PortalRequest) -> tuple[str, str, str] | None:
    """The reference, the key that is being set up, and the address."""
    kept = kept_code(request, Kept.ENROLMENT, _owner(request)) if _owner(request) else None
    if kept is None:
        return None
    reference, secret, email = kept.split(" ", 2)
    return reference, secret, email


@get(SECRETS)
async def show_secrets(request: PortalRequest) -> Response[bytes]:
    return _secrets_page(request, Form(EnrolSecretsAnswers, request.lang))


def _secrets_page(
    request: PortalRequest, form: Form[EnrolSecretsAnswers], status: int = 200
) -> Response[bytes]:
    kept = _kept(request)
    if kept is None:
        return go(request, ENROL_PAGE)
    form.answers = {}
    _reference, secret, email = kept
    address = totp.address_of(secret, email)
    return page(
        request,
        "people/secrets.html",
        status=status,
        form=form,
        picture=segno.make(address, error="m").svg_data_uri(scale=PIXELS_A_MODULE),
        key=" ".join(secret[start : start + KEY_GROUP] for start in range(0, len(secret), KEY_GROUP)),
        address=address,
    )


@post(SECRETS, opt=REPEATABLE)
async def take_secrets(request: PortalRequest) -> Response[bytes]:
    kept = _kept(request)
    if kept is None:
        return go(request, ENROL_PAGE)
    form = await read_form(request, EnrolSecretsAnswers)
    if not form.valid:
        return _secrets_page(request, form, status=422)
    reference, secret, _email = kept
    try:
        await finish_enrolment(
            request.db,
            reference=reference,
            secret=secret,
            totp=form.data.totp,
            password=form.data.new_password,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except PasswordRefused as refusal:
        form.refuse("new_password", refusal.code, shortest=int(refusal.shortest))
        return _secrets_page(request, form, status=422)
    except EnrolmentRefused as refusal:
        if refusal.code != "not_current":
            return go(request, ENROL_PAGE)
        form.refuse("totp", "not_current")
        return _secrets_page(request, form, status=422)
    response = go(request, "/staff/sign-in")
    forget_code(request, response, Kept.ENROLMENT)
    return response


HANDLERS = [show_enrol, take_code, show_secrets, take_secrets]
