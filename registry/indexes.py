"""The index of a household: computed from a version of the facts, and kept for ever."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, record
from notifications.references import LONG, new_reference
from registry.acts import Act
from registry.announcements import announce_index
from registry.dates import local_date
from registry.facts import Facts, IncompleteFacts
from registry.rules.eligibility import Decision, decide, looks_again_on
from registry.rules.index_models import model_in_use
from registry.rules.scoring import Index, Line
from registry.rules.variables import index_of, missing_facts
from registry.sources.contradictions import reconsider
from registry.sources.queue import ask_later
from registry.tables import (
    Eligibility,
    Household,
    IndexEvent,
    IndexReason,
)
from registry.versions import Version

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
