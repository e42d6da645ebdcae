"""Taking in what a source says: kept for ever, compared with what was declared, and no index is touched."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, entry
from registry.acts import Act
from registry.dates import local_date
from registry.households import lock_households
from registry.sources.contradictions import reconsider_all
from registry.sources.port import Answer, SourceWrong, checked
from registry.sources.queue import Taken, note_answers, note_failure
from registry.sources.tables import Contradiction, Outcome, SourceFact
from registry.tables import Household, HouseholdStatus
from registry.versions import read_versions

# By household.
Usable = Mapping[int, Sequence[Answer]]


@dataclass(frozen=True)
class Received:
    """How many households a source answered about, knew nothing of, or said what cannot be used, and what is new."""

    answered: int
    silent: int
    refused: int
    contradictions: tuple[Contradiction, ...]


async def receive(
    session: AsyncSession, *, source: str, taken: Sequence[Taken], answers: Iterable[Answer], now: datetime
) -> Received:
    """Keep what a source answered about households, of each all or nothing, and say what contradicts one newly.

    An answer that cannot be used is noted as a failure, and the source is asked again about that household.
    """
    usable = _usable(source, taken, answers, local_date(now))
    # Households before inquiries, as whoever computes an index does: so the two never wait for each other.
    households = await lock_households(session, household_ids=sorted(usable))
    for each in taken:
        if each.household_id not in usable:
            await note_failure(session, each, code=SourceWrong.code, now=now)
    told = [each for each in taken if usable.get(each.household_id)]
    silent = [each for each in taken if each.household_id in usable and not usable[each.household_id]]
    settled = await note_answers(session, told, outcome=Outcome.ANSWERED, now=now)
    settled |= await note_answers(session, silent, outcome=Outcome.SILENT, now=now)
    mine = [each for each in taken if each.inquiry_id in settled]
    await _keep(session, source, mine, usable, households, now)
    return Received(
        len(told),
        len(silent),
        len(taken) - len(told) - len(silent),
        await _reconsider(session, [households[each.household_id] for each in mine], now),
    )


def _usable(source: str, taken: Sequence[Taken], answers: Iterable[Answer], today: date) -> Usable:
    """Without the households about which the source said what cannot be used."""
    about: dict[str, list[Answer]] = {}
    for answer in answers:
        about.setdefault(answer.identifier, []).append(answer)
    usable: dict[int, Sequence[Answer]] = {}
    for each in taken:
        said = [answer for person in each.people for answer in about.get(person, ())]
        with suppress(SourceWrong):
            usable[each.household_id] = checked(source, said, asked=each.people, today=today)
    return usable


async def _keep(
    session: AsyncSession,
    source: str,
    taken: Sequence[Taken],
    usable: Usable,
    households: Mapping[int, Household],
    now: datetime,
) -> None:
    """The answers that are not what the source said last; what it says again is no new row."""
    last = await _said_last(session, source, [person for each in taken for person in each.people.values()])
    for each in taken:
        new = [
            answer
            for answer in usable[each.household_id]
            if last.get((each.people[answer.identifier], answer.fact))
            != (answer.value, answer.as_of, answer.reference)
        ]
        session.add_all(_fact(source, each.people[answer.identifier], answer, now) for answer in new)
        if new:
            noted = entry(
                actor=SYSTEM,
                action=Act.SOURCE_ANSWERED,
                household_id=each.household_id,
                reference=households[each.household_id].reference,
                details={"source": source, "facts": sorted({answer.fact for answer in new})},
                now=now,
            )
            session.add(noted)
    await session.flush()


async def _said_last(
    session: AsyncSession, source: str, people: Sequence[int]
) -> dict[tuple[int, str], tuple[object, ...]]:
    found = await session.exec(
        select(SourceFact)
        .where(col(SourceFact.person_id).in_(people), SourceFact.source == source)
        .order_by(col(SourceFact.id))
    )
    return {(row.person_id, row.fact): (row.value, row.as_of, row.reference) for row in found}


def _fact(source: str, person_id: int, answer: Answer, now: datetime) -> SourceFact:
    return SourceFact(
        person_id=person_id,
        source=source,
        fact=answer.fact,
        value=answer.value,
        as_of=answer.as_of,
        reference=answer.reference,
        told_at=now,
    )


async def _reconsider(
    session: AsyncSession, households: Iterable[Household], now: datetime
) -> tuple[Contradiction, ...]:
    current = {
        household.current_declaration_id: household
        for household in households
        if household.status is HouseholdStatus.ACTIVE and household.current_declaration_id is not None
    }
    versions = await read_versions(session, declaration_ids=list(current))
    found = [(household, versions[declaration]) for declaration, household in current.items()]
    return await reconsider_all(session, versions=found, now=now)
