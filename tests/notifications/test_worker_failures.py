"""When sending fails, on both databases: repeated, ended or set aside, and no secret is left behind."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, update

from app.db import Sessions
from notifications import worker as deliveries
from notifications.circuit import FAILURES_TO_OPEN, REST
from notifications.providers.http_sms import GatewaySettings, HttpSmsProvider
from notifications.providers.protocol import Accepted, LastingFailure, Outgoing, PassingFailure
from notifications.queue import LADDER, LEASE, NOTICES_LIVE, PROBLEMS_TO_SET_ASIDE
from notifications.sealing import Sealer
from notifications.tables import Channel, DeliveryStatus, Notification
from notifications.worker import BATCH, deliver_once, run
from tests.notifications.conftest import Clock, Collecting, Hire
from tests.notifications.gateway import open_gateway
from tests.notifications.scene import Failing, all_deliveries, only_delivery, send_code, tell, until


async def test_a_failed_try_is_repeated_on_a_ladder(sessions: Sessions, clock: Clock, hire: Hire) -> None:
    await tell(sessions, clock.now)
    waits = []
    for _ in range(7):
        await deliver_once(hire(Failing(PassingFailure("http_503"))), Channel.SMS)
        delivery = await only_delivery(sessions)
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
            await tell(sessions, clock.now)
        await deliver_once(hire(Failing(PassingFailure("http_429", asked))), Channel.SMS)
        delivery = await only_delivery(sessions)
        assert delivery.available_at - clock.now == granted
        clock.now = delivery.available_at


async def test_a_refusal_ends_the_delivery_with_its_reason(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire
) -> None:
    await send_code(sessions, sealer, clock.now)
    await deliver_once(hire(Failing(LastingFailure("http_400"))), Channel.SMS)
    delivery = await only_delivery(sessions)
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.FAILED, "http_400")
    assert delivery.sealed is None


async def test_an_expired_code_is_never_sent(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await send_code(sessions, sealer, clock.now)
    clock.advance(minutes=10)
    await deliver_once(hire(collecting), Channel.SMS)
    delivery = await only_delivery(sessions)
    assert (delivery.status, delivery.sealed) == (DeliveryStatus.EXPIRED, None)
    assert collecting.taken == []


async def test_a_code_that_would_be_tried_after_its_end_ends_now(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire
) -> None:
    await send_code(sessions, sealer, clock.now, minutes=3)
    down = hire(Failing(PassingFailure("unreachable")))
    await deliver_once(down, Channel.SMS)
    assert (await only_delivery(sessions)).status is DeliveryStatus.QUEUED
    assert (await only_delivery(sessions)).sealed is not None
    clock.advance(minutes=2)
    await deliver_once(down, Channel.SMS)
    delivery = await only_delivery(sessions)
    assert (delivery.status, delivery.last_error, delivery.sealed) == (
        DeliveryStatus.EXPIRED,
        "unreachable",
        None,
    )


async def test_a_notice_is_given_up_after_three_days(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await tell(sessions, clock.now)
    clock.now += NOTICES_LIVE
    await deliver_once(hire(collecting), Channel.SMS)
    delivery = await only_delivery(sessions)
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.FAILED, "too_old")
    assert collecting.taken == []


async def test_a_poisoned_message_is_set_aside_and_the_others_pass(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting, caplog: pytest.LogCaptureFixture
) -> None:
    await tell(sessions, clock.now, count=3)
    async with sessions() as session, session.begin():
        poisoned = update(Notification).where(col(Notification.id) == 2)
        await session.exec(poisoned.values(values={"note": "R-SECRET"}))
    worker = hire(collecting)
    with caplog.at_level(logging.INFO):
        for _ in range(PROBLEMS_TO_SET_ASIDE + 1):
            await deliver_once(worker, Channel.SMS)
            clock.advance(minutes=30)
    statuses = [delivery.status for delivery in await all_deliveries(sessions)]
    assert statuses == [DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.SENT]
    assert (await all_deliveries(sessions))[1].last_error == "set_aside"
    assert len(collecting.taken) == 2
    assert "delivery_set_aside" in caplog.text
    assert "R-SECRET" not in caplog.text
    assert worker.circuits[Channel.SMS].failures == 0


async def test_a_message_that_kills_its_worker_is_set_aside_too(
    sessions: Sessions, clock: Clock, hire: Hire
) -> None:
    await tell(sessions, clock.now)
    deadly = Failing(asyncio.CancelledError())
    for _ in range(PROBLEMS_TO_SET_ASIDE):
        with pytest.raises(asyncio.CancelledError):
            await deliver_once(hire(deadly), Channel.SMS)
        clock.advance(seconds=LEASE.total_seconds())
    await deliver_once(hire(deadly), Channel.SMS)
    assert len(deadly.asked) == PROBLEMS_TO_SET_ASIDE
    delivery = await only_delivery(sessions)
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.FAILED, "set_aside")


async def test_a_channel_that_keeps_failing_rests_and_is_tried_with_one_message(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await tell(sessions, clock.now, count=BATCH * 2)
    down = Failing(PassingFailure("unreachable"))
    worker = hire(down)
    await deliver_once(worker, Channel.SMS)
    assert len(down.asked) == BATCH
    assert BATCH >= FAILURES_TO_OPEN

    await send_code(sessions, sealer, clock.now, minutes=1)
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
    await tell(sessions, clock.now, count=FAILURES_TO_OPEN)
    worker = hire(Failing(PassingFailure("unreachable")))
    await deliver_once(worker, Channel.SMS)
    await send_code(sessions, sealer, clock.now - timedelta(minutes=9, seconds=30))
    clock.advance(seconds=31)
    assert await deliver_once(worker, Channel.SMS) == 0
    code = (await all_deliveries(sessions))[-1]
    assert (code.status, code.sealed, code.last_error) == (DeliveryStatus.EXPIRED, None, "expired")


async def test_a_provider_that_hangs_is_left_long_before_the_lease_ends(
    sessions: Sessions, clock: Clock, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deliveries.SEND_LIMIT * 2 < LEASE
    monkeypatch.setattr(deliveries, "SEND_LIMIT", timedelta(milliseconds=50))

    class Hanging:
        async def send(self, outgoing: Outgoing) -> Accepted:
            await asyncio.Event().wait()
            return Accepted()

    await tell(sessions, clock.now)
    await deliver_once(hire(Hanging()), Channel.SMS)
    assert (await only_delivery(sessions)).last_error == "timeout"


async def test_a_gateway_that_is_down_for_an_hour_is_caught_up_with(
    sessions: Sessions, clock: Clock, hire: Hire
) -> None:
    await tell(sessions, clock.now, count=30)
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
    assert {delivery.status for delivery in await all_deliveries(sessions)} == {DeliveryStatus.SENT}
    taken = [asked.headers["idempotency-key"] for asked in gateway.asked[tried:]]
    assert sorted(taken) == sorted(delivery.reference for delivery in await all_deliveries(sessions))


async def test_the_worker_survives_a_database_that_goes_away(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "AFTER_FAILURE_SECONDS", 0.01)
    away = iter([True, True])

    def sessions_of_a_database_that_comes_back() -> Any:
        if next(away, False):
            raise OSError("the database is away")
        return sessions()

    await tell(sessions, clock.now)
    worker = replace(hire(sms=collecting), sessions=sessions_of_a_database_that_comes_back)  # type: ignore[arg-type]
    stop = asyncio.Event()
    working = asyncio.create_task(run(worker, stop))

    async def is_done() -> bool:
        return len(collecting.taken) == 1

    await until(is_done)
    stop.set()
    await working
