"""Members of a household: who is in it, and the children a parent adds."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor, record
from identity.numbers import InvalidNumber, parse_identifier
from identity.tables import Gender, Person
from registry.acts import Act, acting
from registry.dates import local_date, week_start
from registry.errors import Refused
from registry.facts import BirthPrecision, Relation, completed_years
from registry.households import activate, lock_person, open_household
from registry.tables import Household, Membership, MembershipStatus

ADULT_AGE = 18


class ChildUnavailable(Refused):
    """The child cannot be added. It is not said whether the number is wrong, the child is not the declarant's or the
    spouse's, is no longer a child, or is in another household. Keep the transaction: a second claim is recorded."""

    code = "child_unavailable"


class AlreadyMember(Refused):
    """The person is in this household, or invited to it, already."""

    code = "already_member"


@dataclass(frozen=True)
class Member:
    """A line of the household's list. Until an invited adult accepts, only what the head typed is known here: the
    identifier; names and birth date stay empty whether or not the number exists."""

    reference: str
    membership_id: int
    person_id: int | None
    relation: Relation
    awaited: bool
    identifier: str
    given_name_ar: str | None
    family_name_ar: str | None
    given_name_latin: str | None
    family_name_latin: str | None
    gender: Gender | None
    birth_date: date | None
    birth_precision: BirthPrecision | None
    age: int | None
    since: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class Child:
    """A child of the declarant, or of the declarant's spouse in the household, whom the register knows."""

    identifier: str
    given_name_ar: str
    family_name_ar: str
    given_name_latin: str
    family_name_latin: str
    birth_date: date
    birth_precision: BirthPrecision


async def list_members(session: AsyncSession, *, household_id: int, now: datetime) -> tuple[Member, ...]:
    """Active and awaited members, the head first, then the oldest places.

    A member who left this week is still listed: the list is published weekly, so that it does not tell when.
    """
    rows = await session.exec(
        select(Membership, Person)
        .outerjoin(Person, col(Person.id) == Membership.person_id)
        .where(
            Membership.household_id == household_id,
            or_(counts(now), col(Membership.status) == MembershipStatus.INVITED),
        )
        .order_by(col(Membership.relation) != Relation.HEAD, col(Membership.id))
    )
    return tuple(_member(membership, person, local_date(now)) for membership, person in rows)


def counts(now: datetime) -> ColumnElement[bool]:
    """A membership that counts for the household: active, or left so recently that it is not published yet."""
    status, ended_at = col(Membership.status), col(Membership.ended_at)
    unpublished = and_(status == MembershipStatus.LEFT, ended_at >= week_start(now))
    return or_(status == MembershipStatus.ACTIVE, unpublished)


def _member(membership: Membership, person: Person | None, today: date) -> Member:
    awaited = membership.status is MembershipStatus.INVITED
    known = None if awaited else person
    return Member(
        reference=membership.reference,
        membership_id=membership.id,
        person_id=membership.person_id,
        relation=Relation(membership.relation),
        awaited=awaited,
        identifier=known.identifier if known else membership.invited_identifier or "",
        given_name_ar=known.given_name_ar if known else None,
        family_name_ar=known.family_name_ar if known else None,
        given_name_latin=known.given_name_latin if known else None,
        family_name_latin=known.family_name_latin if known else None,
        gender=known.gender if known else None,
        birth_date=known.birth_date if known else None,
        birth_precision=BirthPrecision(known.birth_precision.value) if known else None,
        age=age_of(known, today) if known else None,
        since=membership.answered_at or membership.invited_at,
        expires_at=membership.expires_at if awaited else None,
    )


def age_of(person: Person, day: date) -> int:
    """Completed years; the register keeps an unknown month or day as 1, which is how the rules read it."""
    return completed_years(person.birth_date, day)


async def children_to_add(session: AsyncSession, *, person_id: int, now: datetime) -> tuple[Child, ...]:
    """The children whom the register knows and who are not in the declarant's own list yet, the oldest first."""
    parents = await _parents(session, person_id, now)
    listed = select(Membership.person_id).where(
        col(Membership.household_id).in_(
            select(Household.id).where(Household.head_person_id == person_id)
        ),
        counts(now),
    )
    found = await session.exec(
        select(Person)
        .where(
            or_(col(Person.father_id).in_(parents), col(Person.mother_id).in_(parents)),
            col(Person.deceased_on).is_(None),
            col(Person.id).not_in(listed),
        )
        .order_by(col(Person.birth_date), col(Person.id))
    )
    today = local_date(now)
    return tuple(_child(person) for person in found if age_of(person, today) < ADULT_AGE)


def _child(person: Person) -> Child:
    return Child(
        identifier=person.identifier,
        given_name_ar=person.given_name_ar,
        family_name_ar=person.family_name_ar,
        given_name_latin=person.given_name_latin,
        family_name_latin=person.family_name_latin,
        birth_date=person.birth_date,
        birth_precision=BirthPrecision(person.birth_precision.value),
    )


async def _parents(session: AsyncSession, person_id: int, now: datetime) -> list[int]:
    """The declarant, and the spouses in the household that the declarant heads."""
    spouses = await session.exec(
        select(Membership.person_id)
        .join(Household, col(Household.id) == Membership.household_id)
        .where(
            Household.head_person_id == person_id,
            Membership.relation == Relation.SPOUSE,
            counts(now),
        )
    )
    return [person_id, *(spouse for spouse in spouses if spouse is not None)]


async def add_child(
    session: AsyncSession,
    *,
    person_id: int,
    identifier: str,
    now: datetime,
    actor: Actor | None = None,
) -> str:
    """Add a child of the declarant or of the declarant's spouse, and return the membership's reference.

    The household is created when it is the first member. Raises ChildUnavailable, AlreadyMember and NotHead.
    """
    child = await _own_child(session, person_id, identifier, now)
    household = await open_household(session, person_id=person_id, now=now, actor=actor)
    members = await list_members(session, household_id=household.id, now=now)
    if child.id in {member.person_id for member in members}:
        raise AlreadyMember
    assert child.id is not None
    await lock_person(session, person_id=child.id)
    reference = await activate(
        session, household_id=household.id, person_id=child.id, relation=Relation.CHILD, by=person_id, now=now
    )
    await record(
        session,
        actor=acting(actor, person_id),
        action=Act.CHILD_ADDED if reference else Act.CHILD_CLAIMED_TWICE,
        person_id=person_id,
        household_id=household.id,
        reference=reference,
        details={"child_id": child.id},
        now=now,
    )
    if reference is None:
        raise ChildUnavailable
    return reference


async def _own_child(session: AsyncSession, person_id: int, identifier: str, now: datetime) -> Person:
    """The register's line of a living child of the declarant's or of the spouse's."""
    try:
        wanted = parse_identifier(identifier).value
    except InvalidNumber as error:
        raise ChildUnavailable from error
    found = await session.exec(select(Person).where(Person.identifier == wanted))
    child = found.first()
    parents = await _parents(session, person_id, now)
    if child is None or child.deceased_on or age_of(child, local_date(now)) >= ADULT_AGE:
        raise ChildUnavailable
    if child.father_id not in parents and child.mother_id not in parents:
        raise ChildUnavailable
    return child
