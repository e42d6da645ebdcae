"""What an officer may do about a file: the duty, the centre, and nobody serves himself or his family."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.people import register
from identity.people.tables import Person
from identity.roles import Duty, Role, may
from identity.tables import Staff
from registry.errors import Refused
from registry.members import counts
from registry.tables import Membership, MembershipStatus


class NotAllowed(Refused):
    """The officer's role does not include this."""

    code = "not_allowed"


class OwnFile(Refused):
    """The file is the officer's own, of a member of the officer's household, or of close family."""

    code = "own_file"


async def officer_with(session: AsyncSession, *, staff_id: int, duty: Duty) -> Staff:
    """The officer, if still in service and in charge of this. Raises NotAllowed."""
    staff = await session.get(Staff, staff_id)
    if staff is None or staff.disabled_at is not None or not may(Role(staff.role), duty):
        raise NotAllowed
    return staff


async def check_stranger(
    session: AsyncSession, *, staff: Staff, person_ids: Iterable[int], now: datetime
) -> None:
    """Raises OwnFile when one of these people is the officer, lives with the officer, or is close family."""
    if staff.person_id is None:
        return
    people = await register.people(session, {*person_ids, staff.person_id})
    own = people.pop(staff.person_id, None)
    if staff.person_id in person_ids or any(own and _are_family(own, person) for person in people.values()):
        raise OwnFile
    if await _live_together(session, staff.person_id, list(people), now):
        raise OwnFile


def _are_family(one: Person, other: Person) -> bool:
    """Parent and child, or children of one parent."""
    parents, others_parents = _parents(one), _parents(other)
    return one.id in others_parents or other.id in parents or bool(parents & others_parents)


def _parents(person: Person) -> set[int]:
    return {parent for parent in (person.father_id, person.mother_id) if parent is not None}


async def _live_together(session: AsyncSession, one: int, others: list[int], now: datetime) -> bool:
    home = select(Membership.household_id).where(
        Membership.person_id == one, Membership.status == MembershipStatus.ACTIVE
    )
    found = await session.exec(
        select(Membership.id)
        .where(col(Membership.household_id).in_(home), col(Membership.person_id).in_(others), counts(now))
        .limit(1)
    )
    return found.first() is not None
