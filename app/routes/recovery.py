"""Coming back without the password: the printed code, a code to the telephone, a new password."""

from __future__ import annotations

from dataclasses import replace

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
from app.forms.recovery import RecoveryAnswers
from app.kept_codes import keep_code
from app.leaving import leave
from app.new_passwords import show_new_password, take_new_password
from app.pages import go, page
from app.requests import PortalRequest
from identity.entering import recovery
from identity.proofs.tables import Challenge, Purpose
from identity.sessions import hash_token

CODE = CodePage(
    purpose=Purpose.RECOVERY,
    template="recovery/code.html",
    start="/recovery",
    path="/recovery/code",
    proven="/recovery/password",
)
AUTHENTICATOR = replace(
    CODE, template="recovery/authenticator.html", path="/recovery/authenticator", is_sent=False
)
TOO_MANY_TRIES = 429


@get("/recovery")
async def show_recovery(request: PortalRequest) -> Response[bytes]:
    return page(request, "recovery/index.html", form=Form(RecoveryAnswers, request.lang))


@post("/recovery", opt=EVEN)
async def start_recovery(request: PortalRequest) -> Response[bytes]:
    """The answer is the same whether identifier and recovery code belong together or not."""
    form = await read_form(request, RecoveryAnswers)
    if not form.valid:
        return page(request, "recovery/index.html", form=form, status=422)
    try:
        challenge = await recovery.start_recovery(
            request.db,
            identifier=form.data.identifier,
            recovery_code=form.data.recovery_code,
            channel=form.data.channel,
            browser=request.browser,
            address=request.client_address,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except recovery.RecoveryRefused as refusal:
        form.refuse("identifier", "sign_in_wait", minutes=-(-refusal.seconds // 60))
        return page(request, "recovery/index.html", form=form, status=TOO_MANY_TRIES, keep=True)
    return keep_challenge(request, go(request, CODE.path), challenge)


async def check_recovery_authenticator(
    request: PortalRequest, challenge: Challenge, code: str
) -> Response[bytes]:
    await recovery.prove_with_authenticator(
        request.db,
        challenge_id=challenge.id,
        code=code,
        browser=request.browser,
        keys=request.keys,
        now=request.now,
    )
    return go(request, CODE.proven)


@get(CODE.proven)
async def show_password(request: PortalRequest) -> Response[bytes]:
    return await show_new_password(request, CODE)


@post(CODE.proven, opt=HASHES)
async def choose_password(request: PortalRequest) -> Response[bytes]:
    async def use(challenge: Challenge, password: str) -> Response[bytes]:
        recovered = await recovery.choose_password(
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
        response = go(request, "/account/recovery-code")
        keep_session(request, response, recovered.token)
        keep_code(request, response, recovered.recovery_code, hash_token(recovered.token))
        return response

    return await take_new_password(request, CODE, use)


HANDLERS = [
    show_recovery,
    start_recovery,
    *code_routes(CODE),
    *code_routes(AUTHENTICATOR, check_recovery_authenticator),
    show_password,
    choose_password,
]
