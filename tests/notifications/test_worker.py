"""The worker on both databases: everything is sent, once where the provider recognises a repetition, never lost."""

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select, update

from app.db import Sessions
from notifications import worker as deliveries
from notifications.circuit import FAILURES_TO_OPEN, REST
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.providers.demonstration import DemonstrationProvider
from notifications.providers.http_sms import GatewaySettings, HttpSmsProvider
from notifications.providers.protocol import Accepted, LastingFailure, Outgoing, PassingFailure
from notifications.queue import LADDER, LEASE, NOTICES_LIVE, PROBLEMS_TO_SET_ASIDE
from notifications.sealing import Sealer
from notifications.tables import Channel, Delivery, DeliveryStatus, DemonstrationMessage, Notification
from notifications.worker import BATCH, deliver_once, run
from tests.notifications.conftest import Clock, Collecting, Hire
from tests.notifications.gateway import open_gateway

PHONE = Recipient(person_id=7, phone="+212612345678", email=None, language="ar", sms_language="ar")


class Failing:
    """A provider that raises what it is given."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.asked: list[str] = []

    async def send(self, outgoing: Outgoing) -> Accepted:
        self.asked.append(outgoing.reference)
        raise self.error


async def _tell(sessions: Sessions, now: datetime, recipient: Recipient = PHONE, count: int = 1) -> None:
    async with sessions() as session, session.begin():
        for number in range(count):
            await notify(
                session,
                recipient=recipient,
                template=Template.REQUEST_DECIDED,
                values={"reference": f"R-{number}", "date": now.date()},
                now=now,
            )


async def _send_code(sessions: Sessions, sealer: Sealer, now: datetime, minutes: int = 10) -> None:
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


async def _all(sessions: Sessions) -> list[Delivery]:
    async with sessions() as session:
        return list(await session.exec(select(Delivery).order_by(col(Delivery.id))))


async def _until(is_met: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await is_met():  # noqa: ASYNC110 -- what is waited for is in the database, where nothing calls.
            await asyncio.sleep(0.03)


async def _only(sessions: Sessions) -> Delivery:
    [delivery] = await _all(sessions)
    return delivery


async def test_each_channel_receives_its_text_in_its_language(
    sessions: Sessions, recipient: Recipient, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _tell(sessions, clock.now, recipient)
    worker = hire(collecting)
    assert [await deliver_once(worker, channel) for channel in Channel] == [1, 1]
    sms, email = collecting.taken
    assert (sms.address, sms.language, sms.subject) == ("+212612345678", "ar", "")
    assert sms.body == "صدر الرد على طلب إعادة الاحتساب R-0: انظروا حسابكم"
    assert (email.address, email.language) == ("samira@example.ma", "zgh")
    assert email.subject == "ⵜⵍⵍⴰ ⵜⵎⵔⴰⵔⵓⵜ ⵅⴼ ⵜⵓⵜⵔⴰ ⵏⵏⵓⵏ: R-0"
    for delivery, outgoing in zip(await _all(sessions), collecting.taken, strict=True):
        assert delivery.status is DeliveryStatus.SENT
        assert delivery.reference == outgoing.reference
        assert delivery.sent_at == clock.now
        assert delivery.provider_reference is not None
        assert delivery.locked_by is None
    assert [await deliver_once(worker, channel) for channel in Channel] == [0, 0]


async def test_a_code_is_sent_and_its_secret_wiped(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _send_code(sessions, sealer, clock.now)
    await deliver_once(hire(collecting), Channel.SMS)
    assert collecting.taken[0].body.endswith("\n@rsu.example.ma #918273")
    assert (await _only(sessions)).sealed is None


async def test_codes_overtake_the_notices_that_wait(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _tell(sessions, clock.now, count=BATCH * 2)
    await _send_code(sessions, sealer, clock.advance(seconds=1))
    await deliver_once(hire(collecting), Channel.SMS)
    assert len(collecting.taken) == BATCH
    assert Template.SIGN_IN_CODE in {outgoing.template for outgoing in collecting.taken}


async def test_two_workers_at_once_deliver_each_message_exactly_once(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _tell(sessions, clock.now, count=200)
    stop = asyncio.Event()
    workers = [asyncio.create_task(run(hire(collecting), stop)) for _ in range(2)]

    async def is_done() -> bool:
        return all(delivery.status is DeliveryStatus.SENT for delivery in await _all(sessions))

    await _until(is_done)
    stop.set()
    await asyncio.gather(*workers)
    assert len(collecting.taken) == 200
    assert set(Counter(outgoing.reference for outgoing in collecting.taken).values()) == {1}
    assert {delivery.attempts for delivery in await _all(sessions)} == {1}


class DyingAfterSend(DemonstrationProvider):
    """The message has left and the process ends before that is written down."""

    async def send(self, outgoing: Outgoing) -> Accepted:
        await super().send(outgoing)
        raise asyncio.CancelledError


async def test_a_worker_killed_between_send_and_record_loses_nothing(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire
) -> None:
    await _tell(sessions, clock.now, count=3)
    await _send_code(sessions, sealer, clock.now)
    with pytest.raises(asyncio.CancelledError):
        await deliver_once(hire(DyingAfterSend(sessions, clock)), Channel.SMS)
    left = await _all(sessions)
    assert {delivery.status for delivery in left} == {DeliveryStatus.SENDING}

    other = hire(DemonstrationProvider(sessions, clock))
    assert await deliver_once(other, Channel.SMS) == 0
    clock.advance(seconds=LEASE.total_seconds())
    assert await deliver_once(other, Channel.SMS) == 4

    sent = await _all(sessions)
    assert {delivery.status for delivery in sent} == {DeliveryStatus.SENT}
    assert [delivery.reference for delivery in sent] == [delivery.reference for delivery in left]
    async with sessions() as session:
        received = (await session.exec(select(DemonstrationMessage.reference))).all()
    assert sorted(received) == sorted(delivery.reference for delivery in sent)


async def test_a_worker_that_lost_its_lease_changes_nothing(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _tell(sessions, clock.now)
    other = hire(collecting)

    class Slow:
        async def send(self, outgoing: Outgoing) -> Accepted:
            clock.advance(seconds=LEASE.total_seconds())
            await deliver_once(other, Channel.SMS)
            raise LastingFailure("too_late_to_matter")

    await deliver_once(hire(Slow()), Channel.SMS)
    delivery = await _only(sessions)
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.SENT, None)
    assert len(collecting.taken) == 1


async def test_a_failed_try_is_repeated_on_a_ladder(sessions: Sessions, clock: Clock, hire: Hire) -> None:
    await _tell(sessions, clock.now)
    waits = []
    for _ in range(7):
        await deliver_once(hire(Failing(PassingFailure("http_503"))), Channel.SMS)
        delivery = await _only(sessions)
        assert (delivery.status, delivery.last_error) == (DeliveryStatus.QUEUED, "http_503")
        waits.append(delivery.available_at - clock.now)
        clock.now = delivery.available_at
    assert waits == [*LADDER, LADDER[-1], LADDER[-1]]


async def test_a_longer_wait_is_granted_and_an_endless_one_is_not(
    sessions: Sessions, clock: Clock, hire: Hire
) -> None:
    for asked, granted in (
        (timedelta(minutes=10), timedelta(minutes=10)),
        (timedelta(0), timedelta(minutes=2)),
        (timedelta(days=30), timedelta(hours=6)),
    ):
        if asked == timedelta(minutes=10):
            await _tell(sessions, clock.now)
        await deliver_once(hire(Failing(PassingFailure("http_429", asked))), Channel.SMS)
        delivery = await _only(sessions)
        assert delivery.available_at - clock.now == granted
        clock.now = delivery.available_at


async def test_a_refusal_ends_the_delivery_with_its_reason(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire
) -> None:
    await _send_code(sessions, sealer, clock.now)
    await deliver_once(hire(Failing(LastingFailure("http_400"))), Channel.SMS)
    delivery = await _only(sessions)
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.FAILED, "http_400")
    assert delivery.sealed is None


async def test_an_expired_code_is_never_sent(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _send_code(sessions, sealer, clock.now)
    clock.advance(minutes=10)
    await deliver_once(hire(collecting), Channel.SMS)
    delivery = await _only(sessions)
    assert (delivery.status, delivery.sealed) == (DeliveryStatus.EXPIRED, None)
    assert collecting.taken == []


async def test_a_code_that_would_be_tried_after_its_end_ends_now(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire
) -> None:
    await _send_code(sessions, sealer, clock.now, minutes=3)
    down = hire(Failing(PassingFailure("unreachable")))
    await deliver_once(down, Channel.SMS)
    assert (await _only(sessions)).status is DeliveryStatus.QUEUED
    assert (await _only(sessions)).sealed is not None
    clock.advance(minutes=2)
    await deliver_once(down, Channel.SMS)
    delivery = await _only(sessions)
    assert (delivery.status, delivery.last_error, delivery.sealed) == (
        DeliveryStatus.EXPIRED,
        "unreachable",
        None,
    )


async def test_a_notice_is_given_up_after_three_days(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _tell(sessions, clock.now)
    clock.now += NOTICES_LIVE
    await deliver_once(hire(collecting), Channel.SMS)
    delivery = await _only(sessions)
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.FAILED, "too_old")
    assert collecting.taken == []


async def test_a_poisoned_message_is_set_aside_and_the_others_pass(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting, caplog: pytest.LogCaptureFixture
) -> None:
    await _tell(sessions, clock.now, count=3)
    async with sessions() as session, session.begin():
        poisoned = update(Notification).where(col(Notification.id) == 2)
        await session.exec(poisoned.values(values={"note": "R-SECRET"}))
    worker = hire(collecting)
    with caplog.at_level(logging.INFO):
        for _ in range(PROBLEMS_TO_SET_ASIDE + 1):
            await deliver_once(worker, Channel.SMS)
            clock.advance(minutes=30)
    statuses = [delivery.status for delivery in await _all(sessions)]
    assert statuses == [DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.SENT]
    assert (await _all(sessions))[1].last_error == "set_aside"
    assert len(collecting.taken) == 2
    assert "delivery_set_aside" in caplog.text
    assert "R-SECRET" not in caplog.text
    assert worker.circuits[Channel.SMS].failures == 0


async def test_a_message_that_kills_its_worker_is_set_aside_too(
    sessions: Sessions, clock: Clock, hire: Hire
) -> None:
    await _tell(sessions, clock.now)
    deadly = Failing(asyncio.CancelledError())
    for _ in range(PROBLEMS_TO_SET_ASIDE):
        with pytest.raises(asyncio.CancelledError):
            await deliver_once(hire(deadly), Channel.SMS)
        clock.advance(seconds=LEASE.total_seconds())
    await deliver_once(hire(deadly), Channel.SMS)
    assert len(deadly.asked) == PROBLEMS_TO_SET_ASIDE
    delivery = await _only(sessions)
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.FAILED, "set_aside")


async def test_a_channel_that_keeps_failing_rests_and_is_tried_with_one_message(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _tell(sessions, clock.now, count=BATCH * 2)
    down = Failing(PassingFailure("unreachable"))
    worker = hire(down)
    await deliver_once(worker, Channel.SMS)
    assert len(down.asked) == BATCH
    assert BATCH >= FAILURES_TO_OPEN

    await _send_code(sessions, sealer, clock.now, minutes=1)
    assert await deliver_once(worker, Channel.SMS) == 0
    clock.now += REST
    assert await deliver_once(worker, Channel.SMS) == 1
    assert len(down.asked) == BATCH, "the code that ended while the channel rested is not tried"
    assert await deliver_once(worker, Channel.SMS) == 1
    assert len(down.asked) == BATCH + 1
    assert await deliver_once(worker, Channel.SMS) == 0

    clock.now += REST
    up_again = replace(worker, providers={Channel.SMS: collecting})
    assert await deliver_once(up_again, Channel.SMS) == 1
    assert await deliver_once(up_again, Channel.SMS) == BATCH


async def test_no_secret_outlives_its_use_while_a_channel_rests(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire
) -> None:
    await _tell(sessions, clock.now, count=FAILURES_TO_OPEN)
    worker = hire(Failing(PassingFailure("unreachable")))
    await deliver_once(worker, Channel.SMS)
    await _send_code(sessions, sealer, clock.now - timedelta(minutes=9, seconds=30))
    clock.advance(seconds=31)
    assert await deliver_once(worker, Channel.SMS) == 0
    code = (await _all(sessions))[-1]
    assert (code.status, code.sealed, code.last_error) == (DeliveryStatus.EXPIRED, None, "expired")


async def test_a_slow_channel_does_not_hold_up_the_other_and_a_stop_waits_for_what_is_on_its_way(
    sessions: Sessions, recipient: Recipient, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    leave = asyncio.Event()

    class Slow:
        async def send(self, outgoing: Outgoing) -> Accepted:
            await leave.wait()
            return Accepted()

    await _tell(sessions, clock.now, recipient, count=BATCH * 3)
    stop = asyncio.Event()
    working = asyncio.create_task(run(hire(sms=Slow(), email=collecting), stop))

    async def is_done() -> bool:
        return len(collecting.taken) == BATCH * 3

    await _until(is_done)
    stop.set()
    await asyncio.sleep(0.05)
    assert not working.done()
    leave.set()
    await working
    by_sms = Counter(delivery.status for delivery in await _all(sessions) if delivery.channel is Channel.SMS)
    assert by_sms == {DeliveryStatus.SENT: BATCH, DeliveryStatus.QUEUED: BATCH * 2}


async def test_a_provider_that_hangs_is_left_long_before_the_lease_ends(
    sessions: Sessions, clock: Clock, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deliveries.SEND_LIMIT * 2 < LEASE
    monkeypatch.setattr(deliveries, "SEND_LIMIT", timedelta(milliseconds=50))

    class Hanging:
        async def send(self, outgoing: Outgoing) -> Accepted:
            await asyncio.Event().wait()
            return Accepted()

    await _tell(sessions, clock.now)
    await deliver_once(hire(Hanging()), Channel.SMS)
    assert (await _only(sessions)).last_error == "timeout"


async def test_a_gateway_that_is_down_for_an_hour_is_caught_up_with(
    sessions: Sessions, clock: Clock, hire: Hire
) -> None:
    await _tell(sessions, clock.now, count=30)
    async with open_gateway() as gateway:
        settings = GatewaySettings(
            gateway.url, '{"to": "{to}", "text": "{text}", "reference": "{reference}"}'
        )
        async with HttpSmsProvider(settings, clock) as provider:
            worker = hire(sms=provider)
            gateway.answer_with(503)
            for _ in range(60):
                await deliver_once(worker, Channel.SMS)
                clock.advance(minutes=1)
            tried = len(gateway.asked)
            gateway.answer_with(200)
            for _ in range(40):
                while await deliver_once(worker, Channel.SMS):
                    pass
                clock.advance(minutes=1)
    assert tried < 80
    assert {delivery.status for delivery in await _all(sessions)} == {DeliveryStatus.SENT}
    taken = [asked.headers["idempotency-key"] for asked in gateway.asked[tried:]]
    assert sorted(taken) == sorted(delivery.reference for delivery in await _all(sessions))


async def test_the_log_tells_what_was_done_and_to_nobody_in_particular(
    sessions: Sessions,
    sealer: Sealer,
    clock: Clock,
    hire: Hire,
    collecting: Collecting,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await _send_code(sessions, sealer, clock.now)
    await _send_code(sessions, sealer, clock.now)
    words = RuntimeError("918273 to +212612345678")
    with caplog.at_level(logging.DEBUG):
        await deliver_once(hire(Failing(words)), Channel.SMS)
        clock.advance(seconds=30)
        await deliver_once(hire(collecting), Channel.SMS)
    ours = "\n".join(entry.getMessage() for entry in caplog.records if entry.name.startswith("notifications"))
    assert "segments=1" in ours
    assert "outcome=sent" in ours
    assert "outcome=problem" in ours
    assert "error=RuntimeError" in ours
    assert "918273" not in caplog.text
    assert "612345678" not in ours


async def test_the_worker_survives_a_database_that_goes_away(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "AFTER_FAILURE_SECONDS", 0.01)
    away = iter([True, True])

    def sessions_of_a_database_that_comes_back() -> Any:
        if next(away, False):
            raise OSError("the database is away")
        return sessions()

    await _tell(sessions, clock.now)
    worker = replace(hire(sms=collecting), sessions=sessions_of_a_database_that_comes_back)  # type: ignore[arg-type]
    stop = asyncio.Event()
    working = asyncio.create_task(run(worker, stop))

    async def is_done() -> bool:
        return len(collecting.taken) == 1

    await _until(is_done)
    stop.set()
    await working


async def test_an_hour_of_backlog_drains_quickly(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await _tell(sessions, clock.now, count=300)
    began = time.perf_counter()
    while await deliver_once(hire(collecting), Channel.SMS):
        pass
    per_second = 300 / (time.perf_counter() - began)
    assert len(collecting.taken) == 300
    # 10,000 notices in a quarter of an hour are eleven a second.
    assert per_second > 11 * 2, f"{per_second:.0f} a second on {os.cpu_count()} processors"
