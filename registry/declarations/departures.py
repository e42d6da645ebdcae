"""Leaving a household, and a child taken off the list.

An adult leaves alone and at once. The household learns of it with the next weekly publication: until then its list,
its index and its messages are what they would have been, so that nothing tells when or that somebody left.
"""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor, record
from registry.acts import Act, acting
from registry.dates import week_start
from registry.declarations.settling import settle
from registry.errors import NoHousehold, NotFound, Refused
from registry.facts import Relation
from registry.households import find_household, lock_household, own_household
from registry.tables import DeclaredMember, Household, HouseholdStatus, Membership, MembershipStatus

PUBLICATION_BATCH = 200


class HeadCannotLeave(Refused):
    """A head with other members hands the household over at a centre first."""

    code = "head_cannot_leave"


async def leave_household(
    session: AsyncSession, *, person_id: int, now: datetime, actor: Actor | None = None
) -> None:
    """End the person's own membership. A head alone ends the household with it.

    Raises NoHousehold, HeadCannotLeave. Nobody else is told.
    """
    household = await find_household(session, person_id=person_id)
    if household is None:
        raise NoHousehold
    household = await lock_household(session, household_id=household.id)
    active = await _active(session, household.id)
    own = next((membership for membership in active if membership.person_id == person_id), None)
    if own is None:
        raise NoHousehold
    if household.head_person_id == person_id:
        await _dissolve(session, household, active, now)
    own.status = MembershipStatus.LEFT
    own.ended_at = now
    session.add(own)
    await record(
        session,
        actor=acting(actor, person_id),
        action=Act.HOUSEHOLD_LEFT,
        person_id=person_id,
        household_id=household.id,
        reference=own.reference,
        now=now,
    )


async def _active(session: AsyncSession, household_id: int) -> list[Membership]:
    found = await session.exec(
        select(Membership)
        .where(Membership.household_id == household_id, Membership.status == MembershipStatus.ACTIVE)
        .execution_options(populate_existing=True)
    )
    return list(found)


async def _dissolve(
    session: AsyncSession, household: Household, active: list[Membership], now: datetime
) -> None:
    if len(active) > 1:
        raise HeadCannotLeave
    household.status = HouseholdStatus.DISSOLVED
    session.add(household)
    waiting = await session.exec(
        select(Membership).where(
            Membership.household_id == household.id, Membership.status == MembershipStatus.INVITED
        )
    )
    for invitation in waiting:
        invitation.status = MembershipStatus.REMOVED
        invitation.ended_at = now
        session.add(invitation)
    await record(
        session,
        actor=acting(None, household.head_person_id),
        action=Act.HOUSEHOLD_DISSOLVED,
        person_id=household.head_person_id,
        household_id=household.id,
        reference=household.reference,
        now=now,
    )


async def remove_child(
    session: AsyncSession, *, person_id: int, reference: str, now: datetime, actor: Actor | None = None
) -> None:
    """The head takes a child whom a parent added off the list; the facts get a new version without the child.

    Raises NoHousehold, NotHead, NotFound.
    """
    household = await own_household(session, person_id=person_id)
    found = await session.exec(
        select(Membership).where(
            Membership.reference == reference,
            Membership.household_id == household.id,
            Membership.status == MembershipStatus.ACTIVE,
            Membership.relation == Relation.CHILD,
            col(Membership.invited_identifier).is_(None),
        )
    )
    place = found.first()
    if place is None:
        raise NotFound
    place.status = MembershipStatus.REMOVED
    place.ended_at = now
    session.add(place)
    await session.flush()
    await record(
        session,
        actor=acting(actor, person_id),
        action=Act.CHILD_REMOVED,
        person_id=person_id,
        household_id=household.id,
        reference=reference,
        now=now,
    )
    await settle(session, household=household, now=now)


async def publish_departures(session: AsyncSession, *, now: datetime, limit: int = PUBLICATION_BATCH) -> int:
    """Bring the households that somebody left before this week up to date; returns how many. For the worker."""
    found = await session.exec(
        select(Household.id)
        .join(Membership, col(Membership.household_id) == Household.id)
        .join(
            DeclaredMember,
            (col(DeclaredMember.declaration_id) == Household.current_declaration_id)
            & (col(DeclaredMember.membership_id) == Membership.id),
        )
        .where(
            Household.status == HouseholdStatus.ACTIVE,
            Membership.status == MembershipStatus.LEFT,
            col(Membership.ended_at) < week_start(now),
        )
        .distinct()
        .order_by(col(Household.id))
        .limit(limit)
    )
    published = 0
    for household_id in found.all():
        household = await lock_household(session, household_id=household_id)
        published += await settle(session, household=household, now=now) is not None
    return published
