"""The index of a household: computed from a version of the facts, kept for ever, read by the page that is read most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import bindparam, func, type_coerce
from sqlalchemy import select as core_select
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, record
from notifications.columns import enum_text
from notifications.references import LONG, new_reference
from registry.acts import Act
from registry.announcements import announce_index
from registry.dates import local_date, week_start
from registry.facts import Facts, IncompleteFacts, Relation
from registry.rules.index_models import model_in_use
from registry.rules.moves import Move, compare
from registry.rules.programmes import Decision, decide, looks_again_on
from registry.rules.scoring import Index, Line
from registry.rules.variables import index_of, missing_facts
from registry.sources.contradictions import reconsider
from registry.sources.queue import ask_later
from registry.tables import (
    Declaration,
    Eligibility,
    Household,
    IndexEvent,
    IndexReason,
    MembershipStatus,
    RequestStatus,
)
from registry.versions import Version

HISTORY_LENGTH = 24
# What people said of themselves is what the sources are asked about.
DECLARED = (IndexReason.FIRST, IndexReason.DECLARATION, IndexReason.MEMBERSHIP)


async def compute_index(
    session: AsyncSession, *, household: Household, version: Version, reason: IndexReason, now: datetime
) -> IndexEvent:
    """Score a version of a locked household's facts, decide every programme, and tell the adults of the household.

    A country without an index decides alone. The sources are asked about what was declared afterwards, by the worker.

    Raises IncompleteFacts.
    """
    result, decisions = score_version(version, now)
    event = IndexEvent(
        household_id=household.id,
        declaration_id=version.declaration.id,
        lines=result.written_lines() if result else [],
        looks_again_on=looks_again_on(version.facts(), local_date(now)),
        decisions=[written_decision(decision) for decision in decisions],
        reason=reason,
        computed_at=now,
    )
    if result:
        event.model, event.zone, event.region, event.index = (
            result.model,
            result.zone,
            result.region,
            result.index,
        )
    session.add(event)
    await session.flush()
    session.add_all(_eligibility(event, decision) for decision in decisions)
    household.current_index_id = event.id
    session.add(household)
    await record(
        session,
        actor=SYSTEM,
        action=Act.INDEX_COMPUTED,
        household_id=household.id,
        reference=version.declaration.reference,
        details={"model": result.model, "reason": reason.value} if result else {"reason": reason.value},
        now=now,
    )
    await announce_index(session, household_id=household.id, now=now)
    if reason in DECLARED:
        await ask_later(session, household_id=household.id, now=now)
    await reconsider(session, household=household, version=version, now=now)
    return event


def score_version(version: Version, now: datetime) -> tuple[Index | None, tuple[Decision, ...]]:
    """The index of a version by the model of the day, and what is open. Raises IncompleteFacts."""
    return score_facts(version.facts(), local_date(now))


def score_facts(facts: Facts, today: date) -> tuple[Index | None, tuple[Decision, ...]]:
    """The index, None in a country that computes none, and the decision of every programme. Raises IncompleteFacts."""
    model = model_in_use(today)
    if model is None:
        if missing := missing_facts(facts, None):
            raise IncompleteFacts(missing)
        return None, decide(None, facts, today)
    result = index_of(facts, model)
    return result, decide(result.index, facts, today)


def written_decision(decision: Decision) -> dict[str, Any]:
    return {
        "programme": decision.programme,
        "outcome": decision.outcome.value,
        "monthly_mad": None if decision.monthly_mad is None else f"{decision.monthly_mad:f}",
        **decision.written_rule(),
    }


def _eligibility(event: IndexEvent, decision: Decision) -> Eligibility:
    return Eligibility(
        reference=new_reference("E", length=LONG),
        index_event_id=event.id,
        household_id=event.household_id,
        programme=decision.programme,
        outcome=decision.outcome,
        monthly_mad=decision.monthly_mad,
        rule=decision.written_rule(),
        categories=list(decision.opened_by) if decision.categories else None,
        decided_at=event.computed_at,
    )


def ledger(lines: list[dict[str, Any]]) -> tuple[Line, ...]:
    """The lines of an index as they were kept."""
    return tuple(
        Line(
            code=line["code"],
            value=Decimal(line["value"]),
            coefficient=Decimal(line["coefficient"]),
            points=Decimal(line["points"]),
        )
        for line in lines
    )


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """All that the household page shows. Numbers of `lines` and `decisions` are exact text.

    Without an index yet, or without a declaration, those fields are empty.
    """

    household_id: int
    reference: str
    version: int
    relation: Relation
    head_given_name_ar: str
    head_family_name_ar: str
    head_given_name_latin: str
    head_family_name_latin: str
    members: int
    awaited: int
    declaration_reference: str | None
    declared_at: datetime | None
    commune: str | None
    complete: bool | None
    index: Decimal | None
    model: str | None
    zone: str | None
    region: str | None
    lines: list[dict[str, Any]] | None
    decisions: list[dict[str, Any]] | None
    reason: IndexReason | None
    computed_at: datetime | None
    looks_again_on: date | None
    request_reference: str | None
    request_status: RequestStatus | None
    request_due_on: date | None
    has_draft: bool
    has_invitation: bool
    marks: dict[str, Any] | None
    contradictions: int | None

    @property
    def is_head(self) -> bool:
        return self.relation == Relation.HEAD


async def household_view(session: AsyncSession, *, person_id: int, now: datetime) -> HouseholdView | None:
    """The household in which the person is active, in one query; None for somebody who is in no household."""
    connection = await session.connection()
    found = await connection.execute(_VIEW, {"person_id": person_id, "week": week_start(now)})
    row = found.one_or_none()
    return None if row is None else HouseholdView(*cast(Sequence[Any], row))


_tables = SQLModel.metadata.tables
_membership = _tables["membership"].alias("own")
_other = _tables["membership"].alias("other")
_asked = _tables["membership"].alias("asked")
_draft = _tables["draft"]
_household, _head = _tables["household"], _tables["person"].alias("head")
_declaration, _index, _request = (
    _tables[name] for name in ("declaration", "index_event", "recomputation_request")
)
_marks = _tables["fact_marks"]
_LISTED = (_other.c.status == MembershipStatus.ACTIVE) | (
    (_other.c.status == MembershipStatus.LEFT) & (_other.c.ended_at >= bindparam("week"))
)
_OF_HOUSEHOLD = _other.c.household_id == _household.c.id

# Built once: putting a query together takes longer than running this one.
_VIEW = (
    core_select(
        _household.c.id,
        _household.c.reference,
        _household.c.version,
        type_coerce(_membership.c.relation, enum_text(Relation)),
        _head.c.given_name_ar,
        _head.c.family_name_ar,
        _head.c.given_name_latin,
        _head.c.family_name_latin,
        core_select(func.count()).where(_OF_HOUSEHOLD, _LISTED).scalar_subquery(),
        core_select(func.count())
        .where(_OF_HOUSEHOLD, _other.c.status == MembershipStatus.INVITED)
        .scalar_subquery(),
        _declaration.c.reference,
        _declaration.c.declared_at,
        _declaration.c.commune,
        _declaration.c.complete,
        _index.c.index,
        _index.c.model,
        _index.c.zone,
        _index.c.region,
        _index.c.lines,
        _index.c.decisions,
        _index.c.reason,
        _index.c.computed_at,
        _index.c.looks_again_on,
        _request.c.reference,
        _request.c.status,
        _request.c.due_on,
        core_select(_draft.c.id).where(_draft.c.person_id == bindparam("person_id")).exists(),
        core_select(_asked.c.id)
        .where(_asked.c.person_id == bindparam("person_id"), _asked.c.status == MembershipStatus.INVITED)
        .exists(),
        _marks.c.marks,
        _marks.c.open_contradictions,
    )
    .select_from(_membership)
    .join(_household, _household.c.id == _membership.c.household_id)
    .join(_head, _head.c.id == _household.c.head_person_id)
    .outerjoin(_declaration, _declaration.c.id == _household.c.current_declaration_id)
    .outerjoin(_index, _index.c.id == _household.c.current_index_id)
    .outerjoin(_marks, _marks.c.household_id == _household.c.id)
    .outerjoin(
        _request,
        (_request.c.household_id == _household.c.id)
        & _request.c.status.in_((RequestStatus.RECEIVED, RequestStatus.IN_REVIEW)),
    )
    .where(_membership.c.person_id == bindparam("person_id"), _membership.c.status == MembershipStatus.ACTIVE)
)


@dataclass(frozen=True)
class PastIndex:
    """One index of the history, with what moved since the one before it."""

    index: Decimal
    model: str
    reason: IndexReason
    computed_at: datetime
    declaration_reference: str
    lines: tuple[Line, ...]
    change: Decimal | None
    moves: tuple[Move, ...]


async def history(session: AsyncSession, *, household_id: int) -> tuple[PastIndex, ...]:
    """The indexes of a household, the newest first."""
    rows = await session.exec(
        select(IndexEvent, Declaration.reference)
        .join(Declaration, col(Declaration.id) == IndexEvent.declaration_id)
        .where(IndexEvent.household_id == household_id)
        .order_by(col(IndexEvent.id).desc())
        .limit(HISTORY_LENGTH + 1)
    )
    events = list(rows)
    befores = [event for event, _ in events[1:]]
    past = [
        _past(event, reference, befores[place] if place < len(befores) else None)
        for place, (event, reference) in enumerate(events)
    ]
    return tuple(past[:HISTORY_LENGTH])


def _past(event: IndexEvent, reference: str, before: IndexEvent | None) -> PastIndex:
    lines = ledger(event.lines)
    return PastIndex(
        index=event.index,
        model=event.model,
        reason=event.reason,
        computed_at=event.computed_at,
        declaration_reference=reference,
        lines=lines,
        change=event.index - before.index if before else None,
        moves=compare(ledger(before.lines), lines) if before else (),
    )
