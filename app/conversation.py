"""One transaction a request: opened here, settled here before the answer leaves."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial

from litestar import Response
from litestar.datastructures import FormMultiDict
from litestar.enums import ScopeType
from litestar.exceptions import ClientException, HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as DatabaseBusy

from app.access import SAFE_METHODS, FormNotOurs, check_form_token, find_visitor
from app.alarms import Alarm
from app.errors import failure_page, without_values
from app.kept_answers import seal_answers
from app.pages import go
from app.posts import (
    KEY_FIELD,
    LONGEST_KEY,
    TOKEN_FIELD,
    AnsweredBefore,
    answer_to_old_token,
    earlier_answer,
    remember_answer,
)
from app.requests import PortalRequest, cookie_name
from app.rights import Audience, audience
from app.visitors import TOUCH_AFTER
from identity import sessions
from registry.centres import visits

# A photograph of 5 MB over the slowest network that telephones still fall back to.
BODY_SECONDS = 300
REQUEST_TIMEOUT = 408
# A form for which a secret is hashed: nothing is written before, the key of the form included.
HASHES = {"hashes": True}
log = logging.getLogger("tiwizi")
ANSWER_TOOK_LONGER = Alarm("answer_took_longer")


class Conversation(ASGIMiddleware):
    """Gives every request its database session, its moment and its visitor."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "no_conversation"

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request = PortalRequest(scope, receive)
        portal, state = request.portal, scope["state"]
        await _receive_body(request)
        writing = request.method not in SAFE_METHODS or scope["route_handler"].opt.get("writes", False)
        async with (portal.changes if writing else portal.reads)() as db:
            state["db"], state["now"], state["begun"] = db, portal.clock(), time.monotonic()
            state["hashed"] = partial(_ask_after_hashing, request)
            await portal.shelf.open(db)
            state["visitor"] = await find_visitor(request)
            if state["visitor"]:
                await _record_read(request)
            else:
                state["kept_answers"] = await seal_answers(request)
                state["led_to"] = await _led_to(request)
            await next_app(scope, receive, _settling(request, send))
        # Only now: on SQLite the request's own transaction would keep this one waiting.
        if state["visitor"]:
            await _touch(request)


async def _receive_body(request: PortalRequest) -> None:
    """Read a form before a transaction opens: whoever sends slowly, or stops halfway, then holds nothing."""
    if request.method in SAFE_METHODS:
        return
    try:
        async with asyncio.timeout(BODY_SECONDS):
            await _sent(request)
    except TimeoutError:
        raise HTTPException(status_code=REQUEST_TIMEOUT) from None


def _settling(request: PortalRequest, send: Send) -> Send:
    """Commit before the first byte of a success, so that nothing is acknowledged that does not exist."""
    failed = False

    async def settle_then_send(message: Message) -> None:
        nonlocal failed
        if failed:
            return
        if message["type"] == "http.response.start":
            try:
                await _settle(request, message["status"])
                await _wait_for_the_others(request)
            except Exception as error:
                failed = True
                log.error(
                    "commit failed on %s", request.scope["path_template"], exc_info=without_values(error)
                )
                await request.db.rollback()
                response = failure_page(request, 503).to_asgi_response(app=None, request=request)
                await response(request.scope, request.receive, send)
                return
        await send(message)

    return settle_then_send


async def _settle(request: PortalRequest, status: int) -> None:
    state = request.scope["state"]
    if status >= 400 and not state.get("keep"):
        await request.db.rollback()
        return
    if "key" in state and "location" in state and not state.get("asked"):
        raise LookupError(
            f"{request.scope['path_template']} never asked whether its form was answered before"
        )
    if "post" in state and "location" in state:
        await remember_answer(request.db, state["post"], state["location"])
    await request.db.commit()


async def _wait_for_the_others(request: PortalRequest) -> None:
    """Answers that must not tell two outcomes apart leave after the same time, with no connection in their hands."""
    shortest = request.portal.settings.shortest_answer.total_seconds()
    if not shortest or not request.scope["route_handler"].opt.get("even"):
        return
    taken = time.monotonic() - request.scope["state"]["begun"]
    if taken > shortest:
        ANSWER_TOOK_LONGER.raise_for(request.scope["path_template"])
        return
    await asyncio.sleep(shortest - taken)


async def _touch(request: PortalRequest) -> None:
    """Any request counts as activity; written at most once a minute, and never by reviving what has ended."""
    visitor = request.signed_in
    if visitor.idle_until - request.now > sessions.idle_time(visitor.kind) - TOUCH_AFTER:
        return
    try:
        async with request.portal.writes() as db:
            await sessions.touch_session(db, token_hash=visitor.token_hash, now=request.now)
            await db.commit()
    except (DBAPIError, DatabaseBusy, OSError):
        # The answer has left already; the next request of this session notes its activity.
        log.warning("activity not noted: the database is busy")


async def _record_read(request: PortalRequest) -> None:
    """An officer's look at a person's page is on the record before the page is made, or there is no page."""
    visitor = request.signed_in
    of_a_file = audience(request.scope["path_template"], request.method) is Audience.CITIZEN
    if visitor.visit is None or not of_a_file or request.method not in SAFE_METHODS:
        return
    async with request.portal.writes() as db:
        await visits.record_read(
            db, visit=visitor.visit.running, page=request.path_in_language, now=request.now
        )
        await db.commit()


async def _led_to(request: PortalRequest) -> str | None:
    """Where a form led whose answer gave the session another token than the one that it comes with again."""
    token = request.cookies.get(cookie_name("session", request.portal.settings))
    if request.method in SAFE_METHODS or not token:
        return None
    key = _one((await _sent(request)).get(KEY_FIELD))
    location = await answer_to_old_token(request, actor=sessions.hash_token(token), key=key)
    return _in_any_language(location) if location else None


def _in_any_language(location: str) -> str:
    return "/" + location.split("/", 2)[2]


async def receive_form(request: PortalRequest) -> Response[bytes] | None:
    """Before a changing handler: the form must be ours, and is answered once."""
    if request.method in SAFE_METHODS:
        return None
    form = await _sent(request)
    check_form_token(request, _one(form.get(TOKEN_FIELD)))
    key = _one(form.get(KEY_FIELD))
    if request.route_handler.opt.get("repeatable"):
        return None
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise FormNotOurs
    request.scope["state"]["key"] = key
    asks_later = request.route_handler.opt.keys() & {"slow", "hashes"}
    return None if asks_later else await answered_before(request)


async def answered_before(request: PortalRequest) -> Response[bytes] | None:
    """Where the first post of this form led; None for the first, which is written down.

    Asked for every form before its handler, unless that has slow work to do, because from then on other writers wait:
    `opt={"slow": True}` asks by itself once its work is done, `opt=HASHES` is asked as soon as a secret is hashed, and
    asks by itself where it leads on without.
    """
    state = request.scope["state"]
    if state.get("asked"):
        return None
    actor = request.visitor.token_hash if request.visitor else request.browser
    location = await earlier_answer(request, actor=actor, key=state["key"])
    state["asked"] = True
    return go(request, _in_any_language(location)) if location else None


async def _ask_after_hashing(request: PortalRequest) -> None:
    """Raises AnsweredBefore."""
    if "key" in request.scope["state"] and (earlier := await answered_before(request)):
        raise AnsweredBefore(earlier)


async def _sent(request: PortalRequest) -> FormMultiDict:
    """The form of the post. Raises `ClientException` when its parts are not the text that they say they are."""
    try:
        return await request.form()
    except (UnicodeError, LookupError):
        raise ClientException from None


def _one(value: object) -> str:
    return value if isinstance(value, str) else ""
