"""Asking for the password once more, before what matters most in an account."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post

from app.access import keep_session
from app.forms.account import ProofAnswers
from app.forms.base import Form, read_form
from app.onward import onward
from app.pages import go, page
from app.requests import PortalRequest
from app.rights import Audience
from identity.step_up import ProofRefused, is_recent, prove_again

PROVE = "/account/prove"
TOO_MANY_TRIES = 429


def ask_for_proof(request: PortalRequest, path: str) -> Response[bytes] | None:
    """The way to the password page when the last proof is too old; None when there is no need."""
    if is_recent(request.signed_in.proven_at, now=request.now):
        return None
    return go(request, f"{PROVE}?next={quote(path)}")


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
            account_id=visitor.account_id or 0,
            token_hash=visitor.token_hash,
            password=form.data.password,
            hasher=request.portal.hasher,
            keys=request.keys,
            now=request.now,
        )
    except ProofRefused as refusal:
        form.refuse("password", f"proof_{refusal.code}", minutes=-(-refusal.seconds // 60))
        status = TOO_MANY_TRIES if refusal.code == "wait" else 422
        return page(request, "account/prove.html", form=form, status=status, keep=True)
    wanted = onward(
        request.query_params.get("next"), fallback="/account", to=frozenset({Audience.CITIZEN_ALONE})
    )
    response = go(request, wanted)
    keep_session(request, response, token)
    return response


HANDLERS = [show_proof, take_proof]
