"""T-06: short messages asked for in numbers, to make money, to pester somebody, or to empty the budget."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.db import Sessions
from identity.account import strangers
from identity.limits import DAY, HOUR, MINUTE
from identity.people.numbers import InvalidNumber, parse_phone
from identity.proofs import guards
from identity.proofs.tables import OneTimeCode, Purpose
from notifications import spending
from notifications.messages import Template
from notifications.spending import Ceiling, may_leave, until_tomorrow
from notifications.tables import Channel, Delivery, DeliveryStatus, SmsDay
from notifications.worker import deliver_once
from tests.app.conftest import Clock, Messages
from tests.identity.world import PHONE, add_person, all_at_once, ask, count
from tests.threats.people import add_owner
from tests.threats.rig import Client, Rig

BROWSERS, TIMES_EACH = 20, 10
NOT_OURS = (
    "+33612345678",
    "+14155550123",
    "0522123456",
    "+212522123456",
    "0890123456",
    "112",
    "+88213000000",
)


async def ask_two_hundred_times(rig: Rig, sessions: Sessions, phone: str, *, naive: bool = False) -> int:
    """How many short messages are on their way after 200 requests at once, from 20 browsers."""
    clients = [Client(rig, naive=naive) for _ in range(BROWSERS)]
    forms = await asyncio.gather(*(client.open("/not-me") for client in clients))
    await asyncio.gather(
        *(
            client.post_at_once("/not-me", [form | {"phone": phone}] * TIMES_EACH)
            for client, form in zip(clients, forms, strict=True)
        )
    )
    async with sessions() as session:
        return await count(session, Delivery, Delivery.address == phone, col(Delivery.sealed).is_not(None))


async def test_two_hundred_requests_at_once_for_one_number_send_one_message(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    owner = await add_owner(rig_sessions)
    async with rig_sessions() as session:
        before = await count(
            session, Delivery, Delivery.address == owner.phone, col(Delivery.sealed).is_not(None)
        )
    assert await ask_two_hundred_times(two_processes, rig_sessions, owner.phone) - before == 1


async def test_the_same_requests_against_a_limit_that_is_looked_at_and_then_written(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    owner = await add_owner(rig_sessions)
    assert await ask_two_hundred_times(two_processes, rig_sessions, owner.phone, naive=True) > 2


@pytest.mark.parametrize("number", NOT_OURS)
def test_nothing_is_sent_to_a_number_that_is_no_mobile_of_the_country(number):
    with pytest.raises(InvalidNumber):
        parse_phone(number)


async def sent_in(session, fatima, keys, start, length: timedelta, purpose: Purpose) -> int:
    """A request every 61 seconds, each from another browser."""
    before = await count(session, Delivery)
    moment, number = start, 0
    while moment < start + length:
        await ask(session, fatima, keys, moment, purpose=purpose, subject=f"{moment}", browser=f"b {number}")
        moment, number = moment + timedelta(seconds=61), number + 1
    return await count(session, Delivery) - before


@pytest.mark.parametrize(
    ("purpose", "in_ten_minutes", "in_an_hour"), [(Purpose.SIGN_IN, 3, 5), (Purpose.CLAIM, 3, 4)]
)
async def test_a_number_gets_so_many_codes_and_no_more(
    session, fatima, keys, now, purpose, in_ten_minutes, in_an_hour
):
    assert await sent_in(session, fatima, keys, now, 9 * MINUTE, purpose) == in_ten_minutes
    assert await sent_in(session, fatima, keys, now + DAY, HOUR - MINUTE, purpose) == in_an_hour


async def test_what_strangers_ask_for_does_not_use_up_what_the_owner_may(session, fatima, keys, now):
    """All day long somebody who has shown nothing asks; the owner, after the password, still gets codes."""
    for hour in range(8):
        at = now + hour * HOUR
        await sent_in(session, fatima, keys, at, 5 * MINUTE, Purpose.CLAIM)
    asked_by_strangers = await count(session, Delivery)
    assert asked_by_strangers == 5
    later = now + 8 * HOUR
    assert await sent_in(session, fatima, keys, later, 4 * MINUTE, Purpose.SIGN_IN) == 3


async def test_a_hundred_numbers_in_a_row_raise_the_alarm_within_twenty(session, keys, now, caplog):
    rung = None
    for number in range(100):
        phone = f"+2126123456{number:02}"
        await strangers.start_removal(
            session, phone=phone, language="fr", browser="b", address=f"10.0.0.{number}", keys=keys, now=now
        )
        if rung is None and await guards.is_closed(session, now=now):
            rung = number + 1
    assert rung is not None
    assert rung <= 20
    assert any("adjacent_numbers" in entry.message for entry in caplog.records)


async def test_numbers_of_people_raise_none(session, keys, now):
    """A hundred honest people, whose numbers lie anywhere."""
    for number in range(100):
        await guards.note_number(session, f"+2126{number * 7919 % 100_000_000:08}", keys=keys, now=now)
    assert not await guards.is_closed(session, now=now)


@pytest.mark.parametrize(("sent", "rings"), [(49, False), (50, True)])
async def test_codes_that_nobody_uses_raise_the_alarm(session, fatima, keys, now, caplog, sent, rings):
    challenge = await ask(session, fatima, keys, now)
    row = {"challenge_id": challenge.id, "digest": "x", "is_sent": True, "issued_at": now, "expires_at": now}
    session.add_all(OneTimeCode(**row) for _ in range(sent - 1))
    await session.flush()
    await guards.watch_sending(session, now + MINUTE)
    assert any("codes_sent_and_not_used" in entry.message for entry in caplog.records) == rings


async def test_a_day_costs_no_more_than_its_ceiling_whoever_sends(sessions: Sessions, now, caplog):
    caplog.set_level(logging.ERROR)
    ceiling = Ceiling(20)

    async def leave(session) -> bool:
        return await may_leave(session, Template.DECLARATION_RECEIVED, ceiling=ceiling, now=now)

    assert sum(await all_at_once(sessions, [leave] * 60, kept=())) == 24
    alarms = [entry.message.split()[1] for entry in caplog.records if "sms_ceiling" in entry.message]
    assert alarms == ["percent=50", "percent=80", "percent=100", "percent=120"]
    async with sessions() as session, session.begin():
        facts = {"ceiling": ceiling, "now": now}
        assert not await may_leave(session, Template.CLAIM_CODE, **facts)
        assert await may_leave(session, Template.SIGN_IN_CODE, **facts)
        assert await may_leave(session, Template.CLAIM_CODE, ceiling=ceiling, now=now + until_tomorrow(now))
        assert await count(session, SmsDay) == 2


def test_the_day_is_the_countrys(now):
    assert (now + until_tomorrow(now)).astimezone(spending.COUNTRY_TIME).hour == 0


async def test_over_the_ceiling_the_owner_still_signs_in_and_others_wait(
    messages: Messages, clock: Clock
) -> None:
    worker = replace(messages.worker, ceiling=Ceiling(1))
    async with messages.portal.writes() as session, session.begin():
        fatima = await add_person(session)
        for number, purpose in enumerate((Purpose.SIGN_IN, Purpose.CLAIM, Purpose.SIGN_IN)):
            moment = clock.now + number * 2 * MINUTE
            await ask(session, fatima, messages.portal.keys, moment, purpose=purpose, subject=f"{number}")
    clock.advance(minutes=5)
    while await deliver_once(worker, Channel.SMS):
        pass
    async with messages.portal.reads() as session:
        states = sorted(await session.exec(select(Delivery.status).where(Delivery.address == PHONE)))
    assert states == [DeliveryStatus.EXPIRED, DeliveryStatus.SENT, DeliveryStatus.SENT]
