"""Any two indexes of a household side by side: what moved, for how many points, and why.

What the household changed is told by the formula of the earlier index; what a new formula changed is told apart. The
two together sum to the change to the last digit, because the same facts by both formulas stand between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import select as core_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.dates import local_date
from registry.errors import NotFound
from registry.facts import Facts, IncompleteFacts, MemberFacts
from registry.geography import atlas
from registry.indexes import ledger
from registry.rules.moves import Move, compare
from registry.rules.scoring import IndexModel, Line, UnknownModel, model_named
from registry.rules.variables import FACTS_OF_VARIABLE, index_of
from registry.tables import Declaration, IndexEvent, IndexReason, Origin
from registry.versions import HOUSEHOLD_FACTS, MEMBER_FACTS, Version, read_versions

LONGEST_HISTORY: Final = 200
PLACE_LINES: Final = ("K", "k")


class Cause(StrEnum):
    """Why a line moved. The first ones are told with the day of the declaration that brought them."""

    ADDRESS = "address"
    DECLARATION = "declaration"
    CORRECTION = "correction"
    SOURCE = "source"
    MEMBERS = "members"
    BIRTHDAY = "birthday"
    REGISTER = "register"


# What is found on file with a version says who put it there; an origin that is not named here was declared.
CAUSE_OF_ORIGIN: Final = {"correction": Cause.CORRECTION, "source": Cause.SOURCE}


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause with the day on which it came into the file."""

    cause: Cause
    on: date


@dataclass(frozen=True, slots=True)
class IndexInHistory:
    """One index of a household by its number, the first one being 1; `change` is since the one before it."""

    number: int
    event_id: int
    index: Decimal
    model: str
    reason: IndexReason
    computed_at: datetime
    change: Decimal | None


@dataclass(frozen=True)
class Comparison:
    """The two, and the moves between them. `causes` has a reason or more for each line of `by_facts`.

    Without facts that both formulas can count, everything is in `by_formula`.
    """

    before: IndexInHistory
    after: IndexInHistory
    lines_before: tuple[Line, ...]
    lines_between: tuple[Line, ...]
    lines_after: tuple[Line, ...]
    by_facts: tuple[Move, ...]
    by_formula: tuple[Move, ...]
    regions: tuple[str, str]
    decisions_before: list[dict[str, Any]]
    decisions_after: list[dict[str, Any]]
    causes: dict[str, tuple[Reason, ...]] = field(default_factory=dict)

    @property
    def change(self) -> Decimal:
        return self.after.index - self.before.index


async def all_indexes(session: AsyncSession, *, household_id: int) -> tuple[IndexInHistory, ...]:
    """Every index of a household, the oldest first: without the ledgers, which are read when two are compared."""
    connection = await session.connection()
    rows = await connection.execute(
        core_select(
            col(IndexEvent.id),
            col(IndexEvent.index),
            col(IndexEvent.model),
            col(IndexEvent.reason),
            col(IndexEvent.computed_at),
        )
        .where(col(IndexEvent.household_id) == household_id)
        .order_by(col(IndexEvent.id))
        .limit(LONGEST_HISTORY)
    )
    found: list[IndexInHistory] = []
    for number, (event_id, index, model, reason, computed_at) in enumerate(rows, start=1):
        change = index - found[-1].index if found else None
        found.append(IndexInHistory(number, event_id, index, model, reason, computed_at, change))
    return tuple(found)


async def compare_indexes(
    session: AsyncSession, *, indexes: Sequence[IndexInHistory], before: int, after: int
) -> Comparison:
    """Two of `all_indexes` by their numbers. Raises NotFound unless `before` is an earlier one than `after`."""
    if not 1 <= before < after <= len(indexes):
        raise NotFound
    earlier, later = indexes[before - 1], indexes[after - 1]
    events = {
        event.id: event
        for event in await session.exec(
            select(IndexEvent).where(col(IndexEvent.id).in_((earlier.event_id, later.event_id)))
        )
    }
    first, last = events[earlier.event_id], events[later.event_id]
    chain = await _chain(session, first, last)
    old, new = ledger(first.lines), ledger(last.lines)
    between = _between(first, last, chain[-1].facts(), new)
    return Comparison(
        before=earlier,
        after=later,
        lines_before=old,
        lines_between=between,
        lines_after=new,
        by_facts=compare(old, between),
        by_formula=compare(between, new),
        regions=(first.region, last.region),
        decisions_before=first.decisions,
        decisions_after=last.decisions,
        causes=_causes(chain, first.model, {move.code for move in compare(old, between)}),
    )


async def _chain(session: AsyncSession, first: IndexEvent, last: IndexEvent) -> list[Version]:
    """The versions of the facts from the one index to the other, in the order in which they were written."""
    found = await session.exec(
        select(Declaration.id)
        .where(
            Declaration.household_id == first.household_id,
            col(Declaration.id).between(first.declaration_id, last.declaration_id),
            col(Declaration.complete) | col(Declaration.id).in_((first.declaration_id, last.declaration_id)),
        )
        .order_by(col(Declaration.number))
    )
    ids = list(found)
    versions = await read_versions(session, declaration_ids=ids)
    return [versions[each] for each in ids]


def _between(first: IndexEvent, last: IndexEvent, facts: Facts, new: tuple[Line, ...]) -> tuple[Line, ...]:
    old = ledger(first.lines)
    try:
        return ledger_between(old, model_named(first.model), facts, new, model_named(last.model))
    except UnknownModel:
        return old


def ledger_between(
    old: tuple[Line, ...],
    old_model: IndexModel,
    facts: Facts,
    new: tuple[Line, ...],
    new_model: IndexModel,
) -> tuple[Line, ...]:
    """The later facts by the earlier formula. Where that one asks more, the earlier ledger: all is the formula's."""
    if old_model.name == new_model.name:
        return new
    try:
        return index_of(facts, old_model).lines
    except IncompleteFacts:
        return old


def _causes(chain: Sequence[Version], model: str, codes: set[str]) -> dict[str, tuple[Reason, ...]]:
    """Of each line, the steps from version to version in which it moved, and what moved it."""
    causes: dict[str, list[Reason]] = {code: [] for code in codes}
    steps = [(version, _values(version, model)) for version in chain]
    for (earlier, old), (later, new) in pairwise(steps):
        for code in codes:
            if old.get(code) != new.get(code):
                cause = _cause(code, earlier, later)
                causes[code].append(Reason(cause, local_date(later.declaration.declared_at)))
    return {code: tuple(reversed(reasons)) for code, reasons in causes.items()}


def _values(version: Version, model: str) -> dict[str, tuple[Decimal, Decimal]]:
    try:
        lines = index_of(version.facts(), model_named(model)).lines
    except (IncompleteFacts, UnknownModel):
        return {}
    return {line.code: (line.value, line.points) for line in lines}


def _cause(code: str, earlier: Version, later: Version) -> Cause:
    """One cause for a step: who lives where is asked before what was declared, and time comes last."""
    old, new = earlier.facts(), later.facts()
    if code in PLACE_LINES or _zone(old) != _zone(new):
        return Cause.ADDRESS
    facts = FACTS_OF_VARIABLE.get(code, ())
    if any(_differs(old, new, fact) for fact in facts):
        return CAUSE_OF_ORIGIN.get(Origin(later.declaration.origin).value, Cause.DECLARATION)
    if {member.person_id for member in old.members} != {member.person_id for member in new.members}:
        return Cause.MEMBERS
    if any(before.birth_date != after.birth_date for before, after in _together(old, new)):
        return Cause.REGISTER
    return Cause.BIRTHDAY if old.declared_on != new.declared_on else Cause.MEMBERS


def _zone(facts: Facts) -> str:
    return atlas().commune(facts.household.commune).index_zone


def _differs(old: Facts, new: Facts, fact: str) -> bool:
    """Whether an answer is another one. One that is asked since a birthday, or no longer, was not changed."""
    if fact in HOUSEHOLD_FACTS:
        return bool(getattr(old.household, fact) != getattr(new.household, fact))
    if fact not in MEMBER_FACTS:
        return False
    return any(
        getattr(before, fact) != getattr(after, fact)
        and None not in (getattr(before, fact), getattr(after, fact))
        for before, after in _together(old, new)
    )


def _together(old: Facts, new: Facts) -> list[tuple[MemberFacts, MemberFacts]]:
    """Those who are a member in both."""
    before = {member.person_id: member for member in old.members}
    return [(before[member.person_id], member) for member in new.members if member.person_id in before]
