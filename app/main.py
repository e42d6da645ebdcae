"""The one place where the portal is put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, cast

from litestar import Litestar, Router
from litestar.datastructures import MutableScopeHeaders, State
from litestar.handlers import BaseRouteHandler
from litestar.types import BeforeRequestHookHandler, Message, Scope

from app.access import allow
from app.conversation import Conversation, receive_form
from app.db import create_engine, reading_engine, session_factory
from app.demo.presence import refuse_invented_people
from app.errors import EXCEPTION_HANDLERS
from app.requests import Portal, PortalRequest, utc_now
from app.rights import check_rights
from app.routes import (
    DEMONSTRATION_IN_EACH_LANGUAGE,
    DEMONSTRATION_OUTSIDE_LANGUAGES,
    IN_EACH_LANGUAGE,
    OF_AN_INDEX,
    OUTSIDE_LANGUAGES,
)
from app.secret_check import refuse_without_secrets
from app.sensitive import check_sensitive
from app.settings import Settings
from identity.keys import Keys
from identity.openid.relying_party import RelyingParty
from identity.people.number_rules import number_rules
from identity.proofs.passwords import PasswordHasher
from notifications.country import country
from notifications.rendering import load_texts
from registry.profiles import profile, use_profile

Beside = Callable[[Portal], AbstractAsyncContextManager[None]]
LARGEST_FORM = 256 * 1024
MOST_PARTS = 100

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains; preload"
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: browsers would then send our own forms with `Origin: null`.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
    "x-robots-tag": "noindex",
}
# A file under /static/ is no page: it loads nothing, and every byte of a first visit is somebody's prepaid data.
FILE_HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def create_portal(settings: Settings) -> Portal:
    """Take up the country, connect the portal to its database and keys; nothing is read from the environment here.

    Raises `BadTemplate` when a message lacks a text in some language, `BadRules` when the country lacks its numbers.
    """
    use_profile(settings.profile)
    number_rules()
    load_texts(of=country())
    engine = create_engine(settings.database_url)
    reading = reading_engine(engine)
    keys = Keys.from_secret(settings.secret)
    return Portal(
        settings=settings,
        engine=engine,
        reading=reading,
        reads=session_factory(reading, writing=False),
        writes=session_factory(engine),
        changes=session_factory(engine, late=True),
        keys=keys,
        hasher=PasswordHasher(keys),
        national_identity=RelyingParty(settings.openid, clock=utc_now) if settings.openid else None,
    )


def create_app(portal: Portal, *, beside: Sequence[Beside] = ()) -> Litestar:
    """The portal as an ASGI application; what runs `beside` it begins and ends with it.

    Raises `RightsMissing` when a route is not in the rights table.
    """

    @asynccontextmanager
    async def all_together(_: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(portal.engine.dispose)
            stack.push_async_callback(portal.reading.dispose)
            if portal.national_identity:
                stack.push_async_callback(portal.national_identity.close)
            await refuse_invented_people(portal)
            await refuse_without_secrets(portal.writes, portal.keys, portal.clock())
            for context in beside:
                await stack.enter_async_context(context(portal))
            yield

    app = Litestar(
        route_handlers=_site_map(demonstration=portal.settings.demonstration),
        request_class=PortalRequest,
        middleware=[Conversation()],
        guards=[allow],
        before_request=cast(BeforeRequestHookHandler, receive_form),
        before_send=[_safe_headers(portal.settings)],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=[all_together],
        state=State({"portal": portal}),
        request_max_body_size=LARGEST_FORM,
        multipart_form_part_limit=MOST_PARTS,
        openapi_config=None,
        logging_config=None,
    )
    check_rights(app, demonstration=portal.settings.demonstration, index=profile().index)
    check_sensitive()
    return app


def _site_map(*, demonstration: bool) -> list[BaseRouteHandler | Router]:
    outside, in_each = list(OUTSIDE_LANGUAGES), list(IN_EACH_LANGUAGE)
    if demonstration:
        outside += DEMONSTRATION_OUTSIDE_LANGUAGES
        in_each += DEMONSTRATION_IN_EACH_LANGUAGE
    if profile().index:
        in_each += OF_AN_INDEX
    return [*outside, Router(path="/{language:str}", route_handlers=list(in_each))]


def _safe_headers(settings: Settings) -> Any:
    """Headers of every answer, errors and files included."""
    transport = {"strict-transport-security": STRICT_TRANSPORT} if settings.secure else {}
    of_pages, of_files = HEADERS | transport, FILE_HEADERS | transport

    async def add_headers(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        is_file = scope["path"].startswith("/static/")
        for name, value in (of_files if is_file else of_pages).items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        headers.setdefault("vary", "Cookie, HX-Request")

    return add_headers
