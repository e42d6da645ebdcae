"""Claiming through the national identity service: a page that explains, the way out, and the way back."""

from __future__ import annotations

from enum import StrEnum
from typing import cast
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.code_pages import REPEATABLE, keep_challenge
from app.forms.base import Form, read_form
from app.forms.codes import NoAnswers
from app.i18n.locales import negotiate
from app.pages import HTML, go, page
from app.requests import PortalRequest
from app.settings import RETURN_PATH
from identity.entering import national
from identity.openid.relying_party import NationalRegister, RelyingParty
from identity.people.population import Line, NothingProven, RegisterUnavailable

START = "/claim/national-identity"
REFUSED = f"{START}/refused"
TOO_MANY_TRIES = 429
# A code or a state of any service is shorter; what is longer was made by somebody else.
LONGEST_PARAMETER = 4096


class Why(StrEnum):
    """What a visitor is told when nothing was proven; the audit has the reason."""

    CANCELLED = "cancelled"
    DIFFERS = "differs"
    EXPIRED = "expired"
    INCOMPLETE = "incomplete"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


WHY_NOT_ADMITTED = {"differs": Why.DIFFERS, "incomplete": Why.INCOMPLETE, "deceased": Why.DIFFERS}


@get(START)
async def show_start(request: PortalRequest) -> Response[bytes]:
    return _start_page(request, reachable=await _party(request).is_reachable())


@post(START, opt=REPEATABLE)
async def leave_for_service(request: PortalRequest) -> Response[bytes]:
    """A page that moves on by itself: browsers hold a form's redirects to the addresses that a form may lead to."""
    party = _party(request)
    if request.visitor is not None:
        return go(request, "/account")
    form = await read_form(request, NoAnswers)
    if not form.valid:
        return _start_page(request, form=form, status=422)
    if not await party.is_reachable():
        return _start_page(request, reachable=False, status=503)
    try:
        departure = await national.start_departure(
            request.db,
            language=request.lang,
            browser=request.browser,
            address=request.client_address,
            keys=request.keys,
            now=request.now,
        )
    except national.TooManyDepartures:
        return _start_page(request, too_many=True, status=TOO_MANY_TRIES)
    address = await party.departure_address(departure)
    return page(request, "national/leaving.html", address=address, host=urlsplit(address).hostname)


def _start_page(
    request: PortalRequest,
    *,
    form: Form[NoAnswers] | None = None,
    reachable: bool = True,
    too_many: bool = False,
    status: int = 200,
) -> Response[bytes]:
    asked = form or Form(NoAnswers, request.lang)
    return page(
        request, "national/start.html", status=status, form=asked, reachable=reachable, too_many=too_many
    )


@get(RETURN_PATH)
async def come_back(request: PortalRequest) -> Response[bytes]:
    """Each step in a transaction of its own: none is open while the service is asked, however slow it is."""
    party = _party(request)
    try:
        returned = await _take_return(request)
    except national.NotAwaited:
        await _record_stray(request)
        return _refused(negotiate(request.headers.get("accept-language", "")), Why.EXPIRED)
    lang = returned.departure.language
    if _parameter(request, "error"):
        await _record_refusal(request, "service_error", returned)
        return _refused(lang, Why.CANCELLED)
    brought = returned.authorization(
        code=_parameter(request, "code"), issuer=_parameter(request, "iss") or None
    )
    try:
        line = await NationalRegister(party, request.db).match(brought)
    except NothingProven as refusal:
        await _record_refusal(request, refusal.reason, returned)
        return _refused(lang, Why.REFUSED)
    except RegisterUnavailable as failure:
        await _record_refusal(request, failure.reason, returned)
        return _refused(lang, Why.UNAVAILABLE)
    return await _admit(request, line, returned)


async def _take_return(request: PortalRequest) -> national.Return:
    """Used and committed before the service is asked, so that the same return counts once however often it is sent."""
    async with request.portal.writes() as db:
        returned = await national.take_return(
            db,
            state=_parameter(request, "state"),
            browser=request.browser,
            keys=request.keys,
            now=request.now,
        )
        await db.commit()
    return returned


async def _admit(request: PortalRequest, line: Line, returned: national.Return) -> Response[bytes]:
    lang = returned.departure.language
    async with request.portal.writes() as db:
        try:
            claim = await national.admit(
                db, line, returned=returned, browser=request.browser, keys=request.keys, now=request.now
            )
        except national.HasAccount:
            await db.commit()
            return _on(lang, "/sign-in?claimed=yes")
        except national.NotAdmitted as refusal:
            await _refuse_instead(db, request, refusal.code, returned)
            return _refused(lang, WHY_NOT_ADMITTED[refusal.code])
        except IntegrityError:
            # The same person came back in two browsers at once, and the other one was first.
            await _refuse_instead(db, request, "at_once", returned)
            return _refused(lang, Why.REFUSED)
        await db.commit()
    return keep_challenge(request, _on(lang, "/claim/account"), claim)


async def _refuse_instead(
    db: AsyncSession, request: PortalRequest, reason: str, returned: national.Return
) -> None:
    await db.rollback()
    await national.record_refusal(db, reason=reason, reference=returned.reference, now=request.now)
    await db.commit()


async def _record_refusal(request: PortalRequest, reason: str, returned: national.Return) -> None:
    async with request.portal.writes() as db:
        await national.record_refusal(db, reason=reason, reference=returned.reference, now=request.now)
        await db.commit()


async def _record_stray(request: PortalRequest) -> None:
    """Anybody can ask for this address, so what came from nowhere is written down as often as a way out may begin."""
    if not _parameter(request, "state"):
        return
    async with request.portal.writes() as db:
        await national.record_stray(db, address=request.client_address, keys=request.keys, now=request.now)
        await db.commit()


@get(REFUSED)
async def show_refusal(request: PortalRequest) -> Response[bytes]:
    _party(request)
    told = request.query_params.get("why", "")
    return page(request, "national/refused.html", why=told if told in set(Why) else Why.REFUSED)


def _party(request: PortalRequest) -> RelyingParty:
    """Without a service these addresses do not exist."""
    party = request.portal.national_identity
    if party is None:
        raise NotFoundException()
    return party


def _parameter(request: PortalRequest, name: str) -> str:
    """A parameter given once, of a length that can be true; of anything else, nothing."""
    values = cast("list[str]", request.query_params.getall(name, []))
    return values[0] if len(values) == 1 and len(values[0]) <= LONGEST_PARAMETER else ""


def _refused(lang: str, why: Why) -> Response[bytes]:
    return _on(lang, f"{REFUSED}?why={why}")


def _on(lang: str, path: str) -> Response[bytes]:
    """The way back has no language in its address: the one that the visitor left in goes on."""
    return Response(content=b"", status_code=303, headers={"location": f"/{lang}{path}"}, media_type=HTML)


HANDLERS = [show_start, leave_for_service, show_refusal]
OUTSIDE = [come_back]
