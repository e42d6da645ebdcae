"""Invitations that ended without a new member, as the head's list shows them for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.facts import Relation
from registry.tables import Membership, MembershipStatus

SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True)
class EndedInvitation:
    """`identifier` is what the head typed. Nothing else is known of a person who did not accept."""

    identifier: str
    relation: Relation
    status: MembershipStatus
    ended_at: datetime


async def ended_invitations(
    session: AsyncSession, *, household_id: int, now: datetime
) -> tuple[EndedInvitation, ...]:
    """What was refused or ran out lately, the newest first; what the head withdrew is not among it."""
    found = await session.exec(
        select(Membership)
        .where(
            Membership.household_id == household_id,
            col(Membership.status).in_((MembershipStatus.REFUSED, MembershipStatus.EXPIRED)),
            col(Membership.ended_at) > now - SHOWN_FOR,
        )
        .order_by(col(Membership.ended_at).desc(), col(Membership.id).desc())
    )
    return tuple(_ended(invitation) for invitation in found)


def _ended(invitation: Membership) -> EndedInvitation:
    assert invitation.ended_at is not None
    return EndedInvitation(
        identifier=invitation.invited_identifier or "",
        relation=Relation(invitation.relation),
        status=invitation.status,
        ended_at=invitation.ended_at,
    )
