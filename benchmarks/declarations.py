"""Households of five declared a second, with audit and outbox, against bare inserts of as many rows."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select
from sqlmodel import SQLModel

from app.demo.population import document_number, identifier
from app.main import create_portal
from app.requests import Portal
from app.settings import Settings
from identity.people.tables import BirthPrecision, DocumentKind, Gender, Person
from notifications.tables import Notification
from registry.declarations.sending import prepare, send_declaration
from registry.facts import Diploma, Education, HealthCover, HouseholdFacts, Meter, Occupation, Schooling
from registry.members import HEAD_KEY, add_child
from registry.versions import MemberAnswers

HOUSEHOLDS = 300
AT_ONCE = 8
CHILDREN = 4
FIRST_ID = 7_000_000
HOME: dict[str, Any] = {
    "bath": True,
    "meter": Meter.INDIVIDUAL,
    "several_families": False,
    "satellite_antenna": False,
    "landline": False,
    "computers": 0,
    "mobile_phones": 2,
    "cars": 0,
    "motorcycles": 0,
    "water_mad": Decimal(90),
    "electricity_mad": Decimal(150),
    "butane_mad": Decimal(80),
    "telephone_mad": Decimal(60),
    "internet_mad": Decimal(0),
    "loan": False,
    "secondary_dwelling": False,
    "garage": False,
    "professional_premises": False,
}
HEAD = MemberAnswers(
    education=Education.NONE,
    diploma=Diploma.NONE,
    active=True,
    occupation=Occupation.OTHER,
    health_cover=HealthCover.NONE,
)
PUPIL = MemberAnswers(schooling=Schooling.PUBLIC, health_cover=HealthCover.NONE)


@dataclass(frozen=True)
class DeclarationRate:
    """Households a second, rows that each of them wrote, and bare inserts of those rows a second."""

    declared: float
    rows: float
    bare: float

    @property
    def share(self) -> float:
        return self.declared / self.bare


async def measure(settings: Settings) -> DeclarationRate:
    portal = create_portal(settings)
    try:
        await _register(portal)
        before = await _rows(portal)
        declared = await _rate(lambda number: _declare(portal, number))
        rows = (await _rows(portal) - before) / HOUSEHOLDS
        bare = await _rate(lambda number: _insert_bare(portal, round(rows)))
        return DeclarationRate(declared, rows, bare)
    finally:
        await portal.engine.dispose()
        await portal.reading.dispose()


async def _rate(work: Any) -> float:
    waiting = iter(range(HOUSEHOLDS))

    async def take_turns() -> None:
        for number in waiting:
            await work(number)

    start = time.perf_counter()
    await asyncio.gather(*(take_turns() for _ in range(AT_ONCE)))
    return HOUSEHOLDS / (time.perf_counter() - start)


async def _declare(portal: Portal, number: int) -> None:
    head_id, now = _head_id(number), portal.clock()
    async with portal.writes() as session:
        answers = {HEAD_KEY: HEAD}
        for child in range(1, CHILDREN + 1):
            reference = await add_child(
                session, person_id=head_id, identifier=identifier(head_id + child), now=now
            )
            answers[reference] = PUPIL
        home = HouseholdFacts(commune="06.141.01.41", rooms=3, **HOME)
        prepared = await prepare(session, person_id=head_id, household=home, members=answers, now=now)
        await send_declaration(
            session,
            person_id=head_id,
            facts=prepared.facts,
            awaited=prepared.awaited,
            language="ar",
            now=now,
        )
        await session.commit()


async def _insert_bare(portal: Portal, rows: int) -> None:
    async with portal.writes() as session:
        connection = await session.connection()
        for _ in range(rows):
            await connection.execute(insert(Notification).values(**_row(portal.clock())))
        await session.commit()


def _row(now: dt.datetime) -> dict[str, Any]:
    return {
        "person_id": None,
        "template": "declaration_received",
        "language": "ar",
        "values": {"reference": "D-00000000"},
        "link": "/household",
        "in_inbox": False,
        "created_at": now,
    }


def _head_id(number: int) -> int:
    return FIRST_ID + number * (CHILDREN + 1)


async def _register(portal: Portal) -> None:
    """A head and four children for each household, who are in nobody else's."""
    today = portal.clock().date()
    people = []
    for number in range(HOUSEHOLDS):
        head = _head_id(number)
        people.append(_person(head, today.replace(year=today.year - 40), mother=None))
        people += [
            _person(head + child, today.replace(year=today.year - 6 - child), mother=head)
            for child in range(1, CHILDREN + 1)
        ]
    async with portal.writes() as session:
        connection = await session.connection()
        await connection.execute(insert(Person), people)
        await session.commit()


def _person(person_id: int, born: dt.date, *, mother: int | None) -> dict[str, Any]:
    return {
        "id": person_id,
        "identifier": identifier(person_id),
        "document_kind": None if mother else DocumentKind.NATIONAL_CARD,
        "document_number": None if mother else document_number(person_id),
        "given_name_ar": "فاطمة",
        "family_name_ar": "بناني",
        "given_name_latin": "Fatima",
        "family_name_latin": "Bennani",
        "birth_date": born,
        "birth_precision": BirthPrecision.DAY,
        "gender": Gender.FEMALE,
        "phone": None if mother else f"+2126{person_id % 100_000_000:08d}",
        "father_id": None,
        "mother_id": mother,
        "deceased_on": None,
    }


async def _rows(portal: Portal) -> int:
    async with portal.reads() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table))
            for table in SQLModel.metadata.sorted_tables
        ]
    return sum(count or 0 for count in counts)
