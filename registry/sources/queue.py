"""Who is still to be asked about whom: written with the index, and kept until a source has answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, literal, update
from sqlalchemy import select as core_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.limits import upsert
from identity.people.tables import Person
from notifications.columns import UtcDateTime
from registry.sources.configuration import ask_again_days, sources
from registry.sources.tables import Outcome, SourceInquiry
from registry.tables import Household, HouseholdStatus, Membership, MembershipStatus

BATCH: Final = 100
# Longer than any source is waited for: what a process that died had taken is taken again.
LEASE: Final = timedelta(minutes=5)
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)


@dataclass(frozen=True)
class Taken:
    """A household to ask one source about. It is ours as long as `held_until` is in its row."""

    inquiry_id: int
    household_id: int
    attempts: int
    held_until: datetime
    people: Mapping[str, int]


async def ask_later(session: AsyncSession, *, household_id: int, now: datetime) -> None:
    """Every source is to be asked about the household, from now on. One statement: the index does not wait for it."""
    wanted = [
        {"household_id": household_id, "source": source, "due_at": now, "attempts": 0} for source in sources()
    ]
    if not wanted:
        return
    await session.exec(
        upsert(session)(SourceInquiry)
        .values(wanted)
        .on_conflict_do_update(
            index_elements=["household_id", "source"], set_={"due_at": now, "attempts": 0, "last_error": None}
        )
    )


async def ask_everybody(
    session: AsyncSession,
    *,
    source: str,
    now: datetime,
    household: str | None = None,
    again: bool = False,
) -> None:
    """A source is to be asked about every household that has an index, or about the one of this reference.

    Those asked lately are left out unless `again`, so that a run that was interrupted goes on where it was.
    """
    since = now if again else now - timedelta(days=ask_again_days())
    wanted = core_select(
        col(Household.id),
        literal(source),
        literal(now, UtcDateTime),
        literal(0),
    ).where(col(Household.status) == HouseholdStatus.ACTIVE, col(Household.current_index_id).is_not(None))
    if household is not None:
        wanted = wanted.where(col(Household.reference) == household)
    statement = upsert(session)(SourceInquiry).from_select(
        ["household_id", "source", "due_at", "attempts"], wanted
    )
    asked_at = col(SourceInquiry.asked_at)
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["household_id", "source"],
            set_={"due_at": statement.excluded.due_at, "attempts": 0},
            where=asked_at.is_(None) | (asked_at < since),
        )
    )


async def waiting(session: AsyncSession, *, names: Collection[str], now: datetime) -> int:
    """How many households are to be asked about now."""
    found = await session.exec(
        select(func.count())
        .select_from(SourceInquiry)
        .where(col(SourceInquiry.source).in_(names), col(SourceInquiry.due_at) <= now)
    )
    return found.one()


async def take(session: AsyncSession, *, source: str, now: datetime, limit: int = BATCH) -> tuple[Taken, ...]:
    """Households to ask a source about now, held for `LEASE`; two workers never take the same one."""
    due = (
        select(SourceInquiry.id)
        .where(SourceInquiry.source == source, col(SourceInquiry.due_at) <= now)
        .order_by(col(SourceInquiry.due_at), col(SourceInquiry.id))
        .limit(min(limit, BATCH))
        .with_for_update(skip_locked=True)
    )
    held_until = now + LEASE
    rows = await session.exec(
        update(SourceInquiry)
        .where(col(SourceInquiry.id).in_(due))
        .values(due_at=held_until, attempts=SourceInquiry.attempts + 1)
        .returning(col(SourceInquiry.id), col(SourceInquiry.household_id), col(SourceInquiry.attempts))
        .execution_options(synchronize_session=False)
    )
    taken = sorted(rows.all(), key=lambda row: row[1])
    people = await _people(session, [household_id for _, household_id, _ in taken])
    return tuple(
        Taken(inquiry_id, household_id, attempts, held_until, people.get(household_id, {}))
        for inquiry_id, household_id, attempts in taken
    )


async def _people(session: AsyncSession, household_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    rows = await session.exec(
        select(Membership.household_id, Person.identifier, Person.id)
        .join(Person, col(Person.id) == Membership.person_id)
        .where(
            col(Membership.household_id).in_(household_ids),
            Membership.status == MembershipStatus.ACTIVE,
            col(Person.deceased_on).is_(None),
        )
    )
    people: dict[int, dict[str, int]] = {}
    for household_id, identifier, person_id in rows:
        assert person_id is not None
        people.setdefault(household_id, {})[identifier] = person_id
    return people


async def note_answers(
    session: AsyncSession, taken: Sequence[Taken], *, outcome: Outcome, now: datetime
) -> set[int]:
    """The source has been asked about these, which one `take` gave. Returns the inquiries that this settles: not those
    that are to be asked anew meanwhile, or that somebody else has.
    """
    if not taken:
        return set()
    return await _settle(
        session,
        taken,
        {"due_at": None, "attempts": 0, "asked_at": now, "outcome": outcome, "last_error": None},
    )


async def note_failure(session: AsyncSession, taken: Taken, *, code: str, now: datetime) -> None:
    """It is asked again, later each time."""
    wait = min(FIRST_WAIT * 2 ** min(taken.attempts - 1, 10), LONGEST_WAIT)
    await _settle(session, [taken], {"due_at": now + wait, "last_error": code})


async def _settle(session: AsyncSession, taken: Sequence[Taken], values: Mapping[str, object]) -> set[int]:
    settled = await session.exec(
        update(SourceInquiry)
        .where(
            col(SourceInquiry.id).in_([each.inquiry_id for each in taken]),
            col(SourceInquiry.due_at) == taken[0].held_until,
        )
        .values(**values)
        .returning(col(SourceInquiry.id))
        .execution_options(synchronize_session=False)
    )
    return set(settled.scalars())
