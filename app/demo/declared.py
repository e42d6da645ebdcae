"""What synthetic families have declared, as rows: by the same rules as a declaration in the portal."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from app.demo.population import Family
from identity.people.tables import Person
from notifications.references import LONG, new_reference
from registry.dates import local_date
from registry.facts import Facts, MemberFacts
from registry.indexes import written_decision
from registry.rules.eligibility import decide
from registry.rules.scoring import model_on
from registry.rules.variables import index_of, only_asked
from registry.tables import (
    Declaration,
    DeclaredMember,
    Eligibility,
    Household,
    IndexEvent,
    IndexReason,
    Membership,
    MembershipStatus,
    Origin,
)
from registry.versions import HOUSEHOLD_FACTS, MEMBER_FACTS

MOST_MEMBERS = 100
MOST_PROGRAMMES = 10
Rows = dict[type, list[dict[str, Any]]]


def rows_of(batch: Iterable[Family], *, first_household: int, now: dt.datetime) -> Rows:
    """The rows of all tables for a batch of families whose household ids are consecutive from `first_household`."""
    rows: Rows = defaultdict(list)
    for household_id, family in enumerate(batch, start=first_household):
        _add_family(rows, household_id, family, now)
    return rows


def _add_family(rows: Rows, household_id: int, family: Family, now: dt.datetime) -> None:
    facts = only_asked(_facts(family, local_date(now)), model_on(local_date(now)))
    head_id = family.residents[0].register["id"]
    rows[Person].extend(resident.register for resident in family.residents)
    rows[Household].append(
        {
            "id": household_id,
            "reference": new_reference("H"),
            "head_person_id": head_id,
            "status": "active",
            "version": 1,
            "current_declaration_id": household_id,
            "current_index_id": household_id,
            "created_at": now,
        }
    )
    _add_declaration(rows, household_id, head_id, facts, now)
    _add_members(rows, household_id, head_id, facts, now)
    _add_index(rows, household_id, facts, now)


def _facts(family: Family, today: dt.date) -> Facts:
    members = tuple(
        MemberFacts(
            person_id=resident.register["id"],
            relation=resident.relation,
            birth_date=resident.register["birth_date"],
            birth_precision=resident.register["birth_precision"].value,
            **resident.declared,
        )
        for resident in family.residents
    )
    return Facts(household=family.facts, members=members, declared_on=today)


def _add_declaration(rows: Rows, household_id: int, head_id: int, facts: Facts, now: dt.datetime) -> None:
    rows[Declaration].append(
        {
            "id": household_id,
            "reference": new_reference("D"),
            "household_id": household_id,
            "number": 1,
            "origin": Origin.CITIZEN,
            "declared_by": head_id,
            "staff_id": None,
            "visit_id": None,
            "language": "ar",
            "declared_at": now,
            "facts_on": local_date(now),
            "complete": True,
        }
        | {fact: getattr(facts.household, fact) for fact in HOUSEHOLD_FACTS}
    )


def _add_members(rows: Rows, household_id: int, head_id: int, facts: Facts, now: dt.datetime) -> None:
    for place, member in enumerate(facts.members):
        membership_id = household_id * MOST_MEMBERS + place
        rows[Membership].append(
            {
                "id": membership_id,
                "reference": new_reference("M"),
                "household_id": household_id,
                "person_id": member.person_id,
                "relation": member.relation.value,
                "status": MembershipStatus.ACTIVE,
                "invited_identifier": None,
                "invited_by": head_id,
                "invited_at": now,
                "expires_at": None,
                "answered_at": now,
                "ended_at": None,
            }
        )
        rows[DeclaredMember].append(
            {
                "id": membership_id,
                "declaration_id": household_id,
                "membership_id": membership_id,
                "person_id": member.person_id,
                "awaiting": False,
                "relation": member.relation.value,
                "birth_date": member.birth_date,
                "birth_precision": member.birth_precision.value,
            }
            | {fact: getattr(member, fact) for fact in MEMBER_FACTS}
        )


def _add_index(rows: Rows, household_id: int, facts: Facts, now: dt.datetime) -> None:
    today = local_date(now)
    result = index_of(facts, model_on(today))
    decisions = decide(result.index, facts, today)
    rows[IndexEvent].append(
        {
            "id": household_id,
            "household_id": household_id,
            "declaration_id": household_id,
            "model": result.model,
            "zone": result.zone,
            "region": result.region,
            "index": result.index,
            "lines": result.written_lines(),
            "decisions": [written_decision(decision) for decision in decisions],
            "reason": IndexReason.FIRST,
            "computed_at": now,
        }
    )
    for place, decision in enumerate(decisions):
        rows[Eligibility].append(
            {
                "id": household_id * MOST_PROGRAMMES + place,
                "reference": new_reference("E", length=LONG),
                "index_event_id": household_id,
                "household_id": household_id,
                "programme": decision.programme,
                "outcome": decision.outcome,
                "monthly_mad": decision.monthly_mad,
                "rule": decision.written_rule(),
                "decided_at": now,
            }
        )
