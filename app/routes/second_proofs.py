"""Proving who one is a second time, by the authenticator, a code to the telephone, or the recovery code."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from litestar import Response, get, post

from app.access import keep_session
from app.code_pages import (
    REPEATABLE,
    CodePage,
    browser_mark,
    code_routes,
    forget_challenge,
    keep_challenge,
)
from app.forms.base import Form, read_form
from app.forms.codes import CodeAnswers
from app.forms.recovery import RecoveryProofAnswers
from app.kept_codes import keep_code
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.step_up import TOO_MANY_TRIES, wanted
from identity.account import accounts
from identity.assurance import is_on_hold
from identity.entering import second_proofs
from identity.entering.step_up import ProofRefused
from identity.proofs.challenges import CodeRefused
from identity.proofs.tables import Challenge, Purpose
from identity.sessions import hash_token

WAYS: Final = "/account/prove/second"
AUTHENTICATOR: Final = "/account/prove/authenticator"
RECOVERY_CODE: Final = "/account/prove/recovery-code"
TELEPHONE: Final = "/account/prove/telephone"
CODE = CodePage(
    purpose=Purpose.PROVE,
    template="account/prove_telephone.html",
    start=WAYS,
    path=f"{TELEPHONE}/code",
    proven="/account",
)


@get(WAYS)
async def show_ways(request: PortalRequest) -> Response[bytes]:
    """The ways that this account has. A telephone on hold is none of them."""
    visitor = request.signed_in
    owner = await accounts.account(request.db, visitor.own_account)
    return page(
        request,
        "account/prove_second.html",
        wanted=wanted(request),
        has_authenticator=owner.authenticator_since is not None,
        has_telephone=owner.phone is not None and not is_on_hold(visitor, now=request.now),
    )


@get(AUTHENTICATOR)
async def show_authenticator(request: PortalRequest) -> Response[bytes]:
    return page(request, "account/prove_authenticator.html", form=Form(CodeAnswers, request.lang))


@post(AUTHENTICATOR, opt=REPEATABLE)
async def take_authenticator(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, CodeAnswers)
    if not form.valid:
        return page(request, "account/prove_authenticator.html", form=form, status=422)
    try:
        token = await second_proofs.prove_by_authenticator(
            request.db,
            account_id=request.signed_in.own_account,
            token_hash=request.signed_in.token_hash,
            code=form.data.code,
            keys=request.keys,
            now=request.now,
        )
    except CodeRefused as refusal:
        form.refuse("code", refusal.code)
        return page(request, "account/prove_authenticator.html", form=form, status=422, keep=True)
    response = go(request, wanted(request))
    keep_session(request, response, token)
    return response


@post(TELEPHONE, opt=REPEATABLE)
async def send_code(request: PortalRequest) -> Response[bytes]:
    challenge = await second_proofs.start_proof_code(
        request.db,
        account_id=request.signed_in.own_account,
        browser=browser_mark(request),
        keys=request.keys,
        now=request.now,
    )
    challenge.data = challenge.data | {"next": wanted(request)}
    return keep_challenge(request, go(request, CODE.path), challenge)


async def take_telephone(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    token = await second_proofs.prove_by_code(
        request.db,
        account_id=request.signed_in.own_account,
        token_hash=request.signed_in.token_hash,
        challenge_id=challenge.id,
        code=code,
        browser=browser_mark(request),
        keys=request.keys,
        now=request.now,
    )
    response = go(request, challenge.data["next"])
    keep_session(request, response, token)
    return forget_challenge(request, response, Purpose.PROVE)


@get(RECOVERY_CODE)
async def show_recovery_code(request: PortalRequest) -> Response[bytes]:
    return page(request, "account/prove_recovery_code.html", form=Form(RecoveryProofAnswers, request.lang))


@post(RECOVERY_CODE, opt=REPEATABLE)
async def take_recovery_code(request: PortalRequest) -> Response[bytes]:
    """The code given is used up: the new one is shown before anything else."""
    form = await read_form(request, RecoveryProofAnswers)
    if not form.valid:
        return page(request, "account/prove_recovery_code.html", form=form, status=422)
    try:
        token, fresh = await second_proofs.prove_by_recovery_code(
            request.db,
            account_id=request.signed_in.own_account,
            token_hash=request.signed_in.token_hash,
            recovery_code=form.data.recovery_code,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except ProofRefused as refusal:
        form.refuse("recovery_code", f"proof_{refusal.code}", minutes=-(-refusal.seconds // 60))
        status = TOO_MANY_TRIES if refusal.code == "wait" else 422
        return page(request, "account/prove_recovery_code.html", form=form, status=status, keep=True)
    response = go(request, f"/account/recovery-code?next={quote(wanted(request))}")
    keep_session(request, response, token)
    keep_code(request, response, fresh, hash_token(token))
    return response


HANDLERS = [
    show_ways,
    show_authenticator,
    take_authenticator,
    send_code,
    *code_routes(CODE, take_telephone, opt=REPEATABLE),
    show_recovery_code,
    take_recovery_code,
]
