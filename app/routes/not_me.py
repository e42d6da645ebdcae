"""This is not me: a number that gets a stranger's messages, and a change of number that its owner did not ask for.

Nobody signs in here. Every answer is the same whether or not a number is used, or a reference exists.
"""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post

from app.code_pages import (
    EVEN,
    CodePage,
    code_routes,
    forget_challenge,
    keep_challenge,
)
from app.forms.account import CancelAnswers, PhoneAnswers
from app.forms.base import Form, read_form
from app.pages import go, page
from app.requests import PortalRequest
from identity.account import phones, strangers
from identity.account.phones import PhoneRefused
from identity.proofs.tables import Challenge, Purpose

STRANGERS: Final = "/not-me"
CHANGE: Final = phones.CANCEL_PAGE
TOO_MANY_TRIES = 429
STRANGERS_CODE = CodePage(
    purpose=Purpose.REMOVE_PHONE,
    template="not_me/code.html",
    start=STRANGERS,
    path=f"{STRANGERS}/code",
    proven=f"{STRANGERS}/done",
)
CHANGE_CODE = CodePage(
    purpose=Purpose.CANCEL_PHONE,
    template="not_me/change_code.html",
    start=CHANGE,
    path=f"{CHANGE}/code",
    proven=f"{CHANGE}/done",
)


@get(STRANGERS)
async def show_strangers(request: PortalRequest) -> Response[bytes]:
    return page(request, "not_me/index.html", form=Form(PhoneAnswers, request.lang))


@post(STRANGERS, opt=EVEN)
async def start_removal(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, PhoneAnswers)
    if not form.valid:
        return page(request, "not_me/index.html", form=form, status=422)
    try:
        challenge = await strangers.start_removal(
            request.db,
            phone=form.data.phone,
            language=request.lang,
            browser=request.browser,
            address=request.client_address,
            keys=request.keys,
            now=request.now,
        )
    except PhoneRefused as refusal:
        form.refuse("phone", refusal.code)
        return page(request, "not_me/index.html", form=form, status=TOO_MANY_TRIES)
    return keep_challenge(request, go(request, STRANGERS_CODE.path), challenge)


async def remove_number(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    await strangers.remove_from_strangers(
        request.db,
        challenge_id=challenge.id,
        code=code,
        browser=request.browser,
        keys=request.keys,
        now=request.now,
    )
    return forget_challenge(request, go(request, STRANGERS_CODE.proven), Purpose.REMOVE_PHONE)


@get(STRANGERS_CODE.proven)
async def show_removed(request: PortalRequest) -> Response[bytes]:
    return page(request, "not_me/done.html")


@get(CHANGE)
async def show_change(request: PortalRequest) -> Response[bytes]:
    return page(request, "not_me/change.html", form=Form(CancelAnswers, request.lang))


@post(CHANGE, opt=EVEN)
async def start_cancelling(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, CancelAnswers)
    if not form.valid:
        return page(request, "not_me/change.html", form=form, status=422)
    try:
        challenge = await phones.start_cancelling(
            request.db,
            reference=form.data.reference.replace(" ", "").upper(),
            browser=request.browser,
            address=request.client_address,
            keys=request.keys,
            now=request.now,
        )
    except PhoneRefused as refusal:
        form.refuse("reference", refusal.code)
        return page(request, "not_me/change.html", form=form, status=TOO_MANY_TRIES)
    return keep_challenge(request, go(request, CHANGE_CODE.path), challenge)


async def cancel_change(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    await phones.cancel_phone_change(
        request.db,
        challenge_id=challenge.id,
        code=code,
        browser=request.browser,
        keys=request.keys,
        now=request.now,
    )
    return forget_challenge(request, go(request, CHANGE_CODE.proven), Purpose.CANCEL_PHONE)


@get(CHANGE_CODE.proven)
async def show_cancelled(request: PortalRequest) -> Response[bytes]:
    return page(request, "not_me/change_done.html")


HANDLERS = [
    show_strangers,
    start_removal,
    *code_routes(STRANGERS_CODE, remove_number),
    show_removed,
    show_change,
    start_cancelling,
    *code_routes(CHANGE_CODE, cancel_change),
    show_cancelled,
]
