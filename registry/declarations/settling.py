"""What a change of the members does to a declaration: answers, withdrawals and departures make a new version."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, record
from identity.people import register
from registry.acts import Act
from registry.dates import local_date
from registry.facts import BirthPrecision
from registry.indexes import compute_index
from registry.members import counts
from registry.rules.index_models import model_in_use
from registry.rules.variables import missing_facts
from registry.tables import Household, IndexReason, Membership, MembershipStatus, Origin
from registry.versions import Version, VersionMember, read_version, write_version


async def settle(session: AsyncSession, *, household: Household, now: datetime) -> Version | None:
    """After a membership of a locked household has changed: a new version with those who count now, and its index.

    None while an invited adult of the current declaration has not answered, and where nothing changes.
    """
    if household.current_declaration_id is None:
        return None
    current = await read_version(session, declaration_id=household.current_declaration_id)
    places = await _places(session, current)
    counted = await _counted(session, household.id, now)
    if any(places[member.membership_id].status is MembershipStatus.INVITED for member in current.members):
        return None
    kept = [member for member in current.members if member.membership_id in counted]
    if current.declaration.complete and len(kept) == len(current.members):
        return None
    members = [await _joined(session, member, places[member.membership_id]) for member in kept]
    return await _write_settled(session, household, current, members, now)


async def _places(session: AsyncSession, version: Version) -> dict[int, Membership]:
    found = await session.exec(
        select(Membership)
        .where(col(Membership.id).in_([member.membership_id for member in version.members]))
        .execution_options(populate_existing=True)
    )
    return {membership.id: membership for membership in found}


async def _counted(session: AsyncSession, household_id: int, now: datetime) -> set[int]:
    found = await session.exec(
        select(Membership.id).where(Membership.household_id == household_id, counts(now))
    )
    return set(found)


async def _joined(session: AsyncSession, member: VersionMember, place: Membership) -> VersionMember:
    """An awaited adult who has accepted takes the birth date of the register; the others are as they were."""
    if not member.awaited:
        return member
    assert place.person_id is not None
    person = await register.person(session, place.person_id)
    return replace(
        member,
        person_id=place.person_id,
        birth_date=person.birth_date,
        birth_precision=BirthPrecision(person.birth_precision.value),
    )


async def _write_settled(
    session: AsyncSession, household: Household, current: Version, members: list[VersionMember], now: datetime
) -> Version:
    declared = current.declaration
    version = await write_version(
        session,
        household=household,
        origin=Origin.MEMBERSHIP,
        facts=current.household,
        members=members,
        facts_on=declared.facts_on,
        declared_by=declared.declared_by,
        language=declared.language,
        actor=SYSTEM,
        now=now,
    )
    await record(
        session,
        actor=SYSTEM,
        action=Act.FACTS_CHANGED,
        household_id=household.id,
        reference=version.declaration.reference,
        details={"origin": Origin.MEMBERSHIP.value, "from": declared.reference},
        now=now,
    )
    # A model that came into force meanwhile may ask more: the household declares anew then.
    if not missing_facts(version.facts(), model_in_use(local_date(now))):
        reason = IndexReason.MEMBERSHIP if household.current_index_id else IndexReason.FIRST
        await compute_index(session, household=household, version=version, reason=reason, now=now)
    return version
