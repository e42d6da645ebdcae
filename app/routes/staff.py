"""The officers' door, and the queue of a centre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from litestar import Response, get, post

from app.access import keep_session
from app.code_pages import EVEN, renew_mark
from app.forms.base import Form, read_form
from app.forms.staff import StaffSignInAnswers
from app.i18n.catalogues import gettext
from app.i18n.variables import VARIABLES
from app.leaving import leave
from app.onward import onward
from app.pages import go, page
from app.requests import PortalRequest
from app.rights import Audience
from identity.roles import Duty, may
from identity.staff.sign_in import StaffSignInRefused, sign_in_staff
from registry.centres.directory import centres
from registry.centres.phone_bindings import WaitingBinding, waiting_bindings
from registry.dates import local_date
from registry.errors import NotFound
from registry.requests.reviews import QueueEntry, queue

QUEUE: Final = "/staff"
DOOR: Final = "/staff/sign-in"
FOR_OFFICERS = frozenset({Audience.STAFF})
TOO_MANY_TRIES = 429
REQUESTS_A_PAGE = 25


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A request as a line of the queue; `days` is how many are left, below zero how many it is late."""

    entry: QueueEntry
    line: str
    days: int


@get(DOOR)
async def show_staff_sign_in(request: PortalRequest) -> Response[bytes]:
    if request.visitor and request.visitor.is_staff:
        return go(request, _wanted(request))
    return _sign_in_page(request, Form(StaffSignInAnswers, request.lang))


@post(DOOR, opt=EVEN)
async def sign_in_officer(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, StaffSignInAnswers)
    if not form.valid:
        return _sign_in_page(request, form, status=422)
    try:
        signed_in = await sign_in_staff(
            request.db,
            email=form.data.email,
            password=form.data.password,
            totp=form.data.totp,
            browser=request.browser,
            address=request.client_address,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except StaffSignInRefused as refusal:
        form.refuse("email", f"staff_{refusal.code}", minutes=-(-refusal.seconds // 60))
        status = TOO_MANY_TRIES if refusal.code == "wait" else 422
        return _sign_in_page(request, form, status=status, keep=True)
    await leave(request)
    response = go(request, _wanted(request))
    keep_session(request, response, signed_in.token, of_staff=True)
    response.headers["clear-site-data"] = '"cache"'
    return await renew_mark(request, response)


def _wanted(request: PortalRequest) -> str:
    return onward(request.query_params.get("next"), fallback=QUEUE, to=FOR_OFFICERS)


def _sign_in_page(
    request: PortalRequest, form: Form[StaffSignInAnswers], *, status: int = 200, keep: bool = False
) -> Response[bytes]:
    """The code is never shown again: each is good once."""
    form.answers = {"email": form.typed("email")}
    return page(request, "staff/sign_in.html", status=status, keep=keep, form=form)


@get(QUEUE)
async def show_queue(request: PortalRequest) -> Response[bytes]:
    """The open requests of the centre, the oldest deadline first, a page at a time."""
    officer = request.signed_in
    after = _after(request)
    found: tuple[QueueEntry, ...] = ()
    may_read = officer.role is not None and may(officer.role, Duty.READ_REQUESTS)
    if may_read and officer.staff_id is not None:
        try:
            found = await queue(
                request.db,
                staff_id=officer.staff_id,
                after=after,
                limit=REQUESTS_A_PAGE + 1,
                now=request.now,
            )
        except NotFound:
            return go(request, QUEUE)
    shown = found[:REQUESTS_A_PAGE]
    return page(
        request,
        "staff/queue.html",
        may_read=may_read,
        may_read_models=officer.role is not None and may(officer.role, Duty.READ_MODELS),
        waiting=await _waiting(request),
        centre=centre_name(request),
        lines=[_line(entry, local_date(request.now), request.lang) for entry in shown],
        after=after,
        later=shown[-1].reference if len(found) > len(shown) else None,
    )


async def _waiting(request: PortalRequest) -> tuple[WaitingBinding, ...]:
    """What a colleague of the centre waits for: somebody stands at the desk, so it comes first."""
    officer = request.signed_in
    if officer.role is None or officer.staff_id is None or not may(officer.role, Duty.BIND_PHONES):
        return ()
    return await waiting_bindings(request.db, staff_id=officer.staff_id, now=request.now)


def _after(request: PortalRequest) -> str | None:
    after = request.query_params.get("after")
    return after if after and after.isprintable() else None


def _line(entry: QueueEntry, today: date, lang: str) -> QueueLine:
    line = gettext(lang, VARIABLES[entry.line_code]) if entry.line_code else ""
    return QueueLine(entry, line, (entry.due_on - today).days)


def centre_name(request: PortalRequest) -> object:
    """The officer's centre with the language of its name; None for a centre that is no longer in the list."""
    centre = centres().get(request.signed_in.centre_code or "")
    return centre.name(request.lang) if centre else None


HANDLERS = [show_staff_sign_in, sign_in_officer, show_queue]
