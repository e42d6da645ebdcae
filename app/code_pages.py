"""What every page that asks for a one-time code shares: whose code it is, one more code, and a refusal.

Which challenge a browser is answering is in a cookie that holds its random name and nothing else; how far it has come
is in the database, so that no step can be skipped by changing an address or a form.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from litestar import Response, get, post
from litestar.handlers import BaseRouteHandler

from app.access import keep_browser, own_cookie
from app.forms.base import Form, read_form
from app.forms.codes import CodeAnswers, SentCodeAnswers
from app.pages import go, page
from app.requests import PortalRequest
from identity.proofs.challenges import (
    CodeRefused,
    TooSoon,
    find_challenge,
    move_to_mark,
    refusal,
    was_proven,
)
from identity.proofs.codes import check_code, resend_code
from identity.proofs.guards import LONG, RESEND_AFTER
from identity.proofs.tables import Challenge, Purpose, Step
from notifications.country import country

COOKIE_LIFE = dt.timedelta(hours=1)
REPEATABLE = {"repeatable": True}
# A post of somebody who is not signed in, whose answer must not say by its time what it does not say in words.
EVEN = REPEATABLE | {"even": True}


@dataclass(frozen=True)
class CodePage:
    """One place where a code is asked for. `start` is where one begins again, `proven` where a right code has led.

    A code that is not sent is one of the authenticator, which always has six digits.
    """

    purpose: Purpose
    template: str
    start: str
    path: str
    proven: str
    is_sent: bool = True


Use = Callable[[PortalRequest, Challenge, str], Awaitable[Response[bytes]]]


def code_routes(
    asked: CodePage, use: Use | None = None, *, opt: Mapping[str, bool] = EVEN
) -> list[BaseRouteHandler]:
    """The routes of a code: its page, the answer, and one more code where it is sent.

    Without `use` a right code proves the challenge, and leads on.
    """

    @get(asked.path)
    async def show_code(request: PortalRequest) -> Response[bytes]:
        return await show_code_page(request, asked)

    @post(asked.path, opt=opt)
    async def answer_code(request: PortalRequest) -> Response[bytes]:
        return await take_code(request, asked, partial(use or partial(_prove, asked), request))

    @post(f"{asked.path}/again", opt=opt)
    async def ask_again(request: PortalRequest) -> Response[bytes]:
        return await send_again(request, asked)

    return [show_code, answer_code, ask_again] if asked.is_sent else [show_code, answer_code]


async def _prove(asked: CodePage, request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    await check_code(
        request.db,
        challenge_id=challenge.id,
        purpose=asked.purpose,
        code=code,
        browser=browser_mark(request),
        keys=request.keys,
        now=request.now,
    )
    return go(request, asked.proven)


def keep_challenge(
    request: PortalRequest, response: Response[bytes], challenge: Challenge
) -> Response[bytes]:
    name, seconds = challenge.purpose.value, int(COOKIE_LIFE.total_seconds())
    response.set_cookie(own_cookie(request, name, challenge.id, seconds))
    return response


def forget_challenge(request: PortalRequest, response: Response[bytes], purpose: Purpose) -> Response[bytes]:
    response.set_cookie(own_cookie(request, purpose.value, "", 0))
    return response


def browser_mark(request: PortalRequest) -> str:
    """What binds a challenge to this browser; somebody signed in may have lost the older mark to its age."""
    return request.browser or (request.visitor.token_hash if request.visitor else "")


async def current_challenge(request: PortalRequest, purpose: Purpose) -> Challenge | None:
    """The challenge that this browser is in the middle of."""
    return await find_challenge(
        request.db,
        challenge_id=request.mark(purpose.value),
        purpose=purpose,
        browser=browser_mark(request),
        keys=request.keys,
        now=request.now,
    )


async def show_code_page(
    request: PortalRequest,
    asked: CodePage,
    *,
    form: Form[CodeAnswers] | None = None,
    status: int = 200,
    keep: bool = False,
) -> Response[bytes]:
    """The page of the code, or the step before or after it when that is where this browser stands."""
    challenge = await current_challenge(request, asked.purpose)
    if challenge is None:
        return go(request, asked.start)
    if challenge.step != Step.STARTED:
        return go(request, asked.proven)
    if form is None:
        form = Form(CodeAnswers, request.lang)
        if (refused := refusal(challenge, request.now)) and refused.code in ("too_many", "wait_until"):
            form.refuse("code", refused.code, time=_again_at(challenge, request.now))
    return page(
        request,
        asked.template,
        status=status,
        keep=keep,
        form=form,
        reference=challenge.reference,
        again_at=_again_at(challenge, request.now),
        start=asked.start,
        challenge=challenge,
        is_long=asked.is_sent and challenge.digits == LONG,
    )


async def take_code(
    request: PortalRequest, asked: CodePage, use: Callable[[Challenge, str], Awaitable[Response[bytes]]]
) -> Response[bytes]:
    """Read the code and use it. A refused one is counted, and the page says what to do."""
    challenge = await current_challenge(request, asked.purpose)
    if challenge is None and await was_proven(request.db, request.mark(asked.purpose.value), now=request.now):
        # The same form, sent twice: by now the browser has the new mark that the page ahead asks for.
        return go(request, asked.proven)
    if challenge is None or challenge.step != Step.STARTED:
        return await show_code_page(request, asked)
    form: Form[CodeAnswers] = await read_form(request, SentCodeAnswers if asked.is_sent else CodeAnswers)
    if form.valid and asked.is_sent and len(form.data.code) != challenge.digits:
        # Not counted: it is no guess of this code.
        form.refuse("code", "not_eight_digits" if challenge.digits == LONG else "not_six_digits")
    if not form.valid:
        return await show_code_page(request, asked, form=form, status=422)
    try:
        return await renew_mark(request, await use(challenge, form.data.code))
    except CodeRefused as refused:
        form.refuse(
            "code", refused.code, tries_left=refused.tries_left, time=_again_at(challenge, request.now)
        )
        return await show_code_page(request, asked, form=form, status=422, keep=True)


async def renew_mark(request: PortalRequest, response: Response[bytes]) -> Response[bytes]:
    """After a proof: whoever left the mark in this browser, or copied it, must not go on beside its owner."""
    if not request.browser or (response.status_code or 200) >= 400:
        return response
    fresh = secrets.token_hex(16)
    await move_to_mark(
        request.db,
        challenge_ids=[mark for purpose in Purpose if (mark := request.mark(purpose.value))],
        old=request.browser,
        new=fresh,
        keys=request.keys,
    )
    request.scope["state"]["browser"] = fresh
    keep_browser(request, response)
    return response


async def send_again(request: PortalRequest, asked: CodePage) -> Response[bytes]:
    """One more code, if a minute has passed; the page says in every case from when on the next can be asked for."""
    challenge = await current_challenge(request, asked.purpose)
    if challenge is not None:
        with contextlib.suppress(TooSoon, CodeRefused):
            await resend_code(
                request.db,
                challenge_id=challenge.id,
                purpose=asked.purpose,
                browser=browser_mark(request),
                keys=request.keys,
                now=request.now,
            )
    return go(request, asked.path)


def _again_at(challenge: Challenge, now: dt.datetime) -> str | None:
    """The time of day, in the country, from which another code can be asked for; None when that is now."""
    opens = challenge.asked_at + RESEND_AFTER
    return f"{opens.astimezone(country().time_zone):%H:%M:%S}" if opens > now else None
