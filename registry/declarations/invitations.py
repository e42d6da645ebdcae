"""Inviting adults: through their own number, answered from their own account, never counted before.

The head learns nothing about the person behind a number: a wrong number, a child's, a dead person's and a right one
give the same answer, the same line in the list and the same end. An accepted invitation alone shows a name.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.accounts import recipient
from identity.audit import SYSTEM, Actor, record
from identity.people import register
from identity.people.numbers import parse_identifier
from identity.people.register import UnknownPerson
from identity.people.tables import Person
from notifications.messages import Template
from notifications.outbox import Recipient, notify_evenly
from notifications.references import new_reference
from registry.acts import Act, acting
from registry.announcements import tell
from registry.dates import local_date
from registry.declarations.settling import settle
from registry.delays import delays_on
from registry.errors import AlreadyInHousehold, NotFound, Refused
from registry.facts import Relation
from registry.households import find_household, lock_household, lock_person, open_household, own_household
from registry.members import ADULT_AGE, AlreadyMember, age_of, check_place_for
from registry.rows import insert_unless_taken
from registry.tables import Household, Membership, MembershipStatus

INVITATIONS_A_DAY = 10
EXPIRY_BATCH = 200


class NotAdult(Refused):
    """The birth year is that of a child: a child is added by a parent, not invited."""

    code = "not_adult"


class BadRelation(Refused):
    """Nobody is invited as the head: a household has one."""

    code = "bad_relation"


class TooManyInvitations(Refused):
    """The household has invited as many people as it may in a day."""

    code = "too_many_invitations"


class InvitationOver(Refused):
    """The invitation is past its end, withdrawn or answered already."""

    code = "invitation_over"


@dataclass(frozen=True)
class Invitation:
    """What an invited person sees before answering: who invites, as what, until when."""

    reference: str
    relation: Relation
    head_given_name_ar: str
    head_family_name_ar: str
    head_given_name_latin: str
    head_family_name_latin: str
    invited_at: datetime
    expires_at: datetime


async def invite_adult(
    session: AsyncSession,
    *,
    person_id: int,
    identifier: str,
    birth_year: int,
    relation: Relation,
    now: datetime,
    actor: Actor | None = None,
) -> str:
    """Invite an adult into the household that the person heads, created if need be; the membership's reference.

    The answer is the same whether or not an adult has this identifier and birth year. Raises InvalidNumber, NotAdult,
    BadRelation, AlreadyMember, HouseholdFull, TooManyInvitations, NotHead.
    """
    wanted = parse_identifier(identifier).value
    if relation is Relation.HEAD:
        raise BadRelation
    if local_date(now).year - birth_year < ADULT_AGE:
        raise NotAdult
    household = await open_household(session, person_id=person_id, now=now, actor=actor)
    await check_place_for(session, household_id=household.id, identifier=wanted, now=now)
    await _check_daily_limit(session, household.id, now)
    invited = await _adult(session, wanted, birth_year, now)
    invitation = await _write_invitation(session, household, invited, wanted, birth_year, relation, now)
    await record(
        session,
        actor=acting(actor, person_id),
        action=Act.ADULT_INVITED,
        person_id=person_id,
        household_id=household.id,
        reference=invitation.reference,
        now=now,
    )
    await _tell_invited(session, invitation, now)
    return invitation.reference


async def _tell_invited(session: AsyncSession, invitation: Membership, now: datetime) -> None:
    assert invitation.expires_at is not None
    told: Recipient | None = None
    with suppress(UnknownPerson):
        told = await recipient(session, person_id=invitation.person_id or 0)
    await notify_evenly(
        session,
        recipient=told,
        template=Template.INVITATION,
        values={"reference": invitation.reference, "until": local_date(invitation.expires_at)},
        link="/household/invitations",
        now=now,
    )


async def _check_daily_limit(session: AsyncSession, household_id: int, now: datetime) -> None:
    sent = await session.scalar(
        select(func.count(col(Membership.id))).where(
            Membership.household_id == household_id,
            col(Membership.invited_identifier).is_not(None),
            col(Membership.invited_at) > now - timedelta(days=1),
        )
    )
    if (sent or 0) >= INVITATIONS_A_DAY:
        raise TooManyInvitations


async def _adult(session: AsyncSession, identifier: str, birth_year: int, now: datetime) -> Person | None:
    person = await register.person_by_identifier(session, identifier)
    if person is None or person.deceased_on or person.birth_date.year != birth_year:
        return None
    return person if age_of(person, local_date(now)) >= ADULT_AGE else None


async def _write_invitation(
    session: AsyncSession,
    household: Household,
    invited: Person | None,
    identifier: str,
    birth_year: int,
    relation: Relation,
    now: datetime,
) -> Membership:
    inserted = await insert_unless_taken(
        session,
        Membership,
        reference=new_reference("M"),
        household_id=household.id,
        person_id=invited.id if invited else None,
        relation=relation.value,
        status=MembershipStatus.INVITED,
        invited_identifier=identifier,
        invited_birth_year=birth_year,
        invited_by=household.head_person_id,
        invited_at=now,
        expires_at=now + timedelta(days=delays_on(local_date(now)).invitation_days),
    )
    if inserted is None:
        raise AlreadyMember
    return await session.get_one(Membership, inserted)


async def invitations_of(session: AsyncSession, *, person_id: int, now: datetime) -> tuple[Invitation, ...]:
    """The invitations that wait for the person's answer."""
    rows = await session.exec(
        select(Membership, Person)
        .join(Household, col(Household.id) == Membership.household_id)
        .join(Person, col(Person.id) == Household.head_person_id)
        .where(
            Membership.person_id == person_id,
            Membership.status == MembershipStatus.INVITED,
            col(Membership.expires_at) > now,
        )
        .order_by(col(Membership.id))
    )
    return tuple(_invitation(membership, head) for membership, head in rows)


def _invitation(membership: Membership, head: Person) -> Invitation:
    assert membership.expires_at is not None
    return Invitation(
        reference=membership.reference,
        relation=Relation(membership.relation),
        head_given_name_ar=head.given_name_ar,
        head_family_name_ar=head.family_name_ar,
        head_given_name_latin=head.given_name_latin,
        head_family_name_latin=head.family_name_latin,
        invited_at=membership.invited_at,
        expires_at=membership.expires_at,
    )


async def answer_invitation(
    session: AsyncSession,
    *,
    person_id: int,
    reference: str,
    accept: bool,
    now: datetime,
    actor: Actor | None = None,
) -> None:
    """The invited person's own answer. The last answer that a declaration waits for computes the index.

    Raises NotFound, InvitationOver, and AlreadyInHousehold for somebody who accepts while active elsewhere.
    """
    found = await session.exec(
        select(Membership).where(Membership.reference == reference, Membership.person_id == person_id)
    )
    invitation = found.first()
    if invitation is None:
        raise NotFound
    household = await lock_household(session, household_id=invitation.household_id)
    await lock_person(session, person_id=person_id)
    await session.refresh(invitation)
    if invitation.status is not MembershipStatus.INVITED or not _still_open(invitation, now):
        raise InvitationOver
    if accept and await find_household(session, person_id=person_id):
        raise AlreadyInHousehold
    invitation.status = MembershipStatus.ACTIVE if accept else MembershipStatus.REFUSED
    invitation.answered_at = now
    invitation.ended_at = None if accept else now
    session.add(invitation)
    await session.flush()
    await record(
        session,
        actor=acting(actor, person_id),
        action=Act.INVITATION_ACCEPTED if accept else Act.INVITATION_REFUSED,
        person_id=person_id,
        household_id=household.id,
        reference=reference,
        now=now,
    )
    await _tell_head(session, household, invitation, now)
    await settle(session, household=household, now=now)


def _still_open(invitation: Membership, now: datetime) -> bool:
    return invitation.expires_at is not None and invitation.expires_at > now


async def _tell_head(
    session: AsyncSession, household: Household, invitation: Membership, now: datetime
) -> None:
    await tell(
        session,
        person_id=household.head_person_id,
        template=Template.INVITATION_ANSWERED,
        values={"reference": invitation.reference},
        link="/household/members",
        now=now,
    )


async def withdraw_invitation(
    session: AsyncSession, *, person_id: int, reference: str, now: datetime, actor: Actor | None = None
) -> None:
    """The head takes back an invitation that was not answered. Raises NoHousehold, NotHead, NotFound."""
    household = await own_household(session, person_id=person_id)
    found = await session.exec(
        select(Membership).where(
            Membership.reference == reference,
            Membership.household_id == household.id,
            Membership.status == MembershipStatus.INVITED,
        )
    )
    invitation = found.first()
    if invitation is None:
        raise NotFound
    await _end(session, invitation, MembershipStatus.REMOVED, now)
    await record(
        session,
        actor=acting(actor, person_id),
        action=Act.INVITATION_WITHDRAWN,
        person_id=person_id,
        household_id=household.id,
        reference=reference,
        now=now,
    )
    await settle(session, household=household, now=now)


async def _end(
    session: AsyncSession, invitation: Membership, status: MembershipStatus, now: datetime
) -> None:
    invitation.status = status
    invitation.ended_at = now
    session.add(invitation)
    await session.flush()


async def expire_invitations(session: AsyncSession, *, now: datetime, limit: int = EXPIRY_BATCH) -> int:
    """End the invitations that nobody answered in time; returns how many. For the worker."""
    over = await session.exec(
        select(Membership.id, Membership.household_id)
        .where(Membership.status == MembershipStatus.INVITED, col(Membership.expires_at) <= now)
        .order_by(col(Membership.household_id), col(Membership.id))
        .limit(limit)
    )
    ended = 0
    for membership_id, household_id in over.all():
        household = await lock_household(session, household_id=household_id)
        invitation = await session.get_one(Membership, membership_id, populate_existing=True)
        if invitation.status is MembershipStatus.INVITED:
            await _expire(session, household, invitation, now)
            ended += 1
    return ended


async def _expire(session: AsyncSession, household: Household, invitation: Membership, now: datetime) -> None:
    await _end(session, invitation, MembershipStatus.EXPIRED, now)
    await record(
        session,
        actor=SYSTEM,
        action=Act.INVITATION_EXPIRED,
        person_id=invitation.person_id,
        household_id=household.id,
        reference=invitation.reference,
        now=now,
    )
    await settle(session, household=household, now=now)
