"""The citizen's authenticator: setting it up by a picture or a typed key, and removing it."""

from __future__ import annotations

from typing import Final

import segno
from litestar import Response, get, post

from app.forms.base import Form, read_form
from app.forms.codes import CodeAnswers, NoAnswers
from app.kept_codes import Kept, forget_code, keep_code, kept_code
from app.leaving import go_on_alone
from app.pages import go, page
from app.requests import PortalRequest
from identity.account import accounts
from identity.account.authenticators import remove_authenticator, set_authenticator
from identity.proofs import totp
from identity.proofs.challenges import CodeRefused

PAGE: Final = "/account/authenticator"
NEW: Final = f"{PAGE}/new"
CONFIRM: Final = f"{PAGE}/confirm"
REMOVE: Final = f"{PAGE}/remove"
PIXELS_A_MODULE: Final = 5
KEY_GROUP: Final = 4


@get(PAGE)
async def show_authenticator(request: PortalRequest) -> Response[bytes]:
    owner = await accounts.account(request.db, request.signed_in.own_account)
    return page(request, "account/authenticator.html", since=owner.authenticator_since)


@get(NEW)
async def show_start(request: PortalRequest) -> Response[bytes]:
    return page(request, "account/authenticator_new.html", form=Form(NoAnswers, request.lang))


@post(NEW)
async def start(request: PortalRequest) -> Response[bytes]:
    response = go(request, CONFIRM)
    keep_code(request, response, totp.new_secret(), request.signed_in.token_hash, Kept.AUTHENTICATOR)
    return response


@get(CONFIRM)
async def show_key(request: PortalRequest) -> Response[bytes]:
    return _key_page(request, Form(CodeAnswers, request.lang))


def _key_page(request: PortalRequest, form: Form[CodeAnswers], status: int = 200) -> Response[bytes]:
    secret = kept_code(request, Kept.AUTHENTICATOR)
    if secret is None:
        return go(request, NEW)
    address = totp.address_of(secret, request.signed_in.identifier or "")
    return page(
        request,
        "account/authenticator_confirm.html",
        status=status,
        form=form,
        picture=segno.make(address, error="m").svg_data_uri(scale=PIXELS_A_MODULE),
        key=" ".join(secret[start : start + KEY_GROUP] for start in range(0, len(secret), KEY_GROUP)),
        address=address,
    )


@post(CONFIRM)
async def confirm(request: PortalRequest) -> Response[bytes]:
    secret = kept_code(request, Kept.AUTHENTICATOR)
    if secret is None:
        return go(request, NEW)
    form = await read_form(request, CodeAnswers)
    if not form.valid:
        return _key_page(request, form, status=422)
    try:
        await set_authenticator(
            request.db,
            account_id=request.signed_in.own_account,
            secret=secret,
            code=form.data.code,
            here=request.signed_in.token_hash,
            keys=request.keys,
            now=request.now,
        )
    except CodeRefused as refusal:
        form.refuse("code", refusal.code)
        return _key_page(request, form, status=422)
    response = go(request, PAGE)
    forget_code(request, response, Kept.AUTHENTICATOR)
    return await go_on_alone(request, response)


@get(REMOVE)
async def show_removal(request: PortalRequest) -> Response[bytes]:
    return page(request, "account/authenticator_remove.html", form=Form(NoAnswers, request.lang))


@post(REMOVE)
async def remove(request: PortalRequest) -> Response[bytes]:
    visitor = request.signed_in
    await remove_authenticator(
        request.db, account_id=visitor.own_account, here=visitor.token_hash, now=request.now
    )
    return await go_on_alone(request, go(request, PAGE))


HANDLERS = [show_authenticator, show_start, start, show_key, confirm, show_removal, remove]
