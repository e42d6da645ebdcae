"""Issuing an identifier: a new line of the embedded population register, after an identity check at a centre.

Where an authority keeps the register, the authority issues; the portal only asks it (`population.py`).
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor, IdentityAction, record
from identity.limits import upsert
from identity.people.names import folded
from identity.people.number_rules import CheckDigit, IdentifierRules, check_digit, number_rules
from identity.people.partial_date import PartialDate
from identity.people.population import EmbeddedRegister, LineName, RegisterOf
from identity.people.register import person
from identity.people.tables import BirthPrecision, DocumentKind, Gender, Person

# No real identifier begins with it: what the demonstration issues can be nobody's.
INVENTED: Final = "0"
TRIES: Final = 8
RECEIPT_LETTERS: Final = "RC"
RECEIPT_DIGITS: Final = 9


class IssuingElsewhere(Exception):
    """An authority keeps the register: identifiers are issued there, and not by this portal."""

    code = "issuing_elsewhere"


class AlreadyInRegister(Exception):
    """Somebody in the register has this very document: nobody gets a second identifier."""

    code = "already_in_register"

    def __init__(self, found: Person) -> None:
        super().__init__(self.code)
        self.person = found


@dataclass(frozen=True)
class NewPerson:
    """Who is to be registered, as the officer read it. A child, or somebody without a card, has no document."""

    name: LineName
    birth_date: PartialDate
    gender: Gender
    document_kind: DocumentKind | None = None
    document_number: str | None = None
    phone: str | None = None
    father_id: int | None = None
    mother_id: int | None = None


def may_issue(register: RegisterOf) -> bool:
    """Whether this portal keeps the register itself."""
    return register is EmbeddedRegister


def new_identifier(*, invented: bool, rules: IdentifierRules | None = None) -> str:
    """A random identifier, with its check digit where numbers have one."""
    rules = rules or number_rules().identifier
    first = INVENTED if invented else secrets.choice("123456789")
    has_check = rules.check_digit is not CheckDigit.NONE
    digits = first + "".join(secrets.choice("0123456789") for _ in range(rules.digits - 1 - has_check))
    return digits + check_digit(digits) if has_check else digits


def new_receipt_number() -> str:
    """The number on the paper that somebody without a card takes home, to claim the identifier with."""
    return RECEIPT_LETTERS + "".join(secrets.choice("0123456789") for _ in range(RECEIPT_DIGITS))


async def issue_person(
    session: AsyncSession,
    *,
    newcomer: NewPerson,
    register: RegisterOf,
    invented: bool,
    actor: Actor,
    reference: str,
    now: datetime,
) -> Person:
    """A new line of the register. `reference` is that of the identity check that proves it.

    The unique constraints decide, also between two desks at once. Raises IssuingElsewhere and AlreadyInRegister.
    """
    if not may_issue(register):
        raise IssuingElsewhere
    person_id = await _insert(session, newcomer, invented=invented)
    await record(
        session,
        actor=actor,
        action=IdentityAction.IDENTIFIER_ISSUED,
        person_id=person_id,
        reference=reference,
        now=now,
    )
    return await person(session, person_id)


async def _insert(session: AsyncSession, newcomer: NewPerson, *, invented: bool) -> int:
    """Drawn again when somebody has the number already."""
    for _ in range(TRIES):
        fresh = _row(newcomer, new_identifier(invented=invented))
        inserted = await session.exec(
            upsert(session)(Person)
            .values(**fresh.model_dump(exclude={"id"}))
            .on_conflict_do_nothing()
            .returning(col(Person.id))
        )
        if (person_id := inserted.scalar_one_or_none()) is not None:
            return int(person_id)
        if taken := await person_with_document(session, newcomer.document_kind, newcomer.document_number):
            raise AlreadyInRegister(taken)
    raise RuntimeError("no identifier was free in several draws: the numbers are running out")


def _row(newcomer: NewPerson, identifier: str) -> Person:
    return Person(
        identifier=identifier,
        document_kind=newcomer.document_kind,
        document_number=newcomer.document_number,
        given_name_ar=newcomer.name.given_name_ar,
        family_name_ar=newcomer.name.family_name_ar,
        given_name_latin=newcomer.name.given_name_latin,
        family_name_latin=newcomer.name.family_name_latin,
        birth_date=newcomer.birth_date.first_day,
        birth_precision=newcomer.birth_date.precision,
        gender=newcomer.gender,
        phone=newcomer.phone,
        father_id=newcomer.father_id,
        mother_id=newcomer.mother_id,
    )


async def person_with_document(
    session: AsyncSession, kind: DocumentKind | None, number: str | None
) -> Person | None:
    if kind is None or number is None:
        return None
    found = await session.exec(
        select(Person).where(Person.document_kind == kind, Person.document_number == number)
    )
    return found.one_or_none()


async def look_alikes(session: AsyncSession, *, name: LineName, birth_date: PartialDate) -> list[Person]:
    """The people of the register with the same names, in either script, and a birth date that agrees."""
    born = await session.exec(select(Person).where(_may_be_born(name, birth_date)).order_by(col(Person.id)))
    return [each for each in born if _same_names(each, name)]


def _may_be_born(name: LineName, birth_date: PartialDate) -> ColumnElement[bool]:
    """Dates that agree. With a day missing there are many of them, and the family name has to be spelt alike."""
    first = birth_date.first_day
    if birth_date.precision is BirthPrecision.DAY:
        return col(Person.birth_date).in_({first, first.replace(day=1), date(first.year, 1, 1)})
    last = (date(first.year, birth_date.month or 12, 28) + timedelta(days=4)).replace(day=1) - timedelta(
        days=1
    )
    spelt = or_(
        col(Person.family_name_ar) == name.family_name_ar,
        col(Person.family_name_latin) == name.family_name_latin,
    )
    is_january = col(Person.birth_date) == date(first.year, 1, 1)
    return (col(Person.birth_date).between(first, last) | is_january) & spelt


def _same_names(found: Person, name: LineName) -> bool:
    arabic = (name.given_name_ar, name.family_name_ar), (found.given_name_ar, found.family_name_ar)
    latin = (name.given_name_latin, name.family_name_latin), (found.given_name_latin, found.family_name_latin)
    return any(
        one[0] and list(map(folded, one)) == list(map(folded, other)) for one, other in (arabic, latin)
    )
