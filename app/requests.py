"""A request as the handlers of the portal see it: who asks, in which language, on which database session."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.enums import RequestEncodingType
from litestar.types import Empty
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import give_back
from app.i18n.locales import DEFAULT_LOCALE, LOCALES, Locale
from app.settings import Settings
from app.visitors import Visitor
from identity.devices import device_name
from identity.keys import Keys
from identity.openid.relying_party import RelyingParty
from identity.people.population import EmbeddedRegister, RegisterOf
from identity.proofs.passwords import PasswordHasher
from registry.model_life.shelf import Shelf

# What `secrets.token_hex(16)` makes: browsers and challenges are known by it.
MARK = re.compile(r"[0-9a-f]{32}")


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Portal:
    """What was put together at the start, and every request shares.

    A request that may change something has its session from `changes`, which keeps no other writer waiting before it
    writes itself; what runs beside the pages has it from `writes`.
    """

    settings: Settings
    engine: AsyncEngine
    reading: AsyncEngine
    reads: async_sessionmaker[AsyncSession]
    writes: async_sessionmaker[AsyncSession]
    changes: async_sessionmaker[AsyncSession]
    keys: Keys
    hasher: PasswordHasher
    clock: Callable[[], dt.datetime] = utc_now
    register: RegisterOf = EmbeddedRegister
    national_identity: RelyingParty | None = None
    shelf: Shelf = field(default_factory=Shelf)


class PortalRequest(Request[Any, Any, Any]):
    """One citizen's or officer's request. `db` is one transaction that the middleware settles."""

    @property
    def portal(self) -> Portal:
        return cast(Portal, self.app.state.portal)

    async def form(self) -> FormMultiDict:
        """The form, read anew: Litestar would keep the last thousand bodies in memory, passwords included."""
        if self._form is Empty and self.content_type[0] == RequestEncodingType.URL_ENCODED:
            body = (await self.body()).decode("utf-8", "replace")
            self._form = FormMultiDict(parse_qsl(body, keep_blank_values=True))
        return await super().form()

    @property
    def db(self) -> AsyncSession:
        return cast(AsyncSession, self.scope["state"]["db"])

    @property
    def visitor(self) -> Visitor | None:
        return cast("Visitor | None", self.scope["state"].get("visitor"))

    @property
    def signed_in(self) -> Visitor:
        """The visitor of a route that the rights table keeps for people who are signed in."""
        visitor = self.visitor
        if visitor is None:
            raise LookupError("The rights table let an anonymous visitor reach a page of an account.")
        return visitor

    @property
    def now(self) -> dt.datetime:
        return cast(dt.datetime, self.scope["state"]["now"])

    @property
    def keys(self) -> Keys:
        return self.portal.keys

    @property
    def hasher(self) -> PasswordHasher:
        """For this request: while it waits to be let through the gate, others have its connection.

        The key of a form that hashes (`opt=HASHES`) is asked right afterwards. Raises TurnHeld for a handler that has
        written before it hashes.
        """
        return self.portal.hasher.between(partial(give_back, self.db), self.scope["state"]["hashed"])

    @property
    def lang(self) -> str:
        return language_of(self.scope["path"])

    @property
    def locale(self) -> Locale:
        return LOCALES[self.lang]

    @property
    def path_in_language(self) -> str:
        """The path after the language: the same page in another language has the same one."""
        return path_after_language(self.scope["path"])

    @property
    def browser(self) -> str:
        """The random mark of this browser that binds codes to it; empty before the first form."""
        return self.mark("browser")

    def mark(self, name: str) -> str:
        """A random mark that we gave as a cookie; empty when the cookie holds what no table has a place for."""
        value = self.cookies.get(cookie_name(name, self.portal.settings), "")
        return value if MARK.fullmatch(value) else ""

    @property
    def device(self) -> str:
        """Roughly what the browser says it is, for its owner's list of sessions."""
        return device_name(self.headers.get("user-agent", ""))

    @property
    def client_address(self) -> str:
        """The visitor's address, read past as many proxies of our own as the operator declared, never further."""
        hops = self.portal.settings.trusted_proxies
        if hops:
            forwarded = [
                part.strip() for part in self.headers.get("x-forwarded-for", "").split(",") if part.strip()
            ]
            if len(forwarded) >= hops:
                return forwarded[-hops]
        return self.client.host if self.client else "unknown"


def cookie_name(name: str, settings: Settings) -> str:
    """`__Host-` cookies exist under https only; a demonstration on plain http has no use for them."""
    return f"__Host-{name}" if settings.secure else name


def language_of(path: str) -> str:
    code = path.split("/", 2)[1] if path.count("/") else ""
    return code if code in LOCALES else DEFAULT_LOCALE


def path_after_language(path: str) -> str:
    parts = path.split("/", 2)
    if len(parts) > 1 and parts[1] in LOCALES:
        return "/" + (parts[2] if len(parts) > 2 else "")
    return "/"
