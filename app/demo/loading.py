"""Loading the demonstration world: the register first, then the officers, then the stories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from sqlalchemy import func, insert, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from app.demo import newcomers, officers
from app.demo.declared import rows_of
from app.demo.models import propose_model
from app.demo.people import Character
from app.demo.population import Family, families
from app.demo.registers import write_registers
from app.demo.worlds import world
from app.requests import Portal
from identity.people.tables import Person
from identity.staff.officers import add_staff
from registry.centres.directory import centres_of
from registry.profiles import profile
from registry.tables import (
    Declaration,
    DeclaredMember,
    Eligibility,
    Household,
    IndexEvent,
    Membership,
)

BATCH = 500
# Ids below this one are for the named people and what they do.
FIRST_SYNTHETIC_ID = 10_000
IN_ORDER = (Person, Household, Membership, Declaration, DeclaredMember, IndexEvent, Eligibility)


async def is_loaded(portal: Portal) -> bool:
    async with portal.reads() as session:
        return await session.scalar(select(Person.id).limit(1)) is not None  # type: ignore[call-overload]


async def load_world(portal: Portal, *, households: int, progress: Callable[[int], object]) -> None:
    """Load everything in one transaction: a world that was interrupted does not exist. A new model comes afterwards."""
    now = portal.clock()
    async with portal.writes() as session:
        await _register_characters(session)
        await _add_officers(session, portal, now)
        await world().tell(session, portal, now)
        await newcomers.expect(session, world().newcomer, now)
        await _load_population(session, households if world().populated else 0, now, progress)
        await session.commit()
    write_registers(portal.settings.sources_dir, now.date())
    if profile().index:
        await propose_model(portal)


async def _register_characters(session: AsyncSession) -> None:
    ids = {character.key: number for number, character in enumerate(world().characters, start=1)}
    for character in world().characters:
        session.add(_person(character, ids))
        await session.flush()


def _person(character: Character, ids: Mapping[str, int]) -> Person:
    return Person(
        id=ids[character.key],
        identifier=character.identifier,
        document_kind=character.document,
        document_number=character.document_number,
        given_name_ar=character.given[0],
        family_name_ar=character.family[0],
        given_name_latin=character.given[1],
        family_name_latin=character.family[1],
        birth_date=character.born,
        birth_precision=character.precision,
        gender=character.gender,
        phone=character.phone,
        father_id=ids.get(character.father or ""),
        mother_id=ids.get(character.mother or ""),
    )


async def _add_officers(session: AsyncSession, portal: Portal, now: dt.datetime) -> None:
    """Each with the own line of the register: without it nobody knows whose file is an officer's own."""
    for serial, officer in enumerate(world().officers, start=officers.FIRST_SERIAL):
        person = _person(_citizen(officer, serial), {officer.email: serial})
        session.add(person)
        await session.flush()
        await add_staff(
            session,
            email=officer.email,
            name_ar=officer.name_ar,
            name_latin=officer.name_latin,
            password=officers.PASSWORD,
            role=officer.role,
            centre_code=centres_of(officer.province)[0].code,
            hasher=portal.hasher,
            keys=portal.keys,
            person_id=person.id,
            now=now,
            totp_secret=officer.totp_secret,
        )


def _citizen(officer: officers.Officer, serial: int) -> Character:
    given_ar, family_ar = officer.name_ar.split(" ", 1)
    given_latin, family_latin = officer.name_latin.split(" ", 1)
    return world().citizen(
        key=officer.email,
        serial=serial,
        given=(given_ar, given_latin),
        family=(family_ar, family_latin),
        born=officer.born,
        gender=officer.gender,
        story="",
    )


async def _load_population(
    session: AsyncSession, households: int, now: dt.datetime, progress: Callable[[int], object]
) -> None:
    batch: list[Family] = []
    for number, family in enumerate(families(households, today=now.date(), first_id=FIRST_SYNTHETIC_ID)):
        batch.append(family)
        if len(batch) == BATCH or number == households - 1:
            await _insert(session, batch, first=FIRST_SYNTHETIC_ID + number + 1 - len(batch), now=now)
            progress(len(batch))
            batch = []
    await _continue_numbering(session)


async def _insert(session: AsyncSession, batch: list[Family], *, first: int, now: dt.datetime) -> None:
    rows = rows_of(batch, first_household=first, now=now)
    connection = await session.connection()
    for table in IN_ORDER:
        await connection.execute(insert(table), rows[table])


async def _continue_numbering(session: AsyncSession) -> None:
    """Ids were given by hand here: PostgreSQL's counters go on after the last one."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in IN_ORDER:
        name = table.__tablename__
        last = await session.scalar(select(func.max(table.id)))
        connection = await session.connection()
        await connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
            {"name": name, "last": last or 1},
        )
