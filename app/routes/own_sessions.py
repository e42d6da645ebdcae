"""Where one is signed in, and ending what one does not know or has left open."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath

from app.pages import go, page
from app.requests import PortalRequest
from identity.account.own_sessions import end_other_sessions, end_own_session, own_sessions

SESSIONS: Final = "/account/sessions"


@get(SESSIONS)
async def show_sessions(request: PortalRequest) -> Response[bytes]:
    visitor = request.signed_in
    found = await own_sessions(
        request.db, account_id=visitor.own_account, here=visitor.token_hash, now=request.now
    )
    return page(request, "account/sessions.html", sessions=found)


@post(f"{SESSIONS}/end-others")
async def end_others(request: PortalRequest) -> Response[bytes]:
    visitor = request.signed_in
    await end_other_sessions(
        request.db, account_id=visitor.own_account, here=visitor.token_hash, now=request.now
    )
    return go(request, SESSIONS)


@post(f"{SESSIONS}/{{reference:str}}/end")
async def end_one(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """A session that is over already, or somebody else's, is simply not in the list that comes next."""
    await end_own_session(
        request.db, account_id=request.signed_in.own_account, reference=reference, now=request.now
    )
    return go(request, SESSIONS)


HANDLERS = [show_sessions, end_others, end_one]
