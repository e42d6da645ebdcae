"""A new password after a visit to a centre: the reference of its receipt, and a code to the number bound there."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post

from app.access import keep_session
from app.code_pages import (
    EVEN,
    CodePage,
    code_routes,
    keep_challenge,
)
from app.conversation import HASHES
from app.forms.base import Form, read_form
from app.forms.recovery import DeskRecoveryAnswers
from app.leaving import leave
from app.new_passwords import show_new_password, take_new_password
from app.pages import go, page
from app.requests import PortalRequest
from identity.entering.desk_recovery import choose_password_after_desk, start_desk_recovery
from identity.entering.recovery import RecoveryRefused
from identity.proofs.tables import Challenge, Purpose

START: Final = "/recovery/centre"
CODE = CodePage(
    purpose=Purpose.DESK_RECOVERY,
    template="desk_recovery/code.html",
    start=START,
    path=f"{START}/code",
    proven=f"{START}/password",
)
TOO_MANY_TRIES: Final = 429


@get(START)
async def show_start(request: PortalRequest) -> Response[bytes]:
    return page(request, "desk_recovery/index.html", form=Form(DeskRecoveryAnswers, request.lang))


@post(START, opt=EVEN)
async def start(request: PortalRequest) -> Response[bytes]:
    """The answer is the same whether identifier and reference belong together or not."""
    form = await read_form(request, DeskRecoveryAnswers)
    if not form.valid:
        return page(request, "desk_recovery/index.html", form=form, status=422)
    try:
        challenge = await start_desk_recovery(
            request.db,
            identifier=form.data.identifier,
            reference=form.data.binding.replace(" ", "").upper(),
            browser=request.browser,
            address=request.client_address,
            keys=request.keys,
            now=request.now,
        )
    except RecoveryRefused as refusal:
        form.refuse("identifier", "sign_in_wait", minutes=-(-refusal.seconds // 60))
        return page(request, "desk_recovery/index.html", form=form, status=TOO_MANY_TRIES, keep=True)
    return keep_challenge(request, go(request, CODE.path), challenge)


@get(CODE.proven)
async def show_password(request: PortalRequest) -> Response[bytes]:
    return await show_new_password(request, CODE)


@post(CODE.proven, opt=HASHES)
async def choose(request: PortalRequest) -> Response[bytes]:
    async def use(challenge: Challenge, password: str) -> Response[bytes]:
        back = await choose_password_after_desk(
            request.db,
            challenge_id=challenge.id,
            browser=request.browser,
            password=password,
            shared_device=True,
            device=request.device,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
        await leave(request)
        response = go(request, "/household")
        keep_session(request, response, back.token)
        return response

    return await take_new_password(request, CODE, use)


HANDLERS = [show_start, start, *code_routes(CODE), show_password, choose]
