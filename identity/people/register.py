"""The portal's own copy of who exists, which every page reads. Who somebody is, `population.py` asks."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.people.tables import Person


class UnknownPerson(Exception):
    """No line of the register has this id."""

    code = "unknown_person"


class Named(Protocol):
    """Whatever carries a name in both scripts: a line of the register, or a row selected with its names."""

    @property
    def given_name_ar(self) -> str: ...
    @property
    def family_name_ar(self) -> str: ...
    @property
    def given_name_latin(self) -> str: ...
    @property
    def family_name_latin(self) -> str: ...


@dataclass(frozen=True)
class PersonName:
    """A name in one script. `language` is for the `lang` of the element that shows it."""

    given: str
    family: str
    language: str

    @property
    def full(self) -> str:
        return f"{self.given} {self.family}".strip()


async def person(session: AsyncSession, person_id: int) -> Person:
    """Raises UnknownPerson."""
    found = await session.get(Person, person_id)
    if found is None:
        raise UnknownPerson
    return found


async def people(session: AsyncSession, person_ids: Collection[int]) -> dict[int, Person]:
    """The lines of the register by id; an id that nobody has is left out."""
    if not person_ids:
        return {}
    rows = await session.exec(select(Person).where(col(Person.id).in_(person_ids)))
    return {row.id: row for row in rows if row.id is not None}


async def person_by_identifier(session: AsyncSession, identifier: str) -> Person | None:
    return (await session.exec(select(Person).where(Person.identifier == identifier))).one_or_none()


async def children_of(session: AsyncSession, person_id: int) -> list[Person]:
    """The living children on record of one parent, oldest first, whatever their age."""
    rows = await session.exec(
        select(Person)
        .where(
            or_(Person.father_id == person_id, Person.mother_id == person_id),
            col(Person.deceased_on).is_(None),
        )
        .order_by(col(Person.birth_date), col(Person.id))
    )
    return list(rows)


def names(named: Named, locale: str) -> PersonName:
    """Arabic letters for Arabic pages; Latin letters, as on the card, for French and Amazigh ones."""
    if locale == "ar":
        return PersonName(named.given_name_ar, named.family_name_ar, "ar")
    return PersonName(named.given_name_latin, named.family_name_latin, "fr")


def display_name(named: Named, locale: str) -> str:
    return names(named, locale).full


def personal_facts(person: Person, email: str | None = None) -> tuple[str, ...]:
    """What others know of the person, and a password must not be made of."""
    facts = (
        person.identifier,
        person.document_number,
        person.phone,
        person.given_name_ar,
        person.family_name_ar,
        person.given_name_latin,
        person.family_name_latin,
        email,
    )
    return tuple(fact for fact in facts if fact)
