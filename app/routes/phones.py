"""Changing the telephone and the password of one's own account."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post

from app.code_pages import (
    REPEATABLE,
    CodePage,
    browser_mark,
    code_routes,
    forget_challenge,
    keep_challenge,
)
from app.conversation import HASHES
from app.forms.account import PhoneAnswers
from app.forms.base import Form, read_form
from app.forms.recovery import NewPasswordAnswers
from app.leaving import go_on_alone
from app.pages import go, page
from app.requests import PortalRequest
from identity.account import phones
from identity.account.own_password import change_password
from identity.account.phones import PhoneRefused
from identity.proofs.passwords import PasswordRefused
from identity.proofs.tables import Challenge, Purpose

PHONE: Final = "/account/phone"
PASSWORD: Final = "/account/password"
HOLD_HOURS: Final = int(phones.HOLD.total_seconds() // 3600)
CODE = CodePage(
    purpose=Purpose.CHANGE_PHONE,
    template="account/phone_code.html",
    start=PHONE,
    path=f"{PHONE}/code",
    proven="/account",
)


@get(PHONE)
async def show_phone(request: PortalRequest) -> Response[bytes]:
    return _phone_page(request, Form(PhoneAnswers, request.lang))


def _phone_page(request: PortalRequest, form: Form[PhoneAnswers], status: int = 200) -> Response[bytes]:
    return page(request, "account/phone.html", status=status, form=form, hours=HOLD_HOURS)


@post(PHONE, opt=REPEATABLE)
async def start_change(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, PhoneAnswers)
    if not form.valid:
        return _phone_page(request, form, status=422)
    try:
        challenge = await phones.start_phone_change(
            request.db,
            account_id=request.signed_in.own_account,
            phone=form.data.phone,
            browser=browser_mark(request),
            keys=request.keys,
            now=request.now,
        )
    except PhoneRefused as refusal:
        form.refuse("phone", refusal.code)
        return _phone_page(request, form, status=422)
    return keep_challenge(request, go(request, CODE.path), challenge)


async def confirm_change(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    await phones.confirm_phone_change(
        request.db,
        account_id=request.signed_in.own_account,
        challenge_id=challenge.id,
        code=code,
        browser=browser_mark(request),
        here=request.signed_in.token_hash,
        keys=request.keys,
        now=request.now,
    )
    response = forget_challenge(request, go(request, CODE.proven), Purpose.CHANGE_PHONE)
    return await go_on_alone(request, response)


@get(PASSWORD)
async def show_password(request: PortalRequest) -> Response[bytes]:
    return page(request, "account/password.html", form=Form(NewPasswordAnswers, request.lang))


@post(PASSWORD, opt=HASHES)
async def take_password(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, NewPasswordAnswers)
    if not form.valid:
        return page(request, "account/password.html", form=form, status=422)
    try:
        await change_password(
            request.db,
            account_id=request.signed_in.own_account,
            here=request.signed_in.token_hash,
            password=form.data.new_password,
            hasher=request.hasher,
            now=request.now,
        )
    except PasswordRefused as refusal:
        form.refuse("new_password", refusal.code, shortest=int(refusal.shortest))
        return page(request, "account/password.html", form=form, status=422)
    return await go_on_alone(request, go(request, "/account"))


HANDLERS = [
    show_phone,
    start_change,
    *code_routes(CODE, confirm_change, opt=REPEATABLE),
    show_password,
    take_password,
]
