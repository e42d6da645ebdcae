"""The second half of a recomputation: what changed becomes visible, some households at a time, each of them whole.

The ledger is written by the Python reference. It must give the index that the database computed, to the last digit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import insert, update
from sqlalchemy import select as core_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.accounts import recipient_of
from identity.audit import SYSTEM
from identity.tables import Account, AuditEntry
from notifications.broadcast import ROWS_A_STATEMENT, Notice, notify_all
from notifications.messages import Template
from notifications.references import LONG, new_reference
from registry.acts import Act
from registry.announcements import INDEX_PAGE
from registry.dates import local_date
from registry.indexes import written_decision
from registry.national.sql import index_decimals
from registry.national.tables import RecomputationRun, RecomputationStage, StageState
from registry.rules.eligibility import Decision, decide
from registry.rules.scoring import Index, IndexModel
from registry.rules.variables import index_of
from registry.tables import (
    Eligibility,
    Household,
    HouseholdStatus,
    IndexEvent,
    IndexReason,
    Membership,
    MembershipStatus,
)
from registry.versions import Version, read_versions

BATCH: Final = 100
# Nothing was declared: what the new rules moved is what one wants to read.
PAGE_OF: Final = {
    Template.INDEX_RECOMPUTED: f"{INDEX_PAGE}/comparison",
    Template.ELIGIBILITY_DECIDED: INDEX_PAGE,
}


class TwoIndexes(Exception):
    """The database and the reference do not agree about a household. Nothing more may be published."""

    code = "two_indexes"

    def __init__(self, staged: RecomputationStage, in_database: Decimal, reference: Decimal) -> None:
        super().__init__(
            f"declaration {staged.declaration_id}: {in_database:f} in the database, {reference:f} by the reference"
        )


@dataclass(frozen=True, slots=True)
class Before:
    """What the event that is replaced said, apart from its ledger."""

    index: Decimal
    model: str
    decisions: list[dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """A household's new index beside the one that it replaces."""

    staged: RecomputationStage
    before: Before
    version: Version
    index: Index
    decisions: tuple[Decision, ...]

    @property
    def written(self) -> list[dict[str, Any]]:
        return [written_decision(decision) for decision in self.decisions]

    @property
    def moves_index(self) -> bool:
        return self.before.index != self.index.index or self.before.model != self.index.model

    @property
    def moves_decisions(self) -> bool:
        return _given(self.before.decisions) != _given(self.written)


async def publish_next(
    session: AsyncSession, *, run: RecomputationRun, model: IndexModel, now: datetime, limit: int = BATCH
) -> int:
    """Publish the next changed households that nobody has taken. Returns how many, 0 when none is left.

    Raises TwoIndexes.
    """
    staged = await _take(session, run.id, limit)
    if not staged:
        return 0
    current = await _lock(session, [each.household_id for each in staged])
    taken = [each for each in staged if current.get(each.household_id) == each.previous_event_id]
    changes = await _changes(session, taken, model, local_date(run.cut_off))
    published = [each for each in changes if each.moves_index or each.moves_decisions]
    await _write(session, run, published)
    await _tell(session, run.id, published, now)
    moved = {each.staged.household_id for each in published}
    kept = {each.household_id for each in taken} - moved
    overtaken = {each.household_id for each in staged} - moved - kept
    for state, households in (
        (StageState.PUBLISHED, moved),
        (StageState.SAME, kept),
        (StageState.OVERTAKEN, overtaken),
    ):
        await _mark(session, run.id, households, state)
    return len(staged)


async def _take(session: AsyncSession, run_id: int, limit: int) -> Sequence[RecomputationStage]:
    found = await session.exec(
        select(RecomputationStage)
        .where(RecomputationStage.run_id == run_id, RecomputationStage.state == StageState.CHANGED)
        .order_by(col(RecomputationStage.household_id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def _lock(session: AsyncSession, household_ids: Sequence[int]) -> dict[int, int | None]:
    """The current index of each active household, which nobody else can change until the end of the transaction."""
    rows = await session.exec(
        select(Household.id, Household.current_index_id)
        .where(col(Household.id).in_(household_ids), Household.status == HouseholdStatus.ACTIVE)
        .order_by(col(Household.id))
        .with_for_update()
    )
    return {row[0]: row[1] for row in rows}


async def _changes(
    session: AsyncSession, staged: Sequence[RecomputationStage], model: IndexModel, day: date
) -> list[Change]:
    versions = await read_versions(session, declaration_ids=[each.declaration_id for each in staged])
    before = await _before(session, [each.previous_event_id for each in staged])
    decimals = index_decimals(model)
    changes = []
    for each in staged:
        version = versions[each.declaration_id]
        facts = version.facts()
        index = index_of(facts, model)
        in_database = Decimal(each.index or 0).scaleb(-decimals)
        if index.index != in_database:
            raise TwoIndexes(each, in_database, index.index)
        decisions = decide(index.index, facts, day)
        changes.append(Change(each, before[each.previous_event_id], version, index, decisions))
    return changes


async def _before(session: AsyncSession, event_ids: Sequence[int]) -> dict[int, Before]:
    connection = await session.connection()
    found = await connection.execute(
        core_select(
            col(IndexEvent.id), col(IndexEvent.index), col(IndexEvent.model), col(IndexEvent.decisions)
        ).where(col(IndexEvent.id).in_(event_ids))
    )
    return {event_id: Before(index, model, decisions) for event_id, index, model, decisions in found}


def _given(decisions: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """What a household is given, apart from how far it is from the threshold."""
    return [
        (each["programme"], each["outcome"], each["monthly_mad"], each["components"]) for each in decisions
    ]


async def _write(session: AsyncSession, run: RecomputationRun, changes: Sequence[Change]) -> None:
    """Events, decisions, the audit, and last each household's pointer to its event."""
    if not changes:
        return
    connection = await session.connection()
    inserted = await connection.execute(
        insert(IndexEvent).returning(col(IndexEvent.id), sort_by_parameter_order=True),
        [_event(change, run) for change in changes],
        execution_options={"insertmanyvalues_page_size": ROWS_A_STATEMENT},
    )
    event_ids = list(inserted.scalars())
    eligibility = [
        _eligibility(event_id, change, decision, run)
        for event_id, change in zip(event_ids, changes, strict=True)
        for decision in change.decisions
    ]
    if eligibility:
        await connection.execute(insert(Eligibility), eligibility)
    await connection.execute(insert(AuditEntry), [_audit(change, run) for change in changes])
    newest = (
        select(IndexEvent.id)
        .where(IndexEvent.household_id == Household.id, col(IndexEvent.id).in_(event_ids))
        .scalar_subquery()
    )
    await connection.execute(
        update(Household)
        .where(col(Household.id).in_([change.staged.household_id for change in changes]))
        .values(current_index_id=newest, version=Household.version + 1)
    )


def _event(change: Change, run: RecomputationRun) -> dict[str, Any]:
    """Computed at the cut-off: from what was in force then, whenever it is published."""
    return {
        "household_id": change.staged.household_id,
        "declaration_id": change.staged.declaration_id,
        "model": change.index.model,
        "zone": change.index.zone,
        "region": change.index.region,
        "index": change.index.index,
        "lines": change.index.written_lines(),
        "decisions": change.written,
        "reason": IndexReason.MODEL,
        "computed_at": run.cut_off,
    }


def _eligibility(event_id: int, change: Change, decision: Decision, run: RecomputationRun) -> dict[str, Any]:
    return {
        "reference": new_reference("E", length=LONG),
        "index_event_id": event_id,
        "household_id": change.staged.household_id,
        "programme": decision.programme,
        "outcome": decision.outcome,
        "monthly_mad": decision.monthly_mad,
        "rule": decision.written_rule(),
        "decided_at": run.cut_off,
    }


def _audit(change: Change, run: RecomputationRun) -> dict[str, Any]:
    return {
        "at": run.cut_off,
        "actor_kind": SYSTEM.kind,
        "action": Act.INDEX_COMPUTED.value,
        "household_id": change.staged.household_id,
        "reference": change.version.declaration.reference,
        "details": {"model": change.index.model, "reason": IndexReason.MODEL.value, "run": run.reference},
    }


async def _tell(session: AsyncSession, run_id: int, changes: Sequence[Change], now: datetime) -> None:
    """Every member with an account, of what changed: the index, and what it opens."""
    by_household = {change.staged.household_id: change for change in changes}
    found = await session.exec(
        select(Membership.household_id, Account)
        .join(Account, col(Account.person_id) == Membership.person_id)
        .where(
            col(Membership.household_id).in_(list(by_household)),
            Membership.status == MembershipStatus.ACTIVE,
            col(Account.disabled_at).is_(None),
        )
        .order_by(col(Membership.id))
    )
    values = {"date": local_date(now)}
    notices = [
        Notice(recipient_of(account), template, values, PAGE_OF[template])
        for household_id, account in found
        for template in _templates(by_household[household_id])
    ]

    async def pace(deliveries: int) -> list[datetime]:
        return await _reserve(session, run_id, deliveries, now)

    await notify_all(session, notices, now=now, pace=pace)


def _templates(change: Change) -> list[Template]:
    told = [
        (change.moves_index, Template.INDEX_RECOMPUTED),
        (change.moves_decisions, Template.ELIGIBILITY_DECIDED),
    ]
    return [template for is_told, template in told if is_told]


async def _reserve(session: AsyncSession, run_id: int, deliveries: int, now: datetime) -> list[datetime]:
    """The next free instants of the run, so that all its messages together keep the pace."""
    run = await session.get_one(RecomputationRun, run_id, with_for_update=True, populate_existing=True)
    begin = max(now, run.next_message_at or now)
    step = timedelta(seconds=1) / run.pace
    run.messages += deliveries
    run.next_message_at = begin + deliveries * step
    session.add(run)
    await session.flush()
    return [begin + place * step for place in range(deliveries)]


async def _mark(session: AsyncSession, run_id: int, households: set[int], state: StageState) -> None:
    if households:
        await session.exec(
            update(RecomputationStage)
            .where(
                col(RecomputationStage.run_id) == run_id, col(RecomputationStage.household_id).in_(households)
            )
            .values(state=state)
            .execution_options(synchronize_session=False)
        )
