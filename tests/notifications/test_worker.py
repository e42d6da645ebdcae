"""The worker on both databases: everything is sent, once where the provider knows a repetition, never lost."""

import asyncio
import logging
import os
import time
from collections import Counter

import pytest
from sqlmodel import select

from app.db import Sessions
from notifications.messages import Template
from notifications.outbox import Recipient
from notifications.providers.demonstration import DemonstrationProvider
from notifications.providers.protocol import Accepted, LastingFailure, Outgoing
from notifications.queue import LEASE
from notifications.sealing import Sealer
from notifications.tables import Channel, DeliveryStatus, DemonstrationMessage
from notifications.worker import BATCH, deliver_once, run
from tests.notifications.conftest import Clock, Collecting, Hire
from tests.notifications.scene import Failing, all_deliveries, only_delivery, send_code, tell, until


async def test_each_channel_receives_its_text_in_its_language(
    sessions: Sessions, recipient: Recipient, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await tell(sessions, clock.now, recipient)
    worker = hire(collecting)
    assert [await deliver_once(worker, channel) for channel in Channel] == [1, 1]
    sms, email = collecting.taken
    assert (sms.address, sms.language, sms.subject) == ("+212612345678", "ar", "")
    assert sms.body == "صدر الرد على طلب إعادة الاحتساب R-0: انظروا حسابكم"
    assert (email.address, email.language) == ("samira@example.ma", "zgh")
    assert email.subject == "ⵜⵍⵍⴰ ⵜⵎⵔⴰⵔⵓⵜ ⵅⴼ ⵜⵓⵜⵔⴰ ⵏⵏⵓⵏ: R-0"
    for delivery, outgoing in zip(await all_deliveries(sessions), collecting.taken, strict=True):
        assert delivery.status is DeliveryStatus.SENT
        assert delivery.reference == outgoing.reference
        assert delivery.sent_at == clock.now
        assert delivery.provider_reference is not None
        assert delivery.locked_by is None
    assert [await deliver_once(worker, channel) for channel in Channel] == [0, 0]


async def test_a_code_is_sent_and_its_secret_wiped(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await send_code(sessions, sealer, clock.now)
    await deliver_once(hire(collecting), Channel.SMS)
    assert collecting.taken[0].body.endswith("\n@rsu.example.ma #918273")
    assert (await only_delivery(sessions)).sealed is None


async def test_codes_overtake_the_notices_that_wait(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await tell(sessions, clock.now, count=BATCH * 2)
    await send_code(sessions, sealer, clock.advance(seconds=1))
    await deliver_once(hire(collecting), Channel.SMS)
    assert len(collecting.taken) == BATCH
    assert Template.SIGN_IN_CODE in {outgoing.template for outgoing in collecting.taken}


async def test_two_workers_at_once_deliver_each_message_exactly_once(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await tell(sessions, clock.now, count=200)
    stop = asyncio.Event()
    workers = [asyncio.create_task(run(hire(collecting), stop)) for _ in range(2)]

    async def is_done() -> bool:
        return all(delivery.status is DeliveryStatus.SENT for delivery in await all_deliveries(sessions))

    await until(is_done)
    stop.set()
    await asyncio.gather(*workers)
    assert len(collecting.taken) == 200
    assert set(Counter(outgoing.reference for outgoing in collecting.taken).values()) == {1}
    assert {delivery.attempts for delivery in await all_deliveries(sessions)} == {1}


class DyingAfterSend(DemonstrationProvider):
    """The message has left and the process ends before that is written down."""

    async def send(self, outgoing: Outgoing) -> Accepted:
        await super().send(outgoing)
        raise asyncio.CancelledError


async def test_a_worker_killed_between_send_and_record_loses_nothing(
    sessions: Sessions, sealer: Sealer, clock: Clock, hire: Hire
) -> None:
    await tell(sessions, clock.now, count=3)
    await send_code(sessions, sealer, clock.now)
    with pytest.raises(asyncio.CancelledError):
        await deliver_once(hire(DyingAfterSend(sessions, clock)), Channel.SMS)
    left = await all_deliveries(sessions)
    assert {delivery.status for delivery in left} == {DeliveryStatus.SENDING}

    other = hire(DemonstrationProvider(sessions, clock))
    assert await deliver_once(other, Channel.SMS) == 0
    clock.advance(seconds=LEASE.total_seconds())
    assert await deliver_once(other, Channel.SMS) == 4

    sent = await all_deliveries(sessions)
    assert {delivery.status for delivery in sent} == {DeliveryStatus.SENT}
    assert [delivery.reference for delivery in sent] == [delivery.reference for delivery in left]
    async with sessions() as session:
        received = (await session.exec(select(DemonstrationMessage.reference))).all()
    assert sorted(received) == sorted(delivery.reference for delivery in sent)


async def test_a_worker_that_lost_its_lease_changes_nothing(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await tell(sessions, clock.now)
    other = hire(collecting)

    class Slow:
        async def send(self, outgoing: Outgoing) -> Accepted:
            clock.advance(seconds=LEASE.total_seconds())
            await deliver_once(other, Channel.SMS)
            raise LastingFailure("too_late_to_matter")

    await deliver_once(hire(Slow()), Channel.SMS)
    delivery = await only_delivery(sessions)
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.SENT, None)
    assert len(collecting.taken) == 1


async def test_a_slow_channel_does_not_hold_up_the_other_and_a_stop_waits_for_what_is_on_its_way(
    sessions: Sessions, recipient: Recipient, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    leave = asyncio.Event()

    class Slow:
        async def send(self, outgoing: Outgoing) -> Accepted:
            await leave.wait()
            return Accepted()

    await tell(sessions, clock.now, recipient, count=BATCH * 3)
    stop = asyncio.Event()
    working = asyncio.create_task(run(hire(sms=Slow(), email=collecting), stop))

    async def is_done() -> bool:
        return len(collecting.taken) == BATCH * 3

    await until(is_done)
    stop.set()
    await asyncio.sleep(0.05)
    assert not working.done()
    leave.set()
    await working
    by_sms = Counter(
        delivery.status for delivery in await all_deliveries(sessions) if delivery.channel is Channel.SMS
    )
    assert by_sms == {DeliveryStatus.SENT: BATCH, DeliveryStatus.QUEUED: BATCH * 2}


async def test_the_log_tells_what_was_done_and_to_nobody_in_particular(
    sessions: Sessions,
    sealer: Sealer,
    clock: Clock,
    hire: Hire,
    collecting: Collecting,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await send_code(sessions, sealer, clock.now)
    await send_code(sessions, sealer, clock.now)
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


async def test_an_hour_of_backlog_drains_quickly(
    sessions: Sessions, clock: Clock, hire: Hire, collecting: Collecting
) -> None:
    await tell(sessions, clock.now, count=300)
    began = time.perf_counter()
    while await deliver_once(hire(collecting), Channel.SMS):
        pass
    per_second = 300 / (time.perf_counter() - began)
    assert len(collecting.taken) == 300
    # 10,000 notices in a quarter of an hour are eleven a second.
    assert per_second > 11 * 2, f"{per_second:.0f} a second on {os.cpu_count()} processors"
