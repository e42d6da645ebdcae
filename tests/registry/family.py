"""An invented family of the register, and what the tests of households do with it again and again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any

from sqlmodel import SQLModel, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import Sessions
from identity.people.number_rules import check_digit
from identity.people.tables import DocumentKind, Gender, Person
from identity.tables import Account, Proofing, Role, Staff
from notifications.tables import Notification
from registry.declarations.invitations import answer_invitation, invite_adult
from registry.declarations.sending import prepare, send_declaration
from registry.facts import Diploma, Education, HouseholdFacts, Occupation, Relation, Schooling
from registry.members import add_child, list_members
from registry.tables import Household
from registry.versions import MemberAnswers, Version
from tests.registry.worked_households import urban_home

CENTRE_ELSEWHERE = "elsewhere"
numbers = count(1)

GROWN = {"diploma": Diploma.NONE, "health_cover": "none"}
HEAD = MemberAnswers(education=Education.BASIC, occupation=Occupation.OTHER, active=True, **GROWN)
SPOUSE = MemberAnswers(occupation=Occupation.NONE, active=False, **GROWN)
PUPIL = MemberAnswers(schooling=Schooling.PUBLIC, health_cover="none")


@dataclass(frozen=True)
class Family:
    """Hassan, 42, and Fatima, 38, with Yassine, 12, and Salma, 8: the household A1 of the worked examples."""

    hassan: Person
    fatima: Person
    yassine: Person
    salma: Person


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    async with sessions() as session, session.begin():
        yield session


async def add_person(session: AsyncSession, name: str, born: date, **facts: Any) -> Person:
    number = next(numbers)
    person = Person(
        identifier=f"{number:09}{check_digit(f'{number:09}')}",
        document_kind=DocumentKind.NATIONAL_CARD,
        document_number=f"ZZ{number}",
        given_name_ar=name,
        family_name_ar="العلوي",
        given_name_latin=name,
        family_name_latin="Alaoui",
        birth_date=born,
        gender=Gender.FEMALE,
        phone=f"+2126{number:08}",
    )
    for fact, value in facts.items():
        setattr(person, fact, value)
    session.add(person)
    await session.flush()
    return person


async def add_account(session: AsyncSession, person: Person, now: datetime, language: str = "fr") -> Account:
    account = Account(
        person_id=person.id,
        password_hash="x",
        recovery_hash="x",
        phone=person.phone,
        language=language,
        sms_language=language,
        proofing=Proofing.REGISTER_MATCH,
        proofed_at=now,
        created_at=now,
    )
    session.add(account)
    await session.flush()
    return account


async def add_family(session: AsyncSession, now: datetime) -> Family:
    hassan = await add_person(session, "Hassan", date(1984, 1, 2), gender=Gender.MALE)
    fatima = await add_person(session, "Fatima", date(1988, 1, 2))
    parents = {"father_id": hassan.id, "mother_id": fatima.id}
    yassine = await add_person(session, "Yassine", date(2014, 1, 2), **parents)
    salma = await add_person(session, "Salma", date(2018, 1, 2), **parents)
    await add_account(session, hassan, now)
    await add_account(session, fatima, now, "ar")
    return Family(hassan, fatima, yassine, salma)


async def add_officer(
    session: AsyncSession, centre: str, now: datetime, role: Role = Role.AGENT, person: Person | None = None
) -> int:
    staff = Staff(
        email=f"agent{next(numbers)}@example.ma",
        name_ar="موظف",
        name_latin="Agent",
        password_hash="x",
        totp_sealed=b"x",
        role=role,
        centre_code=centre,
        person_id=person.id if person else None,
        created_at=now,
    )
    session.add(staff)
    await session.flush()
    assert staff.id is not None
    return staff.id


async def gather_members(session: AsyncSession, family: Family, now: datetime) -> str:
    """Hassan adds both children and invites Fatima; the reference of her invitation."""
    for child in (family.yassine, family.salma):
        await add_child(session, person_id=family.hassan.id, identifier=child.identifier, now=now)
    return await invite(session, family, now)


async def invite(session: AsyncSession, family: Family, now: datetime) -> str:
    return await invite_adult(
        session,
        person_id=family.hassan.id,
        identifier=family.fatima.identifier,
        birth_year=family.fatima.birth_date.year,
        relation=Relation.SPOUSE,
        now=now,
    )


async def answers_of(session: AsyncSession, person: Person, now: datetime) -> dict[str, MemberAnswers]:
    household = (await session.exec(select(Household).where(Household.head_person_id == person.id))).first()
    if household is None:
        return {"head": HEAD}
    listed = await list_members(session, household_id=household.id, now=now)
    by_relation = {Relation.HEAD: HEAD, Relation.CHILD: PUPIL}
    return {member.key: by_relation.get(member.relation, SPOUSE) for member in listed}


async def declare(
    session: AsyncSession,
    person: Person,
    now: datetime,
    *,
    home: HouseholdFacts | None = None,
    members: Mapping[str, MemberAnswers] | None = None,
    **options: Any,
) -> Version:
    prepared = await prepare(
        session,
        person_id=person.id,
        household=home or urban_home(),
        members=members if members is not None else await answers_of(session, person, now),
        now=now,
    )
    return await send_declaration(
        session,
        person_id=person.id,
        facts=prepared.facts,
        awaited=prepared.awaited,
        language="fr",
        now=now,
        **options,
    )


async def settled_family(session: AsyncSession, now: datetime) -> Family:
    """The family declared and complete: Fatima has accepted and the index is computed."""
    family = await add_family(session, now)
    invitation = await gather_members(session, family, now)
    await declare(session, family.hassan, now)
    await answer(session, family.fatima, invitation, now)
    return family


async def answer(
    session: AsyncSession, person: Person, invitation: str, now: datetime, accept: bool = True
) -> None:
    await answer_invitation(session, person_id=person.id, reference=invitation, accept=accept, now=now)


async def rows(session: AsyncSession, table: type[SQLModel], *where: Any) -> int:
    return (await session.exec(select(func.count()).select_from(table).where(*where))).one()


async def told(session: AsyncSession, person: Person) -> list[str]:
    found = await session.exec(
        select(Notification.template)
        .where(Notification.person_id == person.id)
        .order_by(col(Notification.id))
    )
    return list(found)


async def in_parallel(
    sessions: Sessions, times: int, work: Callable[[AsyncSession, int], Awaitable[Any]]
) -> list[Any]:
    """The results or exceptions of `times` transactions that run at once, each committed or rolled back by itself."""

    async def one(turn: int) -> Any:
        async with transaction(sessions) as session:
            return await work(session, turn)

    return await asyncio.gather(*(one(turn) for turn in range(times)), return_exceptions=True)
