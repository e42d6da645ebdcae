"""The officer's authenticator once more, before what counts for two."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post

from app.access import keep_session
from app.forms.base import Form, read_form
from app.forms.codes import CodeAnswers
from app.onward import onward
from app.pages import go, page
from app.requests import PortalRequest
from app.rights import Audience
from app.routes.reviewing import officer_id
from identity.staff.sign_in import StaffSignInRefused, prove_session

PROVE: Final = "/staff/prove"
TOO_MANY_TRIES: Final = 429
FOR_OFFICERS: Final = frozenset({Audience.STAFF})


@get(PROVE)
async def show_staff_proof(request: PortalRequest) -> Response[bytes]:
    return page(request, "staff/prove.html", form=Form(CodeAnswers, request.lang))


@post(PROVE, opt={"repeatable": True})
async def take_staff_proof(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, CodeAnswers)
    if not form.valid:
        return page(request, "staff/prove.html", form=form, status=422)
    try:
        token = await prove_session(
            request.db,
            staff_id=officer_id(request),
            token_hash=request.signed_in.token_hash,
            totp=form.data.code,
            keys=request.keys,
            now=request.now,
        )
    except StaffSignInRefused as refusal:
        form.refuse("code", "wait" if refusal.code == "wait" else "not_current")
        status = TOO_MANY_TRIES if refusal.code == "wait" else 422
        return page(request, "staff/prove.html", form=form, status=status, keep=True)
    response = go(request, onward(request.query_params.get("next"), fallback="/staff", to=FOR_OFFICERS))
    keep_session(request, response, token, of_staff=True)
    return response


HANDLERS = [show_staff_proof, take_staff_proof]
