"""Random households as rows, in numbers: on the edges of ages, shares and amounts, some with answers missing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any, get_args

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Begin, create_engine
from identity.tables import Account, Proofing
from registry.facts import BirthPrecision, Facts, HouseholdFacts, MemberFacts, Relation, Zone
from registry.geography import atlas
from registry.rules.index_models import IndexModel
from registry.tables import (
    Declaration,
    DeclaredMember,
    Household,
    IndexEvent,
    IndexReason,
    Membership,
    MembershipStatus,
    Origin,
)
from registry.versions import HOUSEHOLD_FACTS, MEMBER_FACTS

MODELS = Path(__file__).parent / "models"
DECLARED_AT = datetime(2026, 1, 5, 10, tzinfo=UTC)
# A day like any other, and those where a birthday on 29 February falls one way or the other.
DAYS = [date(2026, 1, 5), date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1), date(2024, 12, 31)]
EDGES = [0, 6, 15, 18, 19, 20, 21, 30, 60]
COMMUNES = {
    zone: sorted(each.code for each in atlas().communes.values() if each.zone is zone) for zone in Zone
}
MOST_MEMBERS = 100


def later_model() -> IndexModel:
    """A model with other coefficients, for the tests alone: no file of a profile."""
    return IndexModel.model_validate(json.loads((MODELS / "test-2027.json").read_text("utf-8")))


@dataclass(frozen=True)
class Home:
    """One household as its rows tell it: the members who count, and how many are awaited."""

    facts: Facts
    awaited: int


@dataclass
class Chance:
    random: Random
    missing: float = 0.0
    people: int = field(default=0)

    def home(self) -> Home:
        zone = self.random.choice(list(Zone))
        on = self.random.choice(DAYS)
        household = HouseholdFacts(
            commune=self.random.choice(COMMUNES[zone]), **self._answers(HouseholdFacts)
        )
        size = self.random.randint(1, 12)
        members = [self._member(Relation.HEAD if place == 0 else None, on) for place in range(size)]
        self.random.shuffle(members)
        facts = Facts(household=household, members=tuple(members), declared_on=on)
        return Home(facts, awaited=int(self.random.random() < 0.1))

    def _member(self, relation: Relation | None, on: date) -> MemberFacts:
        self.people += 1
        others = [each for each in Relation if each is not Relation.HEAD]
        return MemberFacts(
            person_id=self.people,
            relation=relation or self.random.choice(others),
            birth_date=self._birth_date(on),
            birth_precision=self.random.choice([*BirthPrecision, BirthPrecision.DAY, BirthPrecision.DAY]),
            **self._answers(MemberFacts),
        )

    def _birth_date(self, on: date) -> date:
        """Half of them within a day of a birthday that counts, some on 29 February."""
        chance = self.random.random()
        if chance < 0.5:
            year = on.year - self.random.choice(EDGES)
            birthday = date(year, on.month, 28 if on.day == 29 else on.day)
            return min(on, birthday + timedelta(days=self.random.randint(-2, 2)))
        if chance < 0.55:
            return date(self.random.choice([1964, 1996, 2004, 2008, 2016]), 2, 29)
        return on - timedelta(days=self.random.randint(0, 36_000))

    def _answers(self, shape: type[HouseholdFacts | MemberFacts]) -> dict[str, Any]:
        answered = HOUSEHOLD_FACTS if shape is HouseholdFacts else MEMBER_FACTS
        return {
            fact: self._answer(shape, fact)
            for fact in answered
            if fact not in ("commune", "district") and self.random.random() >= self.missing
        }

    def _answer(self, shape: type[HouseholdFacts | MemberFacts], fact: str) -> Any:
        if fact.endswith("_mad"):
            cents = self.random.choice([0, 1, 5_000, 1_999, 2_000_000, self.random.randint(0, 2_000_000)])
            return Decimal(cents).scaleb(-2) if cents % 100 else Decimal(cents // 100)
        if fact == "rooms":
            return self.random.randint(1, 7)
        if fact == "card_rate":
            return self.random.randint(1, 100)
        for choice in get_args(shape.model_fields[fact].annotation):
            if choice is date:
                return date(2030, 1, 31)
            if choice is bool:
                return self.random.random() < 0.5
            if isinstance(choice, type) and issubclass(choice, StrEnum):
                return self.random.choice(list(choice))
        return self.random.choice([0, 0, 1, 2, 20])


async def write_homes(database: str, homes: Sequence[Home], *, model: str, index: str) -> None:
    """Every home as a household whose present index is this one, by a model of this name.

    Its head has an account, to be told. The people of the population register are left out: nothing here reads them.
    """
    engine = create_engine(database, foreign_keys=False)
    try:
        async with engine.execution_options(begin=Begin.WRITE).begin() as connection:
            if engine.dialect.name == "postgresql":
                await connection.execute(text("SET LOCAL session_replication_role = replica"))
            numbered = list(enumerate(homes, start=1))
            await connection.execute(insert(Household), [_household(number) for number, _ in numbered])
            await connection.execute(insert(Declaration), [_declaration(*each) for each in numbered])
            await _insert_members(connection, numbered)
            await connection.execute(insert(Membership), [_headship(number) for number, _ in numbered])
            await connection.execute(insert(Account), [_account(number) for number, _ in numbered])
            await connection.execute(
                insert(IndexEvent), [_event(number, model, index) for number, _ in numbered]
            )
            await _continue_numbering(connection)
    finally:
        await engine.dispose()


async def _continue_numbering(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        for table in ("household", "declaration", "declared_member", "index_event"):
            last = f"(SELECT max(id) FROM {table})"
            await connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"))


def _household(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "reference": f"H-{number}",
        "head_person_id": number,
        "status": "active",
        "version": 1,
        "current_declaration_id": number,
        "current_index_id": number,
        "created_at": DECLARED_AT,
    }


def _headship(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "reference": f"M-{number}",
        "household_id": number,
        "person_id": number,
        "relation": Relation.HEAD.value,
        "status": MembershipStatus.ACTIVE,
        "invited_by": number,
        "invited_at": DECLARED_AT,
    }


def _account(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "person_id": number,
        "password_hash": "x",
        "recovery_hash": "x",
        "phone": f"+2126{number:08}",
        "language": "fr",
        "sms_language": "ar",
        "proofing": Proofing.REGISTER_MATCH,
        "proofed_at": DECLARED_AT,
        "created_at": DECLARED_AT,
    }


def _declaration(number: int, home: Home) -> dict[str, Any]:
    return {
        "id": number,
        "reference": f"D-{number}",
        "household_id": number,
        "number": 1,
        "origin": Origin.CITIZEN,
        "declared_by": number,
        "language": "ar",
        "declared_at": DECLARED_AT,
        "facts_on": home.facts.declared_on,
        "complete": not home.awaited,
    } | {fact: getattr(home.facts.household, fact) for fact in HOUSEHOLD_FACTS}


async def _insert_members(connection: AsyncConnection, numbered: Iterable[tuple[int, Home]]) -> None:
    nobody: dict[str, Any] = dict.fromkeys(MEMBER_FACTS)
    rows = []
    for number, home in numbered:
        first = number * MOST_MEMBERS
        for place, member in enumerate(home.facts.members):
            rows.append(
                _member(number, first + place, member.relation.value)
                | {
                    "person_id": member.person_id,
                    "birth_date": member.birth_date,
                    "birth_precision": member.birth_precision.value,
                }
                | {fact: getattr(member, fact) for fact in MEMBER_FACTS}
            )
        for place in range(home.awaited):
            row = _member(number, first + len(home.facts.members) + place, Relation.SPOUSE.value)
            rows.append(row | nobody | {"person_id": None, "birth_date": None, "birth_precision": None})
            rows[-1]["awaiting"] = True
    await connection.execute(insert(DeclaredMember), rows)


def _member(declaration_id: int, number: int, relation: str) -> dict[str, Any]:
    return {
        "id": number,
        "declaration_id": declaration_id,
        "membership_id": number,
        "awaiting": False,
        "relation": relation,
    }


def _event(number: int, model: str, index: str) -> dict[str, Any]:
    return {
        "id": number,
        "household_id": number,
        "declaration_id": number,
        "model": model,
        "zone": "urban",
        "region": "06",
        "index": Decimal(index),
        "lines": [],
        "decisions": [],
        "reason": IndexReason.FIRST,
        "computed_at": DECLARED_AT,
    }
