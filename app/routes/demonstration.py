"""The demonstration's back stage: the invented people, the officers with their current code, and what was sent."""

from __future__ import annotations

from typing import Any

import pyotp
from litestar import Response, get
from sqlmodel import col, select

from app.demo import newcomers, officers, people
from app.demo.models import NAME as MODEL
from app.demo.models import proposer
from app.demo.worlds import world
from app.i18n.locales import negotiate
from app.pages import HTML, page
from app.requests import PortalRequest
from identity.roles import Duty, may
from notifications.tables import DemonstrationMessage
from registry.centres.directory import centres_of
from registry.profiles import profile

MOST_MESSAGES = 200


@get("/demo", opt={"no_conversation": True})
async def choose_demonstration_language(request: PortalRequest) -> Response[bytes]:
    code = negotiate(request.headers.get("accept-language", ""))
    headers = {"location": f"/{code}/demo", "vary": "Accept-Language"}
    return Response(content=b"", status_code=303, headers=headers, media_type=HTML)


@get("/demo")
async def show_demonstration(request: PortalRequest) -> Response[bytes]:
    return page(
        request,
        "demonstration/index.html",
        characters=world().characters,
        officers=[_officer(request, officer) for officer in world().officers],
        messages=await _messages(request, 30),
        newcomer=world().newcomer,
        expected=await newcomers.pre_registration_of(request.db, world().newcomer),
        password=people.PASSWORD,
        staff_password=officers.PASSWORD,
        model_life=_model_life(request),
    )


def _model_life(request: PortalRequest) -> dict[str, Any] | None:
    """The draft that waits for two approvals, and who may give them; None in a country without an index."""
    if not profile().index:
        return None
    names = {officer.email: _name(request, officer) for officer in world().officers}
    by = proposer()
    return {
        "name": MODEL,
        "proposer": names[by.email],
        "approvers": [
            names[officer.email]
            for officer in world().officers
            if officer is not by and may(officer.role, Duty.APPROVE_MODELS)
        ],
    }


@get("/demo/people.json", opt={"no_conversation": True})
async def send_people() -> list[dict[str, Any]]:
    return [
        {
            "key": character.key,
            "story": character.story,
            "identifier": character.identifier,
            "document_kind": character.document,
            "document_number": character.document_number,
            "birth_date": character.born.isoformat(),
            "birth_precision": character.precision,
            "phone": character.phone,
            "name": " ".join((character.given[1], character.family[1])),
            "has_account": character.has_account,
            "password": people.PASSWORD if character.has_account else None,
        }
        for character in world().characters
    ]


@get("/demo/staff.json", opt={"no_conversation": True})
async def send_staff() -> list[dict[str, Any]]:
    return [
        {
            "email": officer.email,
            "password": officers.PASSWORD,
            "totp_secret": officer.totp_secret,
            "role": officer.role,
            "centre": centres_of(officer.province)[0].code,
            "name": officer.name_latin,
        }
        for officer in world().officers
    ]


@get("/demo/messages.json")
async def send_messages(request: PortalRequest) -> list[dict[str, Any]]:
    return [
        {
            "id": message.id,
            "channel": message.channel,
            "recipient": message.recipient,
            "language": message.language,
            "template": message.template,
            "subject": message.subject,
            "body": message.body,
            "created_at": message.created_at.isoformat(),
        }
        for message in await _messages(request, MOST_MESSAGES)
    ]


async def _messages(request: PortalRequest, limit: int) -> list[DemonstrationMessage]:
    newest = select(DemonstrationMessage).order_by(col(DemonstrationMessage.id).desc()).limit(limit)
    return list(await request.db.exec(newest))


def _officer(request: PortalRequest, officer: officers.Officer) -> dict[str, Any]:
    return {
        "email": officer.email,
        "name": _name(request, officer),
        "role": officer.role,
        "centre": centres_of(officer.province)[0].name(request.lang),
        "code": pyotp.TOTP(officer.totp_secret).at(request.now),
    }


def _name(request: PortalRequest, officer: officers.Officer) -> str:
    return officer.name_ar if request.lang == "ar" else officer.name_latin


OUTSIDE = [choose_demonstration_language, send_people, send_staff, send_messages]
HANDLERS = [show_demonstration]
