"""The door: who is signed in, who may pass, and proof that a form is ours."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from litestar import Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import ClientException, NotFoundException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from app.i18n.locales import LOCALES
from app.requests import PortalRequest, cookie_name
from app.rights import Audience, audience, route_name
from app.sensitive import as_one_of_two, sensitive_route
from app.visitors import VisitInProgress, Visitor
from identity import sessions
from identity.assurance import Missing, missing, staff_proof_missing
from identity.keys import is_one_of
from identity.people.register import display_name
from registry.centres import visits

BROWSER_DAYS = 30
NONCE_BYTES = 8
NONCE_ENDS = 2 * NONCE_BYTES
MAC_ENDS = NONCE_ENDS + 64
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
WATCHED = ("!/health", "!/ready")


class SignInNeeded(Exception):
    """The page is for somebody who is signed in; `staff` says through which door."""

    def __init__(self, *, staff: bool) -> None:
        super().__init__()
        self.staff = staff


class VisitNeeded(Exception):
    """An officer asked for a citizen's page, and no visit of that officer is open."""


class OnlyInPerson(Exception):
    """An officer asked for what a citizen does alone, visit or not."""


class ProofNeeded(Exception):
    """A sensitive act was asked for, and something has to be proven first; `path` is where one comes back to."""

    def __init__(self, missing: Missing, path: str) -> None:
        super().__init__()
        self.missing = missing
        self.path = path


class StaffProofNeeded(Exception):
    """An officer is about to act as one of two, and shows the authenticator again first; `path` is where one was."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path


class FormNotOurs(Exception):
    """A change was asked for without the token of this visitor's own page, or from another site."""


async def find_visitor(request: PortalRequest) -> Visitor | None:
    """The visitor of the session cookie; None for a token that we do not know or that has ended."""
    token = request.cookies.get(cookie_name("session", request.portal.settings))
    if not token:
        return None
    found = await sessions.find_session(request.db, token=token, now=request.now)
    if found is None:
        return None
    running = await _running_visit(request, found)
    visit = _visit_in_progress(running, request.lang) if running else None
    return Visitor(
        token_hash=found.token_hash,
        kind=found.kind,
        display_name=display_name(found, request.lang),
        ends_at=found.ends_at,
        idle_until=found.idle_until,
        proven_at=found.proven_at,
        second_proof=found.second_proof,
        second_at=found.second_at,
        phone_hold_until=found.phone_hold_until,
        account_id=found.account_id,
        person_id=visit.running.person.person_id if visit else found.person_id,
        identifier=visit.running.person.identifier if visit else found.identifier,
        unread=found.unread,
        staff_id=found.staff_id,
        role=found.role,
        centre_code=found.centre_code,
        visit=visit,
    )


async def _running_visit(request: PortalRequest, found: sessions.FoundSession) -> visits.RunningVisit | None:
    if found.visit_id is None or found.staff_id is None:
        return None
    return await visits.running_visit(
        request.db, visit_id=found.visit_id, staff_id=found.staff_id, now=request.now
    )


def _visit_in_progress(running: visits.RunningVisit, lang: str) -> VisitInProgress:
    return VisitInProgress(
        running=running,
        person_name=display_name(running.person, lang),
        ends_at=running.ends_at,
    )


async def allow(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let the visitor pass when the rights table says so.

    Raises `SignInNeeded`, `PermissionDeniedException`, or `NotFoundException` for what does not exist here.
    """
    request = connection if isinstance(connection, PortalRequest) else PortalRequest(connection.scope)
    # No name has a NUL in it, and PostgreSQL takes none.
    if request.path_params.get("language", "ar") not in LOCALES or "\0" in request.scope["path"]:
        raise NotFoundException()
    _check_host(request)
    visitor, settings = request.visitor, request.portal.settings
    match audience(request.scope["path_template"], request.method):
        case Audience.EVERYBODY:
            return
        case Audience.DEMONSTRATION:
            if not settings.demonstration:
                raise NotFoundException()
        case Audience.STAFF_DOOR:
            _check_network(request)
        case Audience.STAFF:
            _allow_officer(request)
        case Audience.CITIZEN:
            _allow_citizen(request)
            _check_proof(request)
        case Audience.CITIZEN_ALONE:
            _allow_citizen_alone(visitor)
            _check_proof(request)


def _check_host(request: PortalRequest) -> None:
    """In production the portal answers under its public name alone; only who watches it asks by an address.

    Raises `ClientException`.
    """
    settings = request.portal.settings
    if settings.demonstration or route_name(request.scope["path_template"]) in WATCHED:
        return
    names = [value.decode("latin-1").lower() for name, value in request.scope["headers"] if name == b"host"]
    if len(names) != 1 or names[0] not in settings.hosts:
        raise ClientException()


def _allow_officer(request: PortalRequest) -> None:
    if request.visitor is None or not request.visitor.is_staff:
        raise SignInNeeded(staff=True)
    _check_network(request)
    if as_one_of_two(request.scope["path_template"], request.method) and staff_proof_missing(
        request.visitor, now=request.now
    ):
        raise StaffProofNeeded(request.path_in_language)


def _allow_citizen(request: PortalRequest) -> None:
    if request.visitor is None:
        raise SignInNeeded(staff=False)
    if request.visitor.is_staff:
        _check_network(request)
    if request.visitor.person_id is None:
        raise VisitNeeded


def _allow_citizen_alone(visitor: Visitor | None) -> None:
    if visitor is None:
        raise SignInNeeded(staff=False)
    if visitor.is_staff:
        raise OnlyInPerson


def _check_proof(request: PortalRequest) -> None:
    """Raises `ProofNeeded`. An officer in a visit answers for who is there, and proves it by the visit's own code."""
    visitor, sensitive = request.signed_in, sensitive_route(request.scope["path_template"], request.method)
    if sensitive is None or visitor.is_staff:
        return
    if lacking := missing(sensitive.act, visitor, now=request.now):
        raise ProofNeeded(lacking, sensitive.back or request.path_in_language)


def _check_network(request: PortalRequest) -> None:
    """Raises `PermissionDeniedException` for an address from which officers do not work."""
    networks = request.portal.settings.staff_networks
    if networks and not _is_in(request.client_address, networks):
        raise PermissionDeniedException()


def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    try:
        return any(ip_address(address) in ip_network(network) for network in networks)
    except ValueError:  # What a proxy wrote is no address.
        return False


def form_token(request: PortalRequest, bound_to: str) -> str:
    """A token that only this session (or, before sign-in, this browser) can send back.

    A fresh nonce in each page keeps a compressed answer from revealing it byte by byte.
    """
    nonce = secrets.token_hex(NONCE_BYTES)
    return nonce + _macs(request, nonce, bound_to)[0] + _visit_macs(request, nonce)[0]


def check_form_token(request: PortalRequest, token: str) -> None:
    """Raises `FormNotOurs` for a post from elsewhere."""
    if not _is_from_here(request):
        raise FormNotOurs
    nonce, mac, of_visit = token[:NONCE_ENDS], token[NONCE_ENDS:MAC_ENDS], token[MAC_ENDS:]
    if not is_one_of(mac, _macs(request, nonce, bound_to(request))):
        raise FormNotOurs
    about_somebody = audience(request.scope["path_template"], request.method) is Audience.CITIZEN
    if about_somebody and not is_one_of(of_visit, _visit_macs(request, nonce)):
        raise FormNotOurs


def is_form_of(request: PortalRequest, token: object, token_hash: str) -> bool:
    """Whether a page of this session, which may be over, made the token, and the post comes from our own site."""
    if not isinstance(token, str) or not _is_from_here(request):
        return False
    return is_one_of(token[NONCE_ENDS:], _macs(request, token[:NONCE_ENDS], token_hash))


def bound_to(request: PortalRequest) -> str:
    return request.visitor.token_hash if request.visitor else request.browser


def _visit_macs(request: PortalRequest, nonce: str) -> list[str]:
    """A page of one person, left open in another window, must not be sent during the visit of the next."""
    visit = request.visitor.visit if request.visitor else None
    return _macs(request, nonce, f"visit {visit.running.visit_id}") if visit else [""]


def _is_from_here(request: PortalRequest) -> bool:
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    return site in ("same-origin", "none") and (not origin or _own_origin(request, origin))


def _own_origin(request: PortalRequest, origin: str) -> bool:
    settings = request.portal.settings
    if origin == settings.public_url:
        return True
    # A demonstration is opened under any name of the machine; production only under its public address.
    return settings.demonstration and origin == f"http://{request.headers.get('host', '')}"


def _macs(request: PortalRequest, nonce: str, bound: str) -> list[str]:
    """Under each secret that is known; pages that are made now have the first."""
    message = f"{nonce}:{bound}".encode()
    return [hmac.new(secret.csrf, message, hashlib.sha256).hexdigest() for secret in request.keys.presented]


def keep_browser(request: PortalRequest, response: Response[bytes]) -> None:
    """Mark the browser of somebody who is about to fill in a form; a reader gets no cookie at all."""
    response.set_cookie(
        own_cookie(request, "browser", request.scope["state"]["browser"], BROWSER_DAYS * 86400)
    )


def keep_session(
    request: PortalRequest, response: Response[bytes], token: str, *, of_staff: bool = False
) -> None:
    """Sign the browser in. An officer never comes in from a link of another site, a citizen from a message may."""
    cookie = own_cookie(request, "session", token, None)
    response.set_cookie(replace(cookie, samesite="strict") if of_staff else cookie)


def forget_session(request: PortalRequest, response: Response[bytes]) -> None:
    response.set_cookie(own_cookie(request, "session", "", 0))
    response.headers["clear-site-data"] = '"cache", "storage"'


def own_cookie(request: PortalRequest, name: str, value: str, max_age: int | None) -> Cookie:
    settings = request.portal.settings
    return Cookie(
        key=cookie_name(name, settings),
        value=value,
        max_age=max_age,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
