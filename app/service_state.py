"""The state of the service now, read from the database: what the log's alarms say, for somebody who reads no log."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from sqlalchemy import case, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.requests import Portal
from app.schema import is_current
from identity.known_secrets import known_secrets
from identity.proofs import guards
from identity.proofs.tables import Guard
from notifications.outbox import outbox_age
from notifications.spending import sent_on
from notifications.tables import WAITING, Channel, Delivery, DeliveryStatus
from registry.dates import local_date
from registry.model_life.known import Known, Phase, known_versions
from registry.national.tables import RecomputationRun
from registry.profiles import profile
from registry.sources.configuration import Source, sources
from registry.sources.tables import SourceInquiry

# Messages are looked at from the newest back: a country’s recomputation writes millions in a day.
LATEST: Final = 50_000
LATE: Final = dt.timedelta(minutes=15)
DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class ChannelState:
    """What left on a channel in the last day, what did not, and what waits now."""

    channel: Channel
    sent: int
    failed: int
    waiting: int


@dataclass(frozen=True)
class SourceState:
    """How many households a source is to be asked about now, and about how many it could not answer so far."""

    source: Source
    due: int
    failing: int


@dataclass(frozen=True)
class ServiceState:
    """`guard` is the codes guard while it is closed; `earlier_secrets` are still known beside the present one."""

    guard: Guard | None
    codes: guards.Sending
    sms_today: int
    sms_ceiling: int | None
    outbox_age: dt.timedelta
    channels: tuple[ChannelState, ...]
    run: RecomputationRun | None
    sources: tuple[SourceState, ...]
    coming: tuple[Known, ...]
    earlier_secrets: tuple[str, ...]
    migrated: bool
    version: str
    database: str

    @property
    def is_outbox_late(self) -> bool:
        return self.outbox_age >= LATE

    @property
    def sms_percent(self) -> int | None:
        return self.sms_today * 100 // self.sms_ceiling if self.sms_ceiling else None


async def service_state(portal: Portal, session: AsyncSession, *, now: dt.datetime) -> ServiceState:
    today, has_index = local_date(now), profile().index
    versions = await known_versions(session, today=today) if has_index else ()
    secrets = await known_secrets(session)
    return ServiceState(
        guard=await guards.closed_guard(session, now=now),
        codes=await guards.codes_of_the_hour(session, now=now),
        sms_today=await sent_on(session, now=now),
        sms_ceiling=portal.settings.sms_daily_ceiling,
        outbox_age=await outbox_age(session, now=now),
        channels=await _channels(session, now),
        run=await _last_run(session) if has_index else None,
        sources=await _sources(session, now) if has_index else (),
        coming=tuple(known for known in versions if known.phase is Phase.APPROVED),
        earlier_secrets=tuple(each.name for each in secrets[:-1] if each.retired_at is None),
        migrated=await is_current(portal.engine),
        version=version("tiwizi"),
        database="PostgreSQL" if portal.engine.dialect.name == "postgresql" else "SQLite",
    )


async def _channels(session: AsyncSession, now: dt.datetime) -> tuple[ChannelState, ...]:
    waiting = await _by_channel(
        session, select(Delivery.channel, func.count()).where(WAITING).group_by(col(Delivery.channel))
    )
    latest = (
        select(Delivery.channel, Delivery.status)
        .where(col(Delivery.id) > select(func.max(Delivery.id) - LATEST).scalar_subquery())
        .where(col(Delivery.created_at) > now - DAY)
        .subquery()
    )
    sent, lost = [
        await _by_channel(
            session,
            select(latest.c.channel, func.count())
            .where(latest.c.status.in_(states))
            .group_by(latest.c.channel),
        )
        for states in ((DeliveryStatus.SENT,), (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED))
    ]
    return tuple(ChannelState(each, sent[each], lost[each], waiting[each]) for each in Channel)


async def _by_channel(session: AsyncSession, counted: Any) -> Counter[Channel]:
    return Counter({Channel(channel): number for channel, number in await session.exec(counted)})


async def _last_run(session: AsyncSession) -> RecomputationRun | None:
    latest = (
        select(RecomputationRun)
        .where(col(RecomputationRun.is_dry_run).is_(False))
        .order_by(col(RecomputationRun.id).desc())
        .limit(1)
    )
    return (await session.exec(latest)).one_or_none()


async def _sources(session: AsyncSession, now: dt.datetime) -> tuple[SourceState, ...]:
    """Only what is still to be asked: the rest of the table is as long as the country is large."""
    rows = await session.exec(
        select(
            SourceInquiry.source,
            func.count(case((col(SourceInquiry.due_at) <= now, 1))),
            func.count(case((col(SourceInquiry.last_error).is_not(None), 1))),
        )
        .where(col(SourceInquiry.due_at).is_not(None))
        .group_by(col(SourceInquiry.source))
    )
    found = {name: (due, failing) for name, due, failing in rows}
    return tuple(SourceState(source, *found.get(name, (0, 0))) for name, source in sources().items())
