"""Households: who heads one, and the one household a person is in."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor, record
from identity.people.tables import Person
from notifications.references import new_reference
from registry.acts import Act, acting
from registry.errors import ChangedMeanwhile, NoHousehold, NotHead
from registry.facts import Relation
from registry.rows import insert_unless_taken
from registry.tables import Household, Membership, MembershipStatus


async def find_household(session: AsyncSession, *, person_id: int) -> Household | None:
    """The household in which the person is active."""
    found = await session.exec(
        select(Household)
        .join(Membership, col(Membership.household_id) == Household.id)
        .where(Membership.person_id == person_id, Membership.status == MembershipStatus.ACTIVE)
    )
    return found.first()


async def lock_household(
    session: AsyncSession, *, household_id: int, version: int | None = None
) -> Household:
    """Take the household for this transaction and count a change of it: others who want to change it wait.

    Raises ChangedMeanwhile when it is no longer at the `version` that was read.
    """
    statement = update(Household).where(col(Household.id) == household_id)
    if version is not None:
        statement = statement.where(col(Household.version) == version)
    taken = await session.scalar(
        statement.values(version=Household.version + 1)
        .returning(col(Household.id))
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        raise ChangedMeanwhile
    household = await session.get(Household, household_id, populate_existing=True)
    assert household is not None
    return household


async def lock_households(session: AsyncSession, *, household_ids: Collection[int]) -> dict[int, Household]:
    """The same for many, by id: in one order, so that two who take some of the same do not wait for each other."""
    found = await session.exec(
        select(Household)
        .where(col(Household.id).in_(household_ids))
        .order_by(col(Household.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    households = {household.id: household for household in found}
    for household in households.values():
        household.version += 1
    await session.flush()
    return households


async def lock_person(session: AsyncSession, *, person_id: int) -> None:
    """Make other changes of the person's memberships wait for this transaction."""
    await session.exec(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))


async def own_household(session: AsyncSession, *, person_id: int) -> Household:
    """The household that the person heads, locked. Raises NoHousehold, or NotHead for another member."""
    household = await find_household(session, person_id=person_id)
    if household is None:
        raise NoHousehold
    if household.head_person_id != person_id:
        raise NotHead
    return await lock_household(session, household_id=household.id)


async def open_household(
    session: AsyncSession, *, person_id: int, now: datetime, actor: Actor | None = None
) -> Household:
    """The household that the person heads, locked; a new one with the person as its head where there is none.

    Raises NotHead for a member of somebody else's household.
    """
    if await find_household(session, person_id=person_id) is None:
        await _create_household(session, person_id, now, actor)
    return await own_household(session, person_id=person_id)


async def _create_household(
    session: AsyncSession, person_id: int, now: datetime, actor: Actor | None
) -> None:
    """Of two that begin at once the unique index lets one through; the other finds that one's household."""
    household = Household(reference=new_reference("H"), head_person_id=person_id, created_at=now)
    session.add(household)
    await session.flush()
    if await activate(
        session, household_id=household.id, person_id=person_id, relation=Relation.HEAD, by=person_id, now=now
    ):
        await record(
            session,
            actor=acting(actor, person_id),
            action=Act.HOUSEHOLD_CREATED,
            person_id=person_id,
            household_id=household.id,
            reference=household.reference,
            now=now,
        )
        return
    await session.delete(household)
    await session.flush()


async def activate(
    session: AsyncSession, *, household_id: int, person_id: int, relation: Relation, by: int, now: datetime
) -> str | None:
    """Make the person an active member. Returns the membership's reference, or None for somebody active already."""
    reference = new_reference("M")
    inserted = await insert_unless_taken(
        session,
        Membership,
        reference=reference,
        household_id=household_id,
        person_id=person_id,
        relation=relation.value,
        status=MembershipStatus.ACTIVE,
        invited_by=by,
        invited_at=now,
        answered_at=now,
    )
    return None if inserted is None else reference
