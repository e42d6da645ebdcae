"""A whole portal for the tests of its pages: on both databases, with a clock that the test sets.

portal    what was put together, on a fresh database; its hashes are cheap, its clock is `clock`
clock     the moment it is for the portal: `clock.advance(minutes=5)`
app       the portal as an application
browser_of  a function that opens another browser: `browser_of("ar")`
visitor   one browser in French
register  a function that writes a person into the population register
town      one of everything, in the database of the portal; `visitors` opens browsers for its people, `rewound` brings
          the database back to what it was, `scenes` stands before every form of the site map in turn
messages  what the demonstration's provider sent; asking delivers what waits: `await messages.code_to(phone)`
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest
from litestar import Litestar
from sqlmodel import col, select

from app.main import create_app, create_portal
from app.requests import Portal
from app.settings import Mode, Settings
from identity.people.number_rules import check_digit
from identity.people.tables import DocumentKind, Gender, Person
from identity.proofs import codes
from identity.proofs.passwords import PasswordHasher
from notifications.providers.demonstration import DemonstrationProvider
from notifications.rendering import Portal as Speaker
from notifications.tables import Channel, DemonstrationMessage
from notifications.worker import Worker, deliver_once
from tests.app.headers import noting_codes
from tests.app.pages import PageBrowser
from tests.app.rewinding import Rewinding, rewinding
from tests.app.scenes import Scenes, every_scene
from tests.app.standing import Visitors
from tests.app.town import Town, build_town
from tests.identity.national_service import Service

SENT_CODE = re.compile(r"\b[0-9]{6}(?:[0-9]{2})?\b")


@dataclass
class Clock:
    now: dt.datetime

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **length: float) -> None:
        self.now += dt.timedelta(**length)


@dataclass(frozen=True)
class Messages:
    portal: Portal
    worker: Worker

    async def to(self, address: str) -> list[DemonstrationMessage]:
        """What one address received, newest first."""
        for channel in Channel:
            while await deliver_once(self.worker, channel):
                pass
        async with self.portal.reads() as session:
            received = select(DemonstrationMessage).where(DemonstrationMessage.recipient == address)
            return list(await session.exec(received.order_by(col(DemonstrationMessage.id).desc())))

    async def code_to(self, address: str) -> str:
        """The code in the newest message that brings one."""
        codes = [message.body for message in await self.to(address) if message.template.endswith("_code")]
        found = SENT_CODE.search(codes[0])
        assert found is not None
        return found.group()


@dataclass(frozen=True)
class Register:
    portal: Portal
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def __call__(self, **facts: Any) -> Person:
        n = next(self.numbers)
        usual = {
            "identifier": f"{n:09}{check_digit(f'{n:09}')}",
            "document_kind": DocumentKind.NATIONAL_CARD,
            "document_number": f"AB{n:06}",
            "given_name_ar": "فاطمة",
            "family_name_ar": "بناني",
            "given_name_latin": "Fatima",
            "family_name_latin": "Bennani",
            "birth_date": dt.date(1984, 3, 27),
            "gender": Gender.FEMALE,
            "phone": f"+2126123{n:05}",
        }
        person = Person(**(usual | facts))
        async with self.portal.writes() as session, session.begin():
            session.add(person)
        return person


@pytest.fixture
def clock(now: dt.datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def service(clock: Clock) -> Service:
    """The national identity service that the portal of the tests works with."""
    return Service(clock)


def settings(database: str, data: Path) -> Settings:
    return Settings(
        mode=Mode.DEMONSTRATION,
        data_dir=data,
        database_url=database,
        public_url="http://127.0.0.1:8000",
        secret=b"a secret of the tests, long enough",
    )


@pytest.fixture
async def portal(
    database: str, clock: Clock, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Portal]:
    monkeypatch.setattr(codes, "notify", noting_codes(codes.notify))
    made = create_portal(settings(database, tmp_path))
    quick = PasswordHasher(made.keys, memory_kib=8, passes=1)
    yield replace(made, clock=clock, hasher=quick, national_identity=service.party())
    await made.engine.dispose()


@pytest.fixture(scope="session")
def application() -> Litestar:
    """Put together once, which takes longer than most tests: it holds nothing of a portal but the portal."""
    return create_app(create_portal(settings("sqlite:///never opened", Path())))


@pytest.fixture
def app(application: Litestar, portal: Portal) -> Litestar:
    application.state.portal = portal
    return application


class BrowserOf(Protocol):
    def __call__(self, lang: str = "fr", address: str = "192.0.2.10") -> PageBrowser: ...


@pytest.fixture
async def browser_of(app: Litestar) -> AsyncIterator[BrowserOf]:
    opened: list[PageBrowser] = []

    def another(lang: str = "fr", address: str = "192.0.2.10") -> PageBrowser:
        opened.append(PageBrowser(app, lang=lang, address=address))
        return opened[-1]

    yield another
    for browser in opened:
        await browser.close()


@pytest.fixture
def visitor(browser_of: BrowserOf) -> PageBrowser:
    return browser_of()


@pytest.fixture
def register(portal: Portal) -> Register:
    return Register(portal)


@pytest.fixture
def messages(portal: Portal, clock: Clock) -> Messages:
    settings = portal.settings
    provider = DemonstrationProvider(portal.writes, clock)
    worker = Worker(
        sessions=portal.writes,
        providers=dict.fromkeys(Channel, provider),
        portal=Speaker(domain=settings.domain, hotline=settings.hotline, url=settings.public_url),
        sealer=portal.keys.sealer,
        clock=clock,
    )
    return Messages(portal, worker)


@pytest.fixture
async def town(portal: Portal) -> Town:
    return await build_town(portal)


@pytest.fixture
async def rewound(database: str, town: Town) -> AsyncIterator[Rewinding]:
    async with rewinding(database) as found:
        yield found


@pytest.fixture
def visitors(app: Litestar, portal: Portal, town: Town) -> Visitors:
    return Visitors(app, portal, town)


@pytest.fixture
async def scenes(visitors: Visitors, rewound: Rewinding) -> Scenes:
    return every_scene(visitors, rewound)
