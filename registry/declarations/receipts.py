"""The receipt of a declaration: what was declared, when, by whom, with whose help. It reads the same for ever."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.people import register
from identity.tables import Staff
from registry.errors import NotFound
from registry.facts import HouseholdFacts, Relation
from registry.members import Registered, registered
from registry.tables import Declaration, Household, IndexEvent, Membership, Origin
from registry.versions import MemberAnswers, Version, read_version


@dataclass(frozen=True)
class ReceiptMember:
    """A member as declared. Of an adult who was awaited only the identifier that the head typed is shown."""

    reference: str
    relation: Relation
    awaited: bool
    identifier: str
    person: Registered | None
    answers: MemberAnswers


@dataclass(frozen=True)
class Receipt:
    """`officer` is the name, in both scripts, of who helped during a visit."""

    reference: str
    number: int
    origin: Origin
    language: str
    declared_at: datetime
    facts_on: date
    complete: bool
    household_reference: str
    declarant: Registered
    officer: tuple[str, str] | None
    household: HouseholdFacts
    members: tuple[ReceiptMember, ...]
    is_current: bool
    has_index: bool


async def receipt(session: AsyncSession, *, reference: str, person_id: int) -> Receipt:
    """The receipt of a declaration that the person sent. Raises NotFound, for somebody else's too."""
    declaration = await _declaration(session, reference, person_id)
    version = await read_version(session, declaration_id=declaration.id)
    household = await session.get_one(Household, declaration.household_id)
    staff = await session.get(Staff, declaration.staff_id) if declaration.staff_id else None
    declarant = await register.person(session, declaration.declared_by)
    return Receipt(
        reference=declaration.reference,
        number=declaration.number,
        origin=declaration.origin,
        language=declaration.language,
        declared_at=declaration.declared_at,
        facts_on=declaration.facts_on,
        complete=declaration.complete,
        household_reference=household.reference,
        declarant=registered(declarant, declaration.facts_on),
        officer=(staff.name_ar, staff.name_latin) if staff else None,
        household=version.household,
        members=await _members(session, version),
        is_current=household.current_declaration_id == declaration.id,
        has_index=await _has_index(session, declaration.id),
    )


async def _declaration(session: AsyncSession, reference: str, person_id: int) -> Declaration:
    found = await session.exec(
        select(Declaration).where(Declaration.reference == reference, Declaration.declared_by == person_id)
    )
    declaration = found.first()
    if declaration is None:
        raise NotFound
    return declaration


async def _members(session: AsyncSession, version: Version) -> tuple[ReceiptMember, ...]:
    ids = [member.membership_id for member in version.members]
    rows = await session.exec(select(Membership).where(col(Membership.id).in_(ids)))
    places = {place.id: place for place in rows}
    persons = [member.person_id for member in version.members if member.person_id]
    people = await register.people(session, persons)
    on = version.declaration.facts_on
    members = []
    for member in version.members:
        place = places[member.membership_id]
        person = registered(people[member.person_id], on) if member.person_id else None
        members.append(
            ReceiptMember(
                reference=place.reference,
                relation=member.relation,
                awaited=member.awaited,
                identifier=person.identifier if person else place.invited_identifier or "",
                person=person,
                answers=member.answers,
            )
        )
    return tuple(members)


async def _has_index(session: AsyncSession, declaration_id: int) -> bool:
    found = await session.exec(select(IndexEvent.id).where(IndexEvent.declaration_id == declaration_id))
    return found.first() is not None


async def declarations_of(
    session: AsyncSession, *, person_id: int, limit: int = 20
) -> tuple[Declaration, ...]:
    """What the person has declared, the newest first."""
    found = await session.exec(
        select(Declaration)
        .where(Declaration.declared_by == person_id)
        .order_by(col(Declaration.id).desc())
        .limit(limit)
    )
    return tuple(found)
