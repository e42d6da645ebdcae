"""Days, and halves of days, on which a centre takes no appointments: its supervisor closes and reopens them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.limits import upsert
from identity.roles import Duty
from registry.acts import Act
from registry.appointments.slots import Slot, bookable_slots
from registry.appointments.tables import CentreClosing, DayPart
from registry.centres.directory import Centre
from registry.centres.officers import officer_with
from registry.dates import country_time, local_date

NOON: Final = time(12)


def span_of(day: date, part: DayPart) -> tuple[datetime, datetime]:
    """From when until before when a part of a day lasts; the morning ends at noon of the country."""
    begins, noon, ends = (
        datetime.combine(on, at, country_time()).astimezone(UTC)
        for on, at in ((day, time()), (day, NOON), (day + timedelta(days=1), time()))
    )
    match part:
        case DayPart.WHOLE_DAY:
            return begins, ends
        case DayPart.MORNING:
            return begins, noon
        case DayPart.AFTERNOON:
            return noon, ends


async def closings_of(
    session: AsyncSession, *, centre_code: str, first_day: date, last_day: date | None = None
) -> tuple[CentreClosing, ...]:
    """What a centre is closed for, from one day on, or until another one."""
    wanted = (
        select(CentreClosing)
        .where(
            CentreClosing.centre_code == centre_code,
            col(CentreClosing.reopened_at).is_(None),
            col(CentreClosing.day) >= first_day,
        )
        .order_by(col(CentreClosing.day), col(CentreClosing.id))
    )
    if last_day is not None:
        wanted = wanted.where(col(CentreClosing.day) <= last_day)
    return tuple(await session.exec(wanted))


async def open_slots(
    session: AsyncSession, *, at: Centre, now: datetime, until: datetime | None = None
) -> tuple[Slot, ...]:
    """Every slot that may be booked now, taken or not, while the centre is open."""
    closed = await closings_of(session, centre_code=at.code, first_day=local_date(now))
    spans = [span_of(each.day, each.part) for each in closed]
    return tuple(
        slot
        for slot in bookable_slots(at, now=now, until=until)
        if not any(begins <= slot.starts_at < ends for begins, ends in spans)
    )


async def close_part(
    session: AsyncSession, *, staff_id: int, day: date, part: DayPart, now: datetime
) -> None:
    """Nobody can choose these times any more; who has one keeps it until it is moved. Twice is once.

    Raises NotAllowed.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CLOSE_DAYS)
    inserted = await session.exec(
        upsert(session)(CentreClosing)
        .values(centre_code=staff.centre_code, day=day, part=part, closed_by=staff_id, closed_at=now)
        .on_conflict_do_nothing()
        .returning(col(CentreClosing.id))
    )
    if inserted.scalar_one_or_none() is not None:
        details = {"centre": staff.centre_code, "day": day.isoformat(), "part": part.value}
        await record(session, actor=officer(staff_id), action=Act.DAY_CLOSED, details=details, now=now)


async def reopen_day(session: AsyncSession, *, staff_id: int, day: date, now: datetime) -> None:
    """The times of the day can be chosen again. What was moved stays moved. Raises NotAllowed."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CLOSE_DAYS)
    reopened = await session.exec(
        update(CentreClosing)
        .where(
            col(CentreClosing.centre_code) == staff.centre_code,
            col(CentreClosing.day) == day,
            col(CentreClosing.reopened_at).is_(None),
        )
        .values(reopened_by=staff_id, reopened_at=now)
        .returning(col(CentreClosing.id))
        .execution_options(synchronize_session=False)
    )
    if reopened.first() is not None:
        details = {"centre": staff.centre_code, "day": day.isoformat()}
        await record(session, actor=officer(staff_id), action=Act.DAY_REOPENED, details=details, now=now)
