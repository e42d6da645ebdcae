"""Asking for the password once more, before what matters most in an account."""

from __future__ import annotations

from litestar import Response, get, post

from app.access import keep_session
from app.forms.account import ProofAnswers
from app.forms.base import Form, read_form
from app.onward import onward
from app.pages import go, page
from app.requests import PortalRequest
from app.rights import Audience
from identity.entering.step_up import ProofRefused, prove_again

PROVE = "/account/prove"
TOO_MANY_TRIES = 429
FOR_PROVEN = frozenset({Audience.CITIZEN_ALONE, Audience.CITIZEN})


@get(PROVE)
async def show_proof(request: PortalRequest) -> Response[bytes]:
    return page(request, "account/prove.html", form=Form(ProofAnswers, request.lang))


@post(PROVE, opt={"repeatable": True})
async def take_proof(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, ProofAnswers)
    if not form.valid:
        return page(request, "account/prove.html", form=form, status=422)
    visitor = request.signed_in
    try:
        token = await prove_again(
            request.db,
            account_id=visitor.own_account,
            token_hash=visitor.token_hash,
            password=form.data.password,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except ProofRefused as refusal:
        form.refuse("password", f"proof_{refusal.code}", minutes=-(-refusal.seconds // 60))
        status = TOO_MANY_TRIES if refusal.code == "wait" else 422
        return page(request, "account/prove.html", form=form, status=status, keep=True)
    response = go(request, wanted(request))
    keep_session(request, response, token)
    return response


def wanted(request: PortalRequest) -> str:
    """The page for which the proof was asked."""
    return onward(request.query_params.get("next"), fallback="/account", to=FOR_PROVEN)


HANDLERS = [show_proof, take_proof]
