"""Telling the people of a household, each in the person's own languages."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.accounts import recipient, recipient_of
from identity.tables import Account
from notifications.messages import Template, Value
from notifications.outbox import notify
from registry.dates import local_date
from registry.profiles import profile
from registry.tables import Membership, MembershipStatus

INDEX_PAGE = "/household/index"
HOUSEHOLD_PAGE = "/household"


async def tell(
    session: AsyncSession,
    *,
    person_id: int,
    template: Template,
    values: Mapping[str, Value],
    link: str,
    now: datetime,
) -> None:
    """Tell one person something. It is told once because what it tells happens once, in the same transaction."""
    await notify(
        session,
        recipient=await recipient(session, person_id=person_id),
        template=template,
        values=values,
        link=link,
        now=now,
    )


async def announce_index(session: AsyncSession, *, household_id: int, now: datetime) -> None:
    """Tell every member who has an account that there is an index, if the country has one, and the decisions."""
    index = profile().index
    told = (
        (Template.INDEX_COMPUTED, Template.ELIGIBILITY_DECIDED) if index else (Template.ELIGIBILITY_DECIDED,)
    )
    members = await session.exec(
        select(Account)
        .join(Membership, col(Membership.person_id) == Account.person_id)
        .where(
            Membership.household_id == household_id,
            Membership.status == MembershipStatus.ACTIVE,
            col(Account.disabled_at).is_(None),
        )
        .order_by(col(Membership.id))
    )
    for account in members.all():
        for template in told:
            await notify(
                session,
                recipient=recipient_of(account),
                template=template,
                values={"date": local_date(now)},
                link=INDEX_PAGE if index else HOUSEHOLD_PAGE,
                now=now,
            )
