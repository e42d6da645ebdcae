"""Members of a household: who is in it, and the children a parent adds."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor, record
from identity.people import register
from identity.people.numbers import InvalidNumber, parse_identifier
from identity.people.tables import Gender, Person
from registry.acts import Act, acting
from registry.dates import local_date, week_start
from registry.errors import NotHead, Refused
from registry.facts import MEMBERS, BirthPrecision, Relation, completed_years
from registry.households import activate, find_household, lock_person, open_household
from registry.tables import Household, Membership, MembershipStatus

ADULT_AGE = 18
HEAD_KEY = "head"


class ChildUnavailable(Refused):
    """The child cannot be added, and it is not said why: the number is wrong, the child is not the declarant's or
    the spouse's, is no longer a child, or is in another household.

    Keep the transaction: a second claim is recorded for review.
    """

    code = "child_unavailable"


class HouseholdFull(Refused):
    """The household has as many members as a declaration takes."""

    code = "household_full"


class AlreadyMember(Refused):
    """The person is in this household, or invited to it, already."""

    code = "already_member"


@dataclass(frozen=True)
class Registered:
    """What a household's pages show of a line of the register."""

    person_id: int
    identifier: str
    given_name_ar: str
    family_name_ar: str
    given_name_latin: str
    family_name_latin: str
    gender: Gender
    birth_date: date
    birth_precision: BirthPrecision
    age: int


@dataclass(frozen=True)
class Member:
    """A line of the household's list.

    Until an invited adult accepts, `person` is empty, and `identifier` and `birth_year` are what the head typed,
    whether or not anybody has that number.
    """

    reference: str
    membership_id: int
    person: Registered | None
    relation: Relation
    awaited: bool
    identifier: str
    birth_year: int
    since: datetime
    expires_at: datetime | None

    def possible_ages(self, day: date) -> tuple[int, ...]:
        """Completed years on `day`. Of an awaited adult only the year is known, which leaves two possibilities."""
        if self.person:
            return (completed_years(self.person.birth_date, day),)
        return (max(ADULT_AGE, day.year - self.birth_year - 1), max(ADULT_AGE, day.year - self.birth_year))

    @property
    def key(self) -> str:
        """The name of the member in a draft: the head has one before there is a household."""
        return HEAD_KEY if self.relation is Relation.HEAD else self.reference


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
    """A membership that counts for the household: active, or left so recently that it is not public yet."""
    status, ended_at = col(Membership.status), col(Membership.ended_at)
    unpublished = and_(status == MembershipStatus.LEFT, ended_at >= week_start(now))
    return or_(status == MembershipStatus.ACTIVE, unpublished)


def _member(membership: Membership, person: Person | None, today: date) -> Member:
    awaited = membership.status is MembershipStatus.INVITED
    known = registered(person, today) if person and not awaited else None
    return Member(
        reference=membership.reference,
        membership_id=membership.id,
        person=known,
        relation=Relation(membership.relation),
        awaited=awaited,
        identifier=known.identifier if known else membership.invited_identifier or "",
        birth_year=known.birth_date.year if known else membership.invited_birth_year or 0,
        since=membership.answered_at or membership.invited_at,
        expires_at=membership.expires_at if awaited else None,
    )


def registered(person: Person, today: date) -> Registered:
    assert person.id is not None
    return Registered(
        person_id=person.id,
        identifier=person.identifier,
        given_name_ar=person.given_name_ar,
        family_name_ar=person.family_name_ar,
        given_name_latin=person.given_name_latin,
        family_name_latin=person.family_name_latin,
        gender=person.gender,
        birth_date=person.birth_date,
        birth_precision=BirthPrecision(person.birth_precision.value),
        age=age_of(person, today),
    )


def age_of(person: Person, day: date) -> int:
    """Completed years; the register keeps an unknown month or day as 1, which is how the rules read it."""
    return completed_years(person.birth_date, day)


async def members_to_declare(session: AsyncSession, *, person_id: int, now: datetime) -> tuple[Member, ...]:
    """Whom a declaration by the person is about: the household that the person heads, or the person alone.

    Raises NotHead for a member of somebody else's household.
    """
    household = await find_household(session, person_id=person_id)
    if household is None:
        return (_head_to_be(await register.person(session, person_id), now),)
    if household.head_person_id != person_id:
        raise NotHead
    return await list_members(session, household_id=household.id, now=now)


def _head_to_be(person: Person, now: datetime) -> Member:
    return Member(
        reference="",
        membership_id=0,
        person=registered(person, local_date(now)),
        relation=Relation.HEAD,
        awaited=False,
        identifier=person.identifier,
        birth_year=person.birth_date.year,
        since=now,
        expires_at=None,
    )


async def children_to_add(session: AsyncSession, *, person_id: int, now: datetime) -> tuple[Registered, ...]:
    """The children whom the register knows and who are not in the declarant's list yet, oldest first."""
    parents = await _parents(session, person_id, now)
    listed = select(Membership.person_id).where(
        col(Membership.household_id).in_(select(Household.id).where(Household.head_person_id == person_id)),
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
    return tuple(registered(child, today) for child in found if age_of(child, today) < ADULT_AGE)


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

    The household is created when it is the first member. Raises ChildUnavailable, AlreadyMember, HouseholdFull and
    NotHead.
    """
    child = await _own_child(session, person_id, identifier, now)
    household = await open_household(session, person_id=person_id, now=now, actor=actor)
    await check_place_for(session, household_id=household.id, identifier=child.identifier, now=now)
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
    child = await register.person_by_identifier(session, wanted)
    parents = await _parents(session, person_id, now)
    if child is None or child.deceased_on or age_of(child, local_date(now)) >= ADULT_AGE:
        raise ChildUnavailable
    if child.father_id not in parents and child.mother_id not in parents:
        raise ChildUnavailable
    return child


async def check_place_for(
    session: AsyncSession, *, household_id: int, identifier: str, now: datetime
) -> None:
    """Raises AlreadyMember for somebody on the household's list, and HouseholdFull."""
    members = await list_members(session, household_id=household_id, now=now)
    if any(member.identifier == identifier for member in members):
        raise AlreadyMember
    if len(members) >= MEMBERS.greatest:
        raise HouseholdFull
