"""Taking in what a source says: kept for ever, compared with what was declared, and no index is touched."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, record
from registry.acts import Act
from registry.dates import local_date
from registry.households import lock_household
from registry.sources.contradictions import reconsider
from registry.sources.port import Answer, SourceWrong, checked
from registry.sources.queue import Taken, note_answer, note_failure
from registry.sources.tables import Contradiction, Outcome, SourceFact
from registry.tables import HouseholdStatus
from registry.versions import read_version


async def receive(
    session: AsyncSession, *, source: str, taken: Taken, answers: Iterable[Answer], now: datetime
) -> tuple[Contradiction, ...]:
    """Keep what a source answered about a household, all or nothing, and return what contradicts it newly.

    An answer that cannot be used is noted as a failure, and the source is asked again.
    """
    try:
        usable = checked(source, answers, asked=taken.people, today=local_date(now))
    except SourceWrong as wrong:
        await note_failure(session, taken, code=wrong.code, now=now)
        return ()
    outcome = Outcome.ANSWERED if usable else Outcome.SILENT
    if not await note_answer(session, taken, outcome=outcome, now=now):
        return ()
    household = await lock_household(session, household_id=taken.household_id)
    new = await _keep_new(session, source, taken, usable, now)
    if new:
        await record(
            session,
            actor=SYSTEM,
            action=Act.SOURCE_ANSWERED,
            household_id=household.id,
            reference=household.reference,
            details={"source": source, "facts": sorted({answer.fact for answer in new})},
            now=now,
        )
    if household.status is not HouseholdStatus.ACTIVE or household.current_declaration_id is None:
        return ()
    version = await read_version(session, declaration_id=household.current_declaration_id)
    return await reconsider(session, household=household, version=version, now=now)


async def _keep_new(
    session: AsyncSession, source: str, taken: Taken, answers: Iterable[Answer], now: datetime
) -> list[Answer]:
    """The answers that are not what the source said last; what it says again is no new row."""
    found = await session.exec(
        select(SourceFact)
        .where(col(SourceFact.person_id).in_(taken.people.values()), SourceFact.source == source)
        .order_by(col(SourceFact.id))
    )
    last = {(row.person_id, row.fact): (row.value, row.as_of, row.reference) for row in found}
    new = [
        answer
        for answer in answers
        if last.get((taken.people[answer.identifier], answer.fact))
        != (answer.value, answer.as_of, answer.reference)
    ]
    session.add_all(
        SourceFact(
            person_id=taken.people[answer.identifier],
            source=source,
            fact=answer.fact,
            value=answer.value,
            as_of=answer.as_of,
            reference=answer.reference,
            told_at=now,
        )
        for answer in new
    )
    await session.flush()
    return new
