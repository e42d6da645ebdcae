"""Contradictions: found when a source answers or the facts change, and shown to the citizen before anything else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.accounts import recipient_of
from identity.audit import SYSTEM, record
from identity.tables import Account
from notifications.messages import Template
from notifications.outbox import notify
from notifications.references import new_reference
from notifications.tables import BOTH
from registry.acts import Act
from registry.dates import local_date
from registry.delays import due_on
from registry.facts import BirthPrecision
from registry.rows import insert_unless_taken
from registry.sources.findings import Finding, asked_facts, findings
from registry.sources.marks import KeptMarks, Mark, MarkKind, keep_marks, marks_of
from registry.sources.origins import Change, changes_since_declared
from registry.sources.tables import Contradiction, ContradictionStatus, SourceFact, SourceInquiry
from registry.sources.values import write_value
from registry.tables import Household, Membership, Origin
from registry.versions import Version, VersionMember

LIVE = (ContradictionStatus.OPEN, ContradictionStatus.CONTESTED)
PAGE = "/household/sources"
# Six registers may answer within minutes of each other: the telephone rings once.
QUIET = timedelta(hours=24)


@dataclass(frozen=True)
class _File:
    """All that is known about the facts of a household on a day."""

    household: Household
    version: Version
    references: Mapping[int, str]
    told: Sequence[SourceFact]
    found: Sequence[Finding]
    rows: Sequence[Contradiction]
    changes: Mapping[str, Change]
    asked: Mapping[str, date]


async def reconsider(
    session: AsyncSession, *, household: Household, version: Version, now: datetime
) -> tuple[Contradiction, ...]:
    """Look at what the sources say of a locked household's current facts, and return what contradicts them newly.

    What no longer does is closed; what is new is told to the head of the household. No index is touched here.
    """
    return await reconsider_all(session, versions=[(household, version)], now=now)


async def reconsider_all(
    session: AsyncSession, *, versions: Sequence[tuple[Household, Version]], now: datetime
) -> tuple[Contradiction, ...]:
    """The same for many locked households, in about as many statements as for one where nothing is new."""
    looked_at, added = [], []
    for file in await _read(session, versions, now):
        contradicting = {finding.name: finding for finding in file.found if finding.contradicts}
        await _close_those_gone(session, file, contradicting, now)
        fresh = [finding for finding in contradicting.values() if _is_new(file, finding)]
        new = [row for finding in fresh if (row := await _add(session, file, finding, now))]
        looked_at.append(replace(file, rows=[*file.rows, *new]))
        added += new
        await _tell(session, looked_at[-1], now)
    await _mark(session, looked_at, now)
    return tuple(added)


async def refresh_marks(
    session: AsyncSession, *, household: Household, version: Version, now: datetime
) -> None:
    """Write down anew what the pages say of the origin of each fact."""
    await _mark(session, await _read(session, [(household, version)], now), now)


async def _mark(session: AsyncSession, files: Iterable[_File], now: datetime) -> None:
    today = local_date(now)
    await keep_marks(
        session,
        {
            file.household.id: KeptMarks(
                marks_of(
                    findings=file.found,
                    contradictions=file.rows,
                    changes=file.changes,
                    unanswered=_unanswered(file, today) | _by_default(file.version),
                ),
                len(waiting(file.rows)),
            )
            for file in files
        },
    )


async def _read(
    session: AsyncSession, versions: Sequence[tuple[Household, Version]], now: datetime
) -> list[_File]:
    """Without those where an invited adult has not answered: half a household is compared with nothing."""
    whole = [(household, version) for household, version in versions if version.declaration.complete]
    households = [household.id for household, _ in whole]
    references = await _references(session, [version for _, version in whole])
    told = await _told(session, [version for _, version in whole])
    rows = await _contradictions(session, households)
    asked = await _asked(session, households)
    return [
        _File(
            household=household,
            version=version,
            references=references,
            told=(
                of_household := [row for each in version.members for row in told.get(each.person_id or 0, ())]
            ),
            found=findings(version, of_household, references, local_date(now)),
            rows=rows.get(household.id, []),
            changes=await changes_since_declared(session, version=version, references=references),
            asked=asked.get(household.id, {}),
        )
        for household, version in whole
    ]


async def _references(session: AsyncSession, versions: Sequence[Version]) -> dict[int, str]:
    wanted = [member.membership_id for version in versions for member in version.members]
    found = await session.exec(
        select(Membership.id, Membership.reference).where(col(Membership.id).in_(wanted))
    )
    return dict(found.all())


async def _told(session: AsyncSession, versions: Sequence[Version]) -> dict[int, list[SourceFact]]:
    people = {member.person_id for version in versions for member in version.members}
    found = await session.exec(select(SourceFact).where(col(SourceFact.person_id).in_(people)))
    told: dict[int, list[SourceFact]] = {}
    for row in found:
        told.setdefault(row.person_id, []).append(row)
    return told


async def _contradictions(
    session: AsyncSession, household_ids: Sequence[int]
) -> dict[int, list[Contradiction]]:
    found = await session.exec(
        select(Contradiction)
        .where(col(Contradiction.household_id).in_(household_ids))
        .order_by(col(Contradiction.id))
        .execution_options(populate_existing=True)
    )
    rows: dict[int, list[Contradiction]] = {}
    for row in found:
        rows.setdefault(row.household_id, []).append(row)
    return rows


async def _asked(session: AsyncSession, household_ids: Sequence[int]) -> dict[int, dict[str, date]]:
    """On which day each source was last asked about each household."""
    found = await session.exec(
        select(SourceInquiry.household_id, SourceInquiry.source, SourceInquiry.asked_at).where(
            col(SourceInquiry.household_id).in_(household_ids), col(SourceInquiry.asked_at).is_not(None)
        )
    )
    asked: dict[int, dict[str, date]] = {}
    for household_id, source, at in found:
        if at is not None:
            asked.setdefault(household_id, {})[source] = local_date(at)
    return asked


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """A fact that has a source, as it is on file, with what the source says of it; None where it has not answered."""

    name: str
    source: str
    declared: Any
    finding: Finding | None


async def source_answers(
    session: AsyncSession, *, household: Household, version: Version, now: datetime
) -> tuple[SourceAnswer, ...]:
    """Every fact of a household that some source can answer; none while an invited adult has not answered."""
    files = await _read(session, [(household, version)], now)
    if not files:
        return ()
    file = files[0]
    found = {finding.name: finding for finding in file.found}
    members = {file.references[member.membership_id]: member for member in version.members}
    return tuple(
        SourceAnswer(name, rule.answered_by, _on_file(version, members, name), found.get(name))
        for name, rule in asked_facts(version, file.references, local_date(now)).items()
    )


def _on_file(version: Version, members: Mapping[str, VersionMember], name: str) -> Any:
    reference, _, fact = name.rpartition(".")
    return getattr(members[reference].answers if reference else version.household, fact)


async def contradictions_of(session: AsyncSession, *, household_id: int) -> Sequence[Contradiction]:
    """Every contradiction of a household that there ever was, the oldest first."""
    return (await _contradictions(session, [household_id])).get(household_id, [])


async def _close_those_gone(
    session: AsyncSession, file: _File, contradicting: Mapping[str, Finding], now: datetime
) -> None:
    """An open contradiction that is another one now makes way for it. One before an officer waits for the officer."""
    for row in file.rows:
        finding = contradicting.get(row.fact)
        if row.status is ContradictionStatus.OPEN and (finding is None or not _is_about(row, finding)):
            row.status, row.ended_at = ContradictionStatus.GONE, now
            session.add(row)
            await session.flush()


def _is_about(row: Contradiction, finding: Finding) -> bool:
    return (row.source, row.source_value, row.declared_value) == (
        finding.rule.answered_by,
        write_value(finding.value),
        write_value(finding.declared),
    )


def _is_new(file: _File, finding: Finding) -> bool:
    """Not what is open, nor what an officer has settled: by deciding about it, or by changing the fact knowing it."""
    for row in file.rows:
        if row.fact == finding.name and row.status in LIVE:
            return False
        if row.status is ContradictionStatus.DECIDED and row.fact == finding.name and _is_about(row, finding):
            return False
    change = file.changes.get(finding.name)
    return not (
        change is not None
        and change.origin is Origin.CORRECTION
        and all(row.told_at <= change.at for row in file.told if row.fact == finding.fact)
    )


async def _add(session: AsyncSession, file: _File, finding: Finding, now: datetime) -> Contradiction | None:
    reference = new_reference("S")
    added = await insert_unless_taken(
        session,
        Contradiction,
        reference=reference,
        household_id=file.household.id,
        fact=finding.name,
        source=finding.rule.answered_by,
        source_value=write_value(finding.value),
        as_of=finding.as_of,
        declared_value=write_value(finding.declared),
        declaration_id=file.version.declaration.id,
        counts=finding.rule.counts,
        found_at=now,
        status=ContradictionStatus.OPEN,
    )
    if added is None:
        return None
    await record(
        session,
        actor=SYSTEM,
        action=Act.SOURCE_CONTRADICTS,
        household_id=file.household.id,
        reference=reference,
        details={"source": finding.rule.answered_by, "fact": finding.fact},
        now=now,
    )
    return await session.get_one(Contradiction, added)


async def _tell(session: AsyncSession, file: _File, now: datetime) -> None:
    """Tell the head of everything that they were not told yet, once. Without an account there is nobody to show it to,
    and nothing begins to run.
    """
    untold = [row for row in file.rows if row.status is ContradictionStatus.OPEN and row.told_at is None]
    head = await _account(session, file.household.head_person_id) if untold else None
    if head is None:
        return
    rang = any(row.told_at and now - row.told_at < QUIET for row in file.rows)
    await notify(
        session,
        recipient=recipient_of(head),
        template=Template.SOURCE_CONTRADICTS,
        values={"date": local_date(now)},
        link=PAGE,
        channels=frozenset() if rang else BOTH,
        now=now,
    )
    for row in untold:
        row.told_at = now
        row.counts_from = _counts_from(file, row, local_date(now))
        session.add(row)
    await session.flush()


def _counts_from(file: _File, row: Contradiction, today: date) -> date | None:
    days = next((finding.rule.after_days for finding in file.found if finding.name == row.fact), None)
    return due_on(today, days) if days is not None else None


async def _account(session: AsyncSession, person_id: int) -> Account | None:
    found = await session.exec(
        select(Account).where(Account.person_id == person_id, col(Account.disabled_at).is_(None))
    )
    return found.first()


def _by_default(version: Version) -> dict[str, Mark]:
    """Ages are counted from the first possible day where the register does not know the day of birth."""
    if all(member.birth_precision is BirthPrecision.DAY for member in version.members):
        return {}
    return {"birth_date": Mark(MarkKind.DEFAULT, version.declaration.facts_on)}


def _unanswered(file: _File, today: date) -> dict[str, Mark]:
    """The facts whose source was asked, with the day; whatever has an answer is marked by it afterwards."""
    known = {finding.name for finding in file.found}
    return {
        name: Mark(MarkKind.UNANSWERED, file.asked[rule.answered_by], rule.answered_by)
        for name, rule in asked_facts(file.version, file.references, today).items()
        if rule.answered_by in file.asked and name not in known
    }


def waiting(rows: Iterable[Contradiction]) -> tuple[Contradiction, ...]:
    """Those that the citizen has not answered, the oldest first."""
    return tuple(row for row in rows if row.status is ContradictionStatus.OPEN)
