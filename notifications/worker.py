"""Sending what waits: take a few deliveries, send them outside any transaction, write down what became of each."""

import asyncio
import json
import logging
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications import queue
from notifications.circuit import Circuit
from notifications.country import country
from notifications.messages import Template, decode_values
from notifications.outbox import seal_context
from notifications.providers.protocol import LastingFailure, Outgoing, PassingFailure, Provider
from notifications.queue import Claimed
from notifications.rendering import Portal, load_texts, render
from notifications.sealing import Sealer
from notifications.segments import measure
from notifications.spending import Ceiling, may_leave, until_tomorrow
from notifications.tables import Channel, DeliveryStatus

log = logging.getLogger(__name__)

BATCH: Final = 10
POLL_SECONDS: Final = 1.0
AFTER_FAILURE_SECONDS: Final = 5.0
# Whatever a provider does, a send ends well before the lease on its delivery does.
SEND_LIMIT: Final = timedelta(seconds=20)
PROBLEM: Final = "problem"
OVER_THE_CEILING: Final = "over_the_ceiling"


@dataclass(frozen=True)
class Worker:
    """`sessions` begin writing transactions; `providers` has one entry for each channel that is served."""

    sessions: async_sessionmaker[AsyncSession]
    providers: Mapping[Channel, Provider]
    portal: Portal
    sealer: Sealer
    clock: Callable[[], datetime]
    ceiling: Ceiling | None = None
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    circuits: Mapping[Channel, Circuit] = field(
        default_factory=lambda: {channel: Circuit() for channel in Channel}
    )


@dataclass(frozen=True)
class Sent:
    provider_reference: str | None


@dataclass(frozen=True)
class Ended:
    status: DeliveryStatus
    error: str


@dataclass(frozen=True)
class Delayed:
    error: str
    retry_after: timedelta | None = None
    is_problem: bool = False


Outcome = Sent | Ended | Delayed


async def run(worker: Worker, stop: asyncio.Event) -> None:
    """Serve every channel until `stop` is set, then finish what is on its way. One channel never waits for another.

    Raises `BadTemplate` at once when a text is missing or cannot be filled in.
    """
    load_texts(of=country())
    async with asyncio.TaskGroup() as channels:
        for channel in worker.providers:
            channels.create_task(_serve(worker, channel, stop))


async def _serve(worker: Worker, channel: Channel, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            if await deliver_once(worker, channel) == 0:
                await _wait(stop, POLL_SECONDS)
        except Exception as failure:
            # Nearly always the database. What was taken comes back when its lease ends.
            log.error("outbox_unavailable channel=%s error=%s", channel, type(failure).__name__)
            await _wait(stop, AFTER_FAILURE_SECONDS)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


async def deliver_once(worker: Worker, channel: Channel) -> int:
    """Take what is due on one channel, at most a batch, and see each to its outcome. Returns how many were taken."""
    now = worker.clock()
    room = worker.circuits[channel].room(BATCH, now)
    async with worker.sessions() as session, session.begin():
        if room == 0:
            await queue.expire_codes(session, channel=channel, now=now)
            return 0
        claimed = await queue.claim_due(session, channel=channel, limit=room, holder=worker.name, now=now)
    done = await asyncio.gather(*(_deliver(worker, delivery) for delivery in claimed), return_exceptions=True)
    for failure in done:
        if isinstance(failure, BaseException):
            raise failure
    return len(claimed)


async def _deliver(worker: Worker, claimed: Claimed) -> None:
    outcome = (
        _end_unsent(claimed, worker.clock())
        or await _hold_back(worker, claimed)
        or await _try(worker, claimed)
    )
    async with worker.sessions() as session, session.begin():
        await _record(session, claimed, outcome, worker.clock())


def _end_unsent(claimed: Claimed, now: datetime) -> Ended | None:
    match claimed.is_over(now):
        case DeliveryStatus.EXPIRED:
            return Ended(DeliveryStatus.EXPIRED, queue.EXPIRED)
        case DeliveryStatus.FAILED:
            return Ended(DeliveryStatus.FAILED, queue.TOO_OLD)
    if claimed.problems >= queue.PROBLEMS_TO_SET_ASIDE:
        log.error("delivery_set_aside reference=%s template=%s", claimed.reference, claimed.template)
        return Ended(DeliveryStatus.FAILED, queue.SET_ASIDE)
    return None


async def _hold_back(worker: Worker, claimed: Claimed) -> Delayed | None:
    """Until tomorrow, when today has cost too much. A code is over by then and ends unsent."""
    if worker.ceiling is None or claimed.channel is not Channel.SMS:
        return None
    now = worker.clock()
    async with worker.sessions() as session, session.begin():
        if await may_leave(session, claimed.template, ceiling=worker.ceiling, now=now):
            return None
    return Delayed(OVER_THE_CEILING, until_tomorrow(now))


async def _try(worker: Worker, claimed: Claimed) -> Outcome:
    circuit = worker.circuits[claimed.channel]
    try:
        outgoing = _write(worker, claimed)
        async with asyncio.timeout(SEND_LIMIT.total_seconds()):
            accepted = await worker.providers[claimed.channel].send(outgoing)
    except LastingFailure as refused:
        circuit.note_answer()
        return Ended(DeliveryStatus.FAILED, refused.code)
    except PassingFailure as failure:
        _note_failure(worker, claimed.channel)
        return Delayed(failure.code, failure.retry_after)
    except TimeoutError:
        _note_failure(worker, claimed.channel)
        return Delayed("timeout")
    except Exception as problem:
        # Only what kind and where: the words of an unforeseen error may hold the message or the address.
        where = traceback.extract_tb(problem.__traceback__)[-1]
        kind = type(problem).__name__
        log.error(
            "delivery_problem reference=%s error=%s at=%s:%s",
            claimed.reference,
            kind,
            where.name,
            where.lineno,
        )
        return Delayed(PROBLEM, is_problem=True)
    circuit.note_answer()
    return Sent(accepted.provider_reference)


def _note_failure(worker: Worker, channel: Channel) -> None:
    if worker.circuits[channel].note_failure(worker.clock()):
        log.warning("channel_resting channel=%s", channel)


def _write(worker: Worker, claimed: Claimed) -> Outgoing:
    """The message as it is sent: put together now, so that a code is nowhere in clear before."""
    values = decode_values(claimed.values)
    if claimed.sealed is not None:
        values |= json.loads(worker.sealer.unseal(claimed.sealed, seal_context(claimed.reference)))
    text = render(
        Template(claimed.template),
        claimed.language,
        claimed.channel,
        values,
        portal=worker.portal,
        link=claimed.link,
    )
    if claimed.channel is Channel.SMS:
        _note_size(claimed, text.body)
    return Outgoing(
        reference=claimed.reference,
        channel=claimed.channel,
        address=claimed.address,
        language=claimed.language,
        template=claimed.template,
        subject=text.subject,
        body=text.body,
    )


def _note_size(claimed: Claimed, body: str) -> None:
    size = measure(body)
    log.info(
        "sms_written reference=%s template=%s language=%s encoding=%s units=%s segments=%s",
        claimed.reference,
        claimed.template,
        claimed.language,
        size.encoding,
        size.units,
        size.segments,
    )


async def _record(session: AsyncSession, claimed: Claimed, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Sent():
            is_held = await queue.record_sent(
                session, claimed, now=now, provider_reference=outcome.provider_reference
            )
        case Ended():
            is_held = await queue.record_end(session, claimed, status=outcome.status, error=outcome.error)
        case Delayed():
            is_held = await _record_delay(session, claimed, outcome, now)
    log.info(
        "delivery reference=%s template=%s channel=%s attempt=%s outcome=%s held=%s",
        claimed.reference,
        claimed.template,
        claimed.channel,
        claimed.attempt,
        "sent" if isinstance(outcome, Sent) else outcome.error,
        is_held,
    )


async def _record_delay(session: AsyncSession, claimed: Claimed, delay: Delayed, now: datetime) -> bool:
    available_at = queue.next_try(claimed, now=now, retry_after=delay.retry_after)
    if claimed.expires_at is not None and available_at >= claimed.expires_at:
        return await queue.record_end(session, claimed, status=DeliveryStatus.EXPIRED, error=delay.error)
    return await queue.put_back(
        session, claimed, available_at=available_at, error=delay.error, is_problem=delay.is_problem
    )
