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
from registry.sources.marks import Mark, MarkKind, keep_marks, marks_of
from registry.sources.origins import Change, changes_since_declared
from registry.sources.tables import Contradiction, ContradictionStatus, SourceFact, SourceInquiry
from registry.sources.values import write_value
from registry.tables import Household, Origin
from registry.versions import Version, VersionMember, membership_ids

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


async def reconsider(
    session: AsyncSession, *, household: Household, version: Version, now: datetime
) -> tuple[Contradiction, ...]:
    """Look at what the sources say of a locked household's current facts, and return what contradicts them newly.

    What no longer does is closed; what is new is told to the head of the household. No index is touched here.
    """
    file = await _read(session, household, version, now)
    if file is None:
        return ()
    contradicting = {finding.name: finding for finding in file.found if finding.contradicts}
    await _close_those_gone(session, file, contradicting, now)
    fresh = [finding for finding in contradicting.values() if _is_new(file, finding)]
    new = [row for finding in fresh if (row := await _add(session, file, finding, now))]
    file = replace(file, rows=[*file.rows, *new])
    await _tell(session, file, now)
    await _mark(session, file, now)
    return tuple(new)


async def refresh_marks(
    session: AsyncSession, *, household: Household, version: Version, now: datetime
) -> None:
    """Write down anew what the pages say of the origin of each fact."""
    file = await _read(session, household, version, now)
    if file is not None:
        await _mark(session, file, now)


async def _mark(session: AsyncSession, file: _File, now: datetime) -> None:
    marks = marks_of(
        findings=file.found,
        contradictions=file.rows,
        changes=file.changes,
        unanswered=await _unanswered(session, file, local_date(now)) | _by_default(file.version),
    )
    await keep_marks(
        session, household_id=file.household.id, marks=marks, open_contradictions=len(waiting(file.rows))
    )


async def _read(session: AsyncSession, household: Household, version: Version, now: datetime) -> _File | None:
    """None while an invited adult has not answered: half a household is compared with nothing."""
    if not version.declaration.complete:
        return None
    ids = await membership_ids(session, version)
    references = {membership_id: reference for reference, membership_id in ids.items()}
    people = [member.person_id for member in version.members]
    told = (await session.exec(select(SourceFact).where(col(SourceFact.person_id).in_(people)))).all()
    rows = await contradictions_of(session, household_id=household.id)
    return _File(
        household=household,
        version=version,
        references=references,
        told=told,
        found=findings(version, told, references, local_date(now)),
        rows=rows,
        changes=await changes_since_declared(session, version=version, references=references),
    )


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
    file = await _read(session, household, version, now)
    if file is None:
        return ()
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
    found = await session.exec(
        select(Contradiction)
        .where(Contradiction.household_id == household_id)
        .order_by(col(Contradiction.id))
        .execution_options(populate_existing=True)
    )
    return found.all()


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


async def _unanswered(session: AsyncSession, file: _File, today: date) -> dict[str, Mark]:
    """The facts whose source was asked, with the day; whatever has an answer is marked by it afterwards."""
    found = await session.exec(
        select(SourceInquiry).where(
            SourceInquiry.household_id == file.household.id, col(SourceInquiry.asked_at).is_not(None)
        )
    )
    asked = {row.source: local_date(row.asked_at) for row in found if row.asked_at}
    known = {finding.name for finding in file.found}
    return {
        name: Mark(MarkKind.UNANSWERED, asked[rule.answered_by], rule.answered_by)
        for name, rule in asked_facts(file.version, file.references, today).items()
        if rule.answered_by in asked and name not in known
    }


def waiting(rows: Iterable[Contradiction]) -> tuple[Contradiction, ...]:
    """Those that the citizen has not answered, the oldest first."""
    return tuple(row for row in rows if row.status is ContradictionStatus.OPEN)
