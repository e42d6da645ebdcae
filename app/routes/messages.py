"""The inbox: everything that the person was told, newest first."""

from __future__ import annotations

from litestar import Response, get, post

from app.forms.base import Answers, read_form
from app.pages import go, page
from app.places_in_lists import number_at, place_of
from app.requests import PortalRequest
from notifications.outbox import InboxMessage, inbox, mark_read
from notifications.references import apart_from_words

INBOX = "/messages"
MESSAGES_A_PAGE = 20
PLACE_IN_INBOX = "place in the inbox"


class ReadAnswers(Answers):
    """`until` is the newest message that the page showed."""

    until: str


@get(INBOX)
async def show_messages(request: PortalRequest) -> Response[bytes]:
    """A page of messages, after the place that the address names. Looking at it marks nothing as read."""
    before = request.query_params.get("before")
    found = await inbox(
        request.db,
        person_id=request.signed_in.citizen_id,
        language=request.lang,
        before_id=_message_id(request, before) if before else None,
        limit=MESSAGES_A_PAGE + 1,
    )
    shown = found[:MESSAGES_A_PAGE]
    return page(
        request,
        "messages/index.html",
        messages=[(message, _paragraphs(message)) for message in shown],
        older=_place(request, shown[-1].id) if len(found) > MESSAGES_A_PAGE else None,
        is_first_page=before is None,
        until=_place(request, shown[0].id) if any(message.read_at is None for message in shown) else None,
    )


@post(f"{INBOX}/read")
async def mark_as_read(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, ReadAnswers)
    if form.valid:
        await mark_read(
            request.db,
            person_id=request.signed_in.citizen_id,
            up_to_id=_message_id(request, form.data.until),
            now=request.now,
        )
    return go(request, INBOX)


def _paragraphs(message: InboxMessage) -> list[list[str]]:
    return [apart_from_words(paragraph) for paragraph in message.body.split("\n\n")]


def _place(request: PortalRequest, message_id: int) -> str:
    return place_of(request, message_id, _context(request))


def _message_id(request: PortalRequest, place: str) -> int:
    return number_at(request, place, _context(request))


def _context(request: PortalRequest) -> str:
    return f"{PLACE_IN_INBOX}:{request.signed_in.citizen_id}"


HANDLERS = [show_messages, mark_as_read]
