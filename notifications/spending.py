"""What a day of short messages may cost. The count is in the database: however many workers there are, it is one.

At 50, 80 and 100 percent of the ceiling the operators are told. From 120 percent on only what people need to get in, or
to save their account, still leaves today; codes that strangers ask for end unsent, and notices wait for the next day.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.messages import Template
from notifications.tables import SmsDay

log = logging.getLogger(__name__)

COUNTRY_TIME: Final = ZoneInfo("Africa/Casablanca")
ALARMS: Final = (50, 80, 100)
STOP: Final = 120
# Codes of accounts that exist, the code read out at a centre, and the warning that a number was changed.
NEVER_HELD_BACK: Final = frozenset(
    {
        Template.SIGN_IN_CODE,
        Template.RECOVERY_CODE,
        Template.PROOF_CODE,
        Template.VISIT_CODE,
        Template.PHONE_CANCEL_CODE,
        Template.PHONE_CHANGED,
    }
)


@dataclass(frozen=True)
class Ceiling:
    messages: int

    @property
    def stop(self) -> int:
        return self.messages * STOP // 100

    def alarm_at(self, count: int) -> int | None:
        """The percentage that this very message reaches."""
        reached = [share for share in (*ALARMS, STOP) if count == -(-self.messages * share // 100)]
        return reached[-1] if reached else None


async def may_leave(session: AsyncSession, template: str, *, ceiling: Ceiling, now: datetime) -> bool:
    """Count one message of today, in one statement; False, and nothing counted, when it has to stay."""
    day = now.astimezone(COUNTRY_TIME).date()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    needed = literal(template in NEVER_HELD_BACK)
    counted = (
        insert(SmsDay)
        .values(day=day, count=1)
        .on_conflict_do_update(
            index_elements=["day"],
            set_={"count": col(SmsDay.count) + 1},
            where=needed | (col(SmsDay.count) < ceiling.stop),
        )
        .returning(col(SmsDay.count))
    )
    count = (await session.exec(counted)).scalar_one_or_none()
    if count is None:
        return False
    if share := ceiling.alarm_at(count):
        log.error("sms_ceiling percent=%s sent=%s ceiling=%s", share, count, ceiling.messages)
    return True


async def sent_on(session: AsyncSession, *, now: datetime) -> int:
    """How many short messages were counted today; none where no ceiling is set."""
    counted = select(SmsDay.count).where(SmsDay.day == now.astimezone(COUNTRY_TIME).date())
    return (await session.exec(counted)).one_or_none() or 0


def until_tomorrow(now: datetime) -> timedelta:
    """How long until the next day of the country begins."""
    here = now.astimezone(COUNTRY_TIME)
    midnight = datetime.combine(_day_after(here.date()), time.min, tzinfo=COUNTRY_TIME)
    return midnight - now


def _day_after(day: date) -> date:
    return day + timedelta(days=1)
