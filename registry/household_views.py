"""The household page, which is read most: all that it shows in one query, and the history of the index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import bindparam, func, type_coerce
from sqlalchemy import select as core_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.people.tables import Person
from notifications.columns import enum_text, table_of
from registry.dates import week_start
from registry.facts import Relation
from registry.indexes import ledger
from registry.rules.moves import Move, compare
from registry.rules.scoring import Line
from registry.sources.tables import FactMarks
from registry.tables import (
    Declaration,
    Draft,
    Household,
    IndexEvent,
    IndexReason,
    Membership,
    MembershipStatus,
    RecomputationRequest,
    RequestStatus,
)

HISTORY_LENGTH = 24


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


_own, _other, _asked = (table_of(Membership).alias(name) for name in ("own", "other", "asked"))
_head = table_of(Person).alias("head")
_household, _draft, _declaration, _index, _request, _marks = (
    table_of(entity)
    for entity in (Household, Draft, Declaration, IndexEvent, RecomputationRequest, FactMarks)
)
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
        type_coerce(_own.c.relation, enum_text(Relation)),
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
        _request.c.due_on,
        core_select(_draft.c.id).where(_draft.c.person_id == bindparam("person_id")).exists(),
        core_select(_asked.c.id)
        .where(_asked.c.person_id == bindparam("person_id"), _asked.c.status == MembershipStatus.INVITED)
        .exists(),
        _marks.c.marks,
        _marks.c.open_contradictions,
    )
    .select_from(_own)
    .join(_household, _household.c.id == _own.c.household_id)
    .join(_head, _head.c.id == _household.c.head_person_id)
    .outerjoin(_declaration, _declaration.c.id == _household.c.current_declaration_id)
    .outerjoin(_index, _index.c.id == _household.c.current_index_id)
    .outerjoin(_marks, _marks.c.household_id == _household.c.id)
    .outerjoin(
        _request,
        (_request.c.household_id == _household.c.id)
        & _request.c.status.in_((RequestStatus.RECEIVED, RequestStatus.IN_REVIEW)),
    )
    .where(_own.c.person_id == bindparam("person_id"), _own.c.status == MembershipStatus.ACTIVE)
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
