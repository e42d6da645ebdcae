"""Signing in with a password and a code, and signing out."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from litestar import Response, get, post

from app.access import forget_session, keep_session
from app.code_pages import (
    EVEN,
    REPEATABLE,
    CodePage,
    code_routes,
    current_challenge,
    forget_challenge,
    keep_challenge,
    renew_mark,
)
from app.forms.base import Form, read_form
from app.forms.codes import NoAnswers
from app.forms.identifiers import looks_mistyped
from app.forms.recovery import RecoveryProofAnswers
from app.forms.sign_in import SignInAnswers
from app.kept_codes import keep_code
from app.leaving import leave
from app.onward import FOR_CITIZENS, onward
from app.pages import go, page
from app.requests import PortalRequest
from identity.entering import sign_in
from identity.entering.step_up import ProofRefused
from identity.proofs.challenges import CodeRefused
from identity.proofs.tables import Challenge, Purpose
from identity.sessions import hash_token

CODE = CodePage(
    purpose=Purpose.SIGN_IN,
    template="sign_in/code.html",
    start="/sign-in",
    path="/sign-in/code",
    proven="/sign-in",
)
AUTHENTICATOR = replace(
    CODE, template="sign_in/authenticator.html", path="/sign-in/authenticator", is_sent=False
)
RECOVERY_CODE = "/sign-in/recovery-code"
HOME_OF_CITIZEN = "/household"
TOO_MANY_TRIES = 429


@get("/sign-in")
async def show_sign_in(request: PortalRequest) -> Response[bytes]:
    if request.visitor and not request.visitor.is_staff:
        return go(request, _wanted(request))
    form = Form(SignInAnswers, request.lang)
    form.answers = {"shared_device": "yes"}
    return _sign_in_page(request, form)


@post("/sign-in", opt=EVEN)
async def start_sign_in(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, SignInAnswers)
    if not form.valid:
        return _sign_in_page(request, form, status=422)
    try:
        challenge = await sign_in.start_sign_in(
            request.db,
            identifier=form.data.identifier,
            password=form.data.password,
            browser=request.browser,
            address=request.client_address,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except sign_in.SignInRefused as refusal:
        form.refuse("identifier", f"sign_in_{refusal.code}", minutes=-(-refusal.seconds // 60))
        return _sign_in_page(
            request, form, status=TOO_MANY_TRIES if refusal.code == "wait" else 422, keep=True
        )
    # What was chosen here counts once the code is right, and no form has to carry it there.
    challenge.data = challenge.data | {"shared_device": form.data.shared_device, "next": _wanted(request)}
    return keep_challenge(request, go(request, CODE.path), challenge)


def _wanted(request: PortalRequest) -> str:
    return onward(request.query_params.get("next"), fallback=HOME_OF_CITIZEN, to=FOR_CITIZENS)


def _sign_in_page(
    request: PortalRequest, form: Form[SignInAnswers], *, status: int = 200, keep: bool = False
) -> Response[bytes]:
    return page(
        request,
        "sign_in/index.html",
        path=f"/sign-in?next={quote(_wanted(request))}" if "next" in request.query_params else "/sign-in",
        status=status,
        keep=keep,
        form=form,
        already_claimed="claimed" in request.query_params,
        number_doubted=keep and looks_mistyped(form.data.identifier),
        comes_from_page="next" in request.query_params,
    )


async def finish_sign_in(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    signed_in = await sign_in.finish_sign_in(
        request.db,
        challenge_id=challenge.id,
        code=code,
        browser=request.browser,
        shared_device=challenge.data["shared_device"],
        device=request.device,
        keys=request.keys,
        now=request.now,
    )
    return await _come_in(request, challenge, signed_in)


async def finish_with_authenticator(
    request: PortalRequest, challenge: Challenge, code: str
) -> Response[bytes]:
    signed_in = await sign_in.finish_with_authenticator(
        request.db,
        challenge_id=challenge.id,
        code=code,
        browser=request.browser,
        shared_device=challenge.data["shared_device"],
        device=request.device,
        keys=request.keys,
        now=request.now,
    )
    return await _come_in(request, challenge, signed_in)


@get(RECOVERY_CODE)
async def show_recovery_code(request: PortalRequest) -> Response[bytes]:
    if await current_challenge(request, Purpose.SIGN_IN) is None:
        return go(request, CODE.start)
    return page(request, "sign_in/recovery_code.html", form=Form(RecoveryProofAnswers, request.lang))


@post(RECOVERY_CODE, opt=EVEN)
async def finish_with_recovery_code(request: PortalRequest) -> Response[bytes]:
    challenge = await current_challenge(request, Purpose.SIGN_IN)
    if challenge is None:
        return go(request, CODE.start)
    form = await read_form(request, RecoveryProofAnswers)
    if not form.valid:
        return page(request, "sign_in/recovery_code.html", form=form, status=422)
    try:
        signed_in, fresh = await sign_in.finish_with_recovery_code(
            request.db,
            challenge_id=challenge.id,
            recovery_code=form.data.recovery_code,
            browser=request.browser,
            shared_device=challenge.data["shared_device"],
            device=request.device,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except ProofRefused as refusal:
        form.refuse("recovery_code", f"proof_{refusal.code}", minutes=-(-refusal.seconds // 60))
        status = TOO_MANY_TRIES if refusal.code == "wait" else 422
        return page(request, "sign_in/recovery_code.html", form=form, status=status, keep=True)
    except CodeRefused:
        return go(request, CODE.start)
    response = await _come_in(request, challenge, signed_in, "/account/recovery-code?next=/account/phone")
    keep_code(request, response, fresh, hash_token(signed_in.token))
    return await renew_mark(request, response)


async def _come_in(
    request: PortalRequest, challenge: Challenge, signed_in: sign_in.SignedIn, to: str | None = None
) -> Response[bytes]:
    await leave(request)
    response = go(request, to or challenge.data["next"])
    keep_session(request, response, signed_in.token)
    return forget_challenge(request, response, Purpose.SIGN_IN)


@get("/sign-out")
async def show_sign_out(request: PortalRequest) -> Response[bytes]:
    """To sign out is a change, so a link leads to a question; without a session the page says that there is none."""
    if request.visitor is None:
        return page(request, "sign_in/signed_out.html")
    return page(request, "sign_in/sign_out.html", form=Form(NoAnswers, request.lang))


@post("/sign-out", opt=REPEATABLE)
async def sign_out(request: PortalRequest) -> Response[bytes]:
    await leave(request)
    response = go(request, "/sign-out")
    forget_session(request, response)
    return response


HANDLERS = [
    show_sign_in,
    start_sign_in,
    *code_routes(CODE, finish_sign_in),
    *code_routes(AUTHENTICATOR, finish_with_authenticator),
    show_recovery_code,
    finish_with_recovery_code,
    show_sign_out,
    sign_out,
]
