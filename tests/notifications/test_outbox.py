import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import Sessions
from notifications.messages import BadValues, Template, Value, decode_values, encode_values
from notifications.outbox import (
    Recipient,
    inbox,
    mark_read,
    notify,
    outbox_age,
    seal_context,
)
from notifications.sealing import Sealer
from notifications.tables import Channel, Delivery, DeliveryStatus, Notification

RECEIPT: dict[str, Value] = {"reference": "D-7K2M9QXZ", "date": date(2026, 3, 2)}


async def _deliveries(session: AsyncSession) -> dict[Channel, Delivery]:
    return {delivery.channel: delivery for delivery in await session.exec(select(Delivery))}


async def test_a_notice_waits_on_every_channel_in_the_language_of_each(
    session: AsyncSession, recipient: Recipient, now: datetime
) -> None:
    told = await notify(
        session,
        recipient=recipient,
        template=Template.DECLARATION_RECEIVED,
        values=RECEIPT,
        now=now,
        link="/household",
    )
    assert (told.person_id, told.language, told.in_inbox, told.link) == (7, "zgh", True, "/household")
    waiting = await _deliveries(session)
    assert set(waiting) == set(Channel)
    assert (waiting[Channel.SMS].address, waiting[Channel.SMS].language) == ("+212612345678", "ar")
    assert (waiting[Channel.EMAIL].address, waiting[Channel.EMAIL].language) == ("samira@example.ma", "zgh")
    assert {delivery.status for delivery in waiting.values()} == {DeliveryStatus.QUEUED}
    assert {delivery.available_at for delivery in waiting.values()} == {now}
    assert len({delivery.reference for delivery in waiting.values()}) == 2


@pytest.mark.parametrize(
    ("phone", "email", "channels", "expected"),
    [
        (None, None, {Channel.SMS, Channel.EMAIL}, set()),
        ("+212612345678", None, {Channel.SMS, Channel.EMAIL}, {Channel.SMS}),
        (None, "a@example.ma", {Channel.SMS, Channel.EMAIL}, {Channel.EMAIL}),
        ("+212612345678", "a@example.ma", {Channel.EMAIL}, {Channel.EMAIL}),
        ("+212612345678", "a@example.ma", set(), set()),
    ],
)
async def test_only_addresses_that_exist_and_channels_that_are_wanted(
    session: AsyncSession,
    now: datetime,
    phone: str | None,
    email: str | None,
    channels: set[Channel],
    expected: set[Channel],
) -> None:
    await notify(
        session,
        recipient=Recipient(7, phone, email, "fr", "fr"),
        template=Template.DECLARATION_RECEIVED,
        values=RECEIPT,
        now=now,
        channels=frozenset(channels),
    )
    assert set(await _deliveries(session)) == expected
    assert len(await inbox(session, person_id=7)) == 1


async def test_nothing_is_kept_when_the_fact_is_rolled_back(
    sessions: Sessions, recipient: Recipient, now: datetime
) -> None:
    async with sessions() as session:
        await notify(
            session, recipient=recipient, template=Template.DECLARATION_RECEIVED, values=RECEIPT, now=now
        )
        await session.rollback()
    async with sessions() as session:
        assert (await session.exec(select(Notification))).all() == []
        assert (await session.exec(select(Delivery))).all() == []


async def test_a_code_is_nowhere_in_clear_and_not_in_the_inbox(
    session: AsyncSession, recipient: Recipient, sealer: Sealer, now: datetime
) -> None:
    told = await notify(
        session,
        recipient=recipient,
        template=Template.SIGN_IN_CODE,
        values={},
        now=now,
        secret={"code": "918273"},
        sealer=sealer,
        expires_at=now + timedelta(minutes=10),
    )
    assert not told.in_inbox
    [delivery] = (await session.exec(select(Delivery))).all()
    assert delivery.channel is Channel.SMS
    assert delivery.urgent
    assert delivery.sealed is not None
    assert json.loads(sealer.unseal(delivery.sealed, seal_context(delivery.reference))) == {"code": "918273"}
    for table in ("notification", "delivery"):
        rows = (await session.connection()).execute(text(f"SELECT * FROM {table}"))
        assert "918273" not in str((await rows).all())
    assert "918273" not in repr(delivery)
    assert "612345678" not in repr(delivery)


async def test_a_second_call_with_the_same_key_is_harmless(
    sessions: Sessions, recipient: Recipient, now: datetime
) -> None:
    kept = []
    for minutes in (0, 5):
        async with sessions() as session, session.begin():
            told = await notify(
                session,
                recipient=recipient,
                template=Template.INDEX_COMPUTED,
                values={"date": date(2026, 3, 2)},
                now=now + timedelta(minutes=minutes),
                dedup_key="index:41",
            )
            kept.append((told.id, told.created_at))
    assert kept[0] == kept[1] == (kept[0][0], now)
    async with sessions() as session:
        assert len((await session.exec(select(Notification))).all()) == 1
        assert len((await session.exec(select(Delivery))).all()) == 2


async def test_two_transactions_at_once_tell_a_fact_once(
    sessions: Sessions, recipient: Recipient, now: datetime
) -> None:
    async def tell() -> int | None:
        async with sessions() as session, session.begin():
            told = await notify(
                session,
                recipient=recipient,
                template=Template.INDEX_COMPUTED,
                values={"date": date(2026, 3, 2)},
                now=now,
                dedup_key="index:42",
            )
            await asyncio.sleep(0.05)
            return told.id

    assert len(set(await asyncio.gather(*(tell() for _ in range(4))))) == 1
    async with sessions() as session:
        assert len((await session.exec(select(Delivery))).all()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": {}},
        {"values": RECEIPT | {"name": "Samira"}},
        {"values": RECEIPT | {"date": "2026-03-02"}},
        {"values": RECEIPT | {"reference": "two\nlines"}},
        {"values": RECEIPT | {"reference": "bidi \u202e"}},
        {"values": RECEIPT | {"reference": ""}},
        {"values": RECEIPT | {"reference": "x" * 201}},
        {"template": Template.SIGNED_IN, "values": {"at": datetime(2026, 3, 2)}},  # noqa: DTZ001
        {"template": Template.SIGNED_IN, "values": {"at": date(2026, 3, 2)}},
        {"secret": {"code": "123456"}},
        {"template": Template.SIGN_IN_CODE, "values": {}},
        {"template": Template.SIGN_IN_CODE, "values": {}, "secret": {"code": "123456"}},
        {"recipient": Recipient(7, "+212612345678", None, "es", "ar")},
        {"recipient": Recipient(7, "+212612345678", None, "ar", "")},
    ],
)
async def test_a_mistake_of_the_caller_is_found_before_anything_is_kept(
    session: AsyncSession, recipient: Recipient, now: datetime, wrong: dict[str, Any]
) -> None:
    given: dict[str, Any] = {
        "recipient": recipient,
        "template": Template.DECLARATION_RECEIVED,
        "values": RECEIPT,
        "now": now,
    }
    with pytest.raises(BadValues):
        await notify(session, **(given | wrong))
    assert (await session.exec(select(Notification))).all() == []


def test_values_keep_their_type_through_json() -> None:
    values: dict[str, Value] = {
        "text": "نص ⵣ",
        "date": date(2026, 3, 2),
        "at": datetime(2026, 3, 2, 9, 30, 1, 5, tzinfo=UTC),
        "number": Decimal("9.60126440"),
    }
    kept = json.loads(json.dumps(encode_values(values)))
    assert decode_values(kept) == values
    assert str(decode_values(kept)["number"]) == "9.60126440"


async def _tell(session: AsyncSession, person_id: int, number: int, now: datetime) -> int:
    told = await notify(
        session,
        recipient=Recipient(person_id, None, None, "ar", "ar"),
        template=Template.REQUEST_DECIDED,
        values={"reference": f"R-{number}", "date": date(2026, 3, 2)},
        now=now,
        link="/household/recomputation",
    )
    assert told.id is not None
    return told.id


async def test_the_inbox_is_read_by_its_owner_newest_first_in_pages(
    session: AsyncSession, now: datetime
) -> None:
    for number in range(5):
        await _tell(session, 7, number, now + timedelta(minutes=number))
    await _tell(session, 8, 99, now)
    first = await inbox(session, person_id=7, language="fr", limit=3)
    assert ["R-4" in message.title for message in first] == [True, False, False]
    rest = await inbox(session, person_id=7, before_id=first[-1].id)
    assert [message.created_at for message in first + rest] == [
        now + timedelta(minutes=minutes) for minutes in (4, 3, 2, 1, 0)
    ]
    assert first[0].language == "fr"
    assert "La réponse à votre demande R-4" in first[0].title
    assert rest[0].language == "ar"
    assert "صدر الرد" in rest[0].title
    assert first[0].link == "/household/recomputation"


async def test_what_arrives_after_the_page_was_shown_stays_unread(
    session: AsyncSession, now: datetime
) -> None:
    shown = [await _tell(session, 7, number, now) for number in range(2)]
    await _tell(session, 7, 3, now)
    await _tell(session, 8, 4, now)
    await mark_read(session, person_id=7, now=now, up_to_id=shown[-1])
    assert [message.read_at for message in await inbox(session, person_id=7)] == [None, now, now]
    assert [message.read_at for message in await inbox(session, person_id=8)] == [None]


async def test_the_outbox_is_as_old_as_its_most_overdue_delivery(
    session: AsyncSession, recipient: Recipient, now: datetime
) -> None:
    assert await outbox_age(session, now) == timedelta(0)
    for minutes in (5, 3):
        await notify(
            session,
            recipient=recipient,
            template=Template.INDEX_COMPUTED,
            values={"date": date(2026, 3, 2)},
            now=now - timedelta(minutes=minutes),
        )
    assert await outbox_age(session, now) == timedelta(minutes=5)
    assert await outbox_age(session, now - timedelta(minutes=10)) == timedelta(0)
