"""What the tests of the worker share: something to send, a provider that fails, a look at the outbox."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlmodel import col, select

from app.db import Sessions
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.providers.protocol import Accepted, Outgoing
from notifications.sealing import Sealer
from notifications.tables import Delivery

PHONE = Recipient(person_id=7, phone="+212612345678", email=None, language="ar", sms_language="ar")


class Failing:
    """A provider that raises what it is given."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.asked: list[str] = []

    async def send(self, outgoing: Outgoing) -> Accepted:
        self.asked.append(outgoing.reference)
        raise self.error


async def tell(sessions: Sessions, now: datetime, recipient: Recipient = PHONE, count: int = 1) -> None:
    async with sessions() as session, session.begin():
        for number in range(count):
            await notify(
                session,
                recipient=recipient,
                template=Template.REQUEST_DECIDED,
                values={"reference": f"R-{number}", "date": now.date()},
                now=now,
            )


async def send_code(sessions: Sessions, sealer: Sealer, now: datetime, minutes: int = 10) -> None:
    async with sessions() as session, session.begin():
        await notify(
            session,
            recipient=PHONE,
            template=Template.SIGN_IN_CODE,
            values={},
            now=now,
            secret={"code": "918273"},
            sealer=sealer,
            expires_at=now + timedelta(minutes=minutes),
        )


async def all_deliveries(sessions: Sessions) -> list[Delivery]:
    async with sessions() as session:
        return list(await session.exec(select(Delivery).order_by(col(Delivery.id))))


async def only_delivery(sessions: Sessions) -> Delivery:
    [delivery] = await all_deliveries(sessions)
    return delivery


async def until(is_met: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await is_met():  # noqa: ASYNC110 -- what is waited for is in the database, where nothing calls.
            await asyncio.sleep(0.03)
