from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.db import Sessions
from notifications.outbox import Recipient
from notifications.providers.protocol import Accepted, Outgoing, Provider
from notifications.rendering import Portal
from notifications.sealing import Sealer
from notifications.tables import Channel
from notifications.worker import Worker


class Clock:
    """Time as the tests move it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now


class Collecting:
    """A provider in this process that takes everything and remembers it."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    async def send(self, outgoing: Outgoing) -> Accepted:
        self.taken.append(outgoing)
        return Accepted(f"taken-{len(self.taken)}")


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(bytes(range(32)))


@pytest.fixture
def portal() -> Portal:
    return Portal(domain="rsu.example.ma", hotline="0801234567", url="https://rsu.example.ma")


@pytest.fixture
def recipient() -> Recipient:
    return Recipient(
        person_id=7, phone="+212612345678", email="samira@example.ma", language="zgh", sms_language="ar"
    )


@pytest.fixture
def collecting() -> Collecting:
    return Collecting()


Hire = Callable[..., Worker]


@pytest.fixture
def hire(sessions: Sessions, portal: Portal, sealer: Sealer, clock: Clock) -> Hire:
    """Make a worker, for both channels or for those whose provider is given."""

    def make(both: Provider | None = None, **providers: Provider) -> Worker:
        by_channel = {Channel(name): provider for name, provider in providers.items()}
        if both is not None:
            by_channel = dict.fromkeys(Channel, both)
        return Worker(sessions=sessions, providers=by_channel, portal=portal, sealer=sealer, clock=clock)

    return make
