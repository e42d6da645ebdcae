"""How a contradiction ends: the citizen says who is right, an officer decides, or the source counts after the delay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, Actor, record
from notifications.messages import Template
from registry.acts import Act, acting
from registry.announcements import tell
from registry.dates import local_date
from registry.errors import NotFound, Refused
from registry.facts import IncompleteFacts
from registry.households import find_household, lock_household, own_household
from registry.indexes import compute_index, score_version
from registry.requests.corrections import InvalidCorrection, NothingChanged, corrected_version
from registry.rules.eligibility import Decision
from registry.rules.scoring import Index
from registry.sources.contradictions import contradictions_of, reconsider, refresh_marks
from registry.sources.tables import Contradiction, ContradictionStatus, Counts
from registry.sources.values import read_value
from registry.tables import (
    Household,
    HouseholdStatus,
    IndexReason,
    Origin,
    RecomputationRequest,
    RequestStatus,
)
from registry.versions import Version, read_version, write_version

COUNTED_AT_ONCE = 20


class AlreadyAnswered(Refused):
    """The contradiction is open no more: it was answered, it was counted, or the two agree meanwhile."""

    code = "already_answered"


@dataclass(frozen=True)
class Effect:
    """What the index would be with the value of the source, and what it would open; None where there is no index."""

    index: Index | None
    decisions: tuple[Decision, ...]


async def find_contradiction(session: AsyncSession, *, person_id: int, reference: str) -> Contradiction:
    """A contradiction of the person's household. Raises NotFound, for somebody else's too."""
    household = await find_household(session, person_id=person_id)
    rows = await contradictions_of(session, household_id=household.id) if household else ()
    for row in rows:
        if row.reference == reference:
            return row
    raise NotFound


async def effect_of(session: AsyncSession, *, contradiction: Contradiction, now: datetime) -> Effect | None:
    """What `use_source` would give, by the same rules; None while an invited adult has not answered.

    Nothing is written. Raises AlreadyAnswered, IncompleteFacts.
    """
    household = await session.get_one(Household, contradiction.household_id)
    right = await _with_source(session, household, contradiction, now)
    return Effect(*score_version(right, now)) if right.declaration.complete else None


async def use_source(
    session: AsyncSession,
    *,
    person_id: int,
    reference: str,
    language: str,
    now: datetime,
    actor: Actor | None = None,
) -> Version:
    """The head says that the source is right: a new version of the facts, sent like any declaration, and its index.

    While an invited adult has not answered, the index waits for them as it does after a declaration.

    Raises NotFound, NotHead, NoHousehold, AlreadyAnswered, IncompleteFacts.
    """
    await find_contradiction(session, person_id=person_id, reference=reference)
    household = await own_household(session, person_id=person_id)
    row = await find_contradiction(session, person_id=person_id, reference=reference)
    if row.status is not ContradictionStatus.OPEN:
        raise AlreadyAnswered
    by = acting(actor, person_id)
    version = await _write(session, household, row, by, person_id, language, now)
    await _end(session, row, ContradictionStatus.USED, version, now)
    await record(
        session,
        actor=by,
        action=Act.SOURCE_USED,
        person_id=person_id,
        household_id=household.id,
        reference=row.reference,
        details={"source": row.source, "declaration": version.declaration.reference},
        now=now,
    )
    await tell(
        session,
        person_id=person_id,
        template=Template.DECLARATION_RECEIVED,
        values={"reference": version.declaration.reference, "date": local_date(now)},
        link=f"/household/declaration/receipts/{version.declaration.reference}",
        now=now,
    )
    if version.declaration.complete:
        await compute_index(session, household=household, version=version, reason=IndexReason.SOURCE, now=now)
    return version


async def contest_source(
    session: AsyncSession,
    *,
    person_id: int,
    reference: str,
    request: RecomputationRequest,
    now: datetime,
    actor: Actor | None = None,
) -> None:
    """The citizen says that the source is wrong, in a request for recomputation: it waits for the officer now.

    Raises NotFound. What is open no more stays as it ended: the request goes its way without it.
    """
    row = await find_contradiction(session, person_id=person_id, reference=reference)
    if row.status is not ContradictionStatus.OPEN or row.household_id != request.household_id:
        return
    row.status, row.request_id = ContradictionStatus.CONTESTED, request.id
    session.add(row)
    await session.flush()
    await record(
        session,
        actor=acting(actor, person_id),
        action=Act.SOURCE_CONTESTED,
        person_id=person_id,
        household_id=row.household_id,
        reference=row.reference,
        details={"source": row.source, "request": request.reference},
        now=now,
    )
    await _refresh(session, row.household_id, now)


async def settle_contested(session: AsyncSession, *, request: RecomputationRequest, now: datetime) -> None:
    """An officer has decided the request: whatever is on file now is what was decided about the source too."""
    found = await session.exec(
        select(Contradiction).where(
            Contradiction.request_id == request.id, Contradiction.status == ContradictionStatus.CONTESTED
        )
    )
    rows = found.all()
    for row in rows:
        await _end(session, row, ContradictionStatus.DECIDED, None, now)
    if rows:
        await _refresh(session, request.household_id, now)


async def count_sources(session: AsyncSession, *, now: datetime) -> int:
    """Let the source count where the configuration says so, the head was told, and the delay has run out unanswered.

    A household with an open request is left alone until it is decided. Returns how many facts changed.
    """
    due = await session.exec(
        select(Contradiction.household_id)
        .join(Household, col(Household.id) == Contradiction.household_id)
        .where(
            Contradiction.status == ContradictionStatus.OPEN,
            Contradiction.counts == Counts.SOURCE,
            col(Contradiction.told_at).is_not(None),
            col(Contradiction.counts_from) < local_date(now),
            Household.status == HouseholdStatus.ACTIVE,
            ~_has_open_request(),
        )
        .order_by(col(Contradiction.household_id))
        .distinct()
        .limit(COUNTED_AT_ONCE)
    )
    return sum([await _count_household(session, household_id, now) for household_id in due.all()])


def _has_open_request() -> Any:
    return (
        select(RecomputationRequest.id)
        .where(
            RecomputationRequest.household_id == Contradiction.household_id,
            col(RecomputationRequest.status).in_((RequestStatus.RECEIVED, RequestStatus.IN_REVIEW)),
        )
        .exists()
    )


async def _count_household(session: AsyncSession, household_id: int, now: datetime) -> int:
    household = await lock_household(session, household_id=household_id)
    if household.current_declaration_id is None:
        return 0
    current = await read_version(session, declaration_id=household.current_declaration_id)
    if not current.declaration.complete:
        return 0
    await reconsider(session, household=household, version=current, now=now)
    counted = 0
    for row in await contradictions_of(session, household_id=household_id):
        if row.status is ContradictionStatus.OPEN and row.counts is Counts.SOURCE and _is_over(row, now):
            counted += await _count(session, household, row, now)
    return counted


def _is_over(row: Contradiction, now: datetime) -> bool:
    return row.counts_from is not None and row.counts_from < local_date(now)


async def _count(session: AsyncSession, household: Household, row: Contradiction, now: datetime) -> int:
    """One fact, in a version of its own: its index says what moved because of it alone."""
    try:
        version = await _write(
            session,
            household,
            row,
            SYSTEM,
            household.head_person_id,
            await _language(session, household),
            now,
        )
    except (AlreadyAnswered, IncompleteFacts):
        return 0
    await _end(session, row, ContradictionStatus.COUNTED, version, now)
    await record(
        session,
        actor=SYSTEM,
        action=Act.SOURCE_COUNTED,
        household_id=household.id,
        reference=row.reference,
        details={"source": row.source, "declaration": version.declaration.reference},
        now=now,
    )
    await tell(
        session,
        person_id=household.head_person_id,
        template=Template.SOURCE_COUNTED,
        values={"reference": row.reference, "date": local_date(now)},
        link=f"/household/sources/{row.reference}",
        now=now,
    )
    await compute_index(session, household=household, version=version, reason=IndexReason.SOURCE, now=now)
    return 1


async def _language(session: AsyncSession, household: Household) -> str:
    assert household.current_declaration_id is not None
    version = await read_version(session, declaration_id=household.current_declaration_id)
    return version.declaration.language


async def _with_source(
    session: AsyncSession, household: Household, row: Contradiction, now: datetime
) -> Version:
    """The current version with the value of the source in the place of the one declared. Raises AlreadyAnswered."""
    value = read_value(row.fact.rpartition(".")[2], row.source_value)
    try:
        return await corrected_version(session, household, {row.fact: value}, now)
    except (InvalidCorrection, NothingChanged):
        raise AlreadyAnswered from None


async def _write(
    session: AsyncSession,
    household: Household,
    row: Contradiction,
    actor: Actor,
    declared_by: int,
    language: str,
    now: datetime,
) -> Version:
    right = await _with_source(session, household, row, now)
    score_version(right, now)
    return await write_version(
        session,
        household=household,
        origin=Origin.SOURCE,
        facts=right.household,
        members=right.members,
        facts_on=right.declaration.facts_on,
        declared_by=declared_by,
        language=language,
        actor=actor,
        now=now,
    )


async def _end(
    session: AsyncSession,
    row: Contradiction,
    status: ContradictionStatus,
    version: Version | None,
    now: datetime,
) -> None:
    row.status, row.ended_at = status, now
    row.declaration_after_id = version.declaration.id if version else None
    session.add(row)
    await session.flush()


async def _refresh(session: AsyncSession, household_id: int, now: datetime) -> None:
    household = await session.get_one(Household, household_id, populate_existing=True)
    if household.current_declaration_id is not None:
        version = await read_version(session, declaration_id=household.current_declaration_id)
        await refresh_marks(session, household=household, version=version, now=now)
