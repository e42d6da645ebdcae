"""The last page of every recovery: a new password, chosen by whoever has proven who they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar import Response

from app.code_pages import CodePage, current_challenge, forget_challenge
from app.conversation import answered_before
from app.forms.base import Form, read_form
from app.forms.recovery import NewPasswordAnswers
from app.pages import go, page
from app.requests import PortalRequest
from identity.proofs.challenges import CodeRefused
from identity.proofs.passwords import PasswordRefused
from identity.proofs.tables import Challenge, Purpose, Step

TEMPLATE = "recovery/password.html"


async def show_new_password(request: PortalRequest, asked: CodePage) -> Response[bytes]:
    if await _proven(request, asked.purpose) is None:
        return go(request, asked.path)
    return page(request, TEMPLATE, form=Form(NewPasswordAnswers, request.lang))


async def take_new_password(
    request: PortalRequest, asked: CodePage, use: Callable[[Challenge, str], Awaitable[Response[bytes]]]
) -> Response[bytes]:
    """Read the password and use it. One that cannot be is refused in words; a proof that is over begins again."""
    challenge = await _proven(request, asked.purpose)
    if challenge is None:
        return await answered_before(request) or go(request, asked.path)
    form = await read_form(request, NewPasswordAnswers)
    if not form.valid:
        return page(request, TEMPLATE, form=form, status=422)
    try:
        response = await use(challenge, form.data.new_password)
    except PasswordRefused as refusal:
        form.refuse("new_password", refusal.code, shortest=int(refusal.shortest))
        return page(request, TEMPLATE, form=form, status=422)
    except CodeRefused:
        return await answered_before(request) or go(request, asked.start)
    return forget_challenge(request, response, asked.purpose)


async def _proven(request: PortalRequest, purpose: Purpose) -> Challenge | None:
    challenge = await current_challenge(request, purpose)
    return challenge if challenge is not None and challenge.step == Step.PROVEN else None
