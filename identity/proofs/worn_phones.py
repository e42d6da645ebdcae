"""A telephone that too many wrong codes were given for in a row is no factor any more: it has to be bound again.

Only whoever has given the password, or is signed in, can try codes of an account; fifty in a row are no slips of the
finger.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, IdentityAction, record
from identity.proofs.tables import Challenge
from identity.tables import Account
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.tables import Channel

FAILURES_IN_A_ROW: Final = 50
RECOVERY_PAGE: Final = "/help/lost"


async def count_failure(session: AsyncSession, challenge: Challenge, *, now: datetime) -> None:
    """The same statement for a dummy, which has no account. At fifty the number comes off; the owner is told."""
    counted = await session.exec(
        update(Account)
        .where(
            col(Account.id) == (challenge.account_id or 0), col(Account.phone) == (challenge.address or "")
        )
        .values(phone_failures=col(Account.phone_failures) + 1)
        .returning(col(Account.phone_failures))
        .execution_options(synchronize_session=False)
    )
    failures = counted.scalar_one_or_none()
    if failures is not None and failures >= FAILURES_IN_A_ROW:
        await _take_off(session, challenge, now)


async def forget_failures(session: AsyncSession, challenge: Challenge) -> None:
    await session.exec(
        update(Account)
        .where(col(Account.id) == (challenge.account_id or 0), col(Account.phone_failures) > 0)
        .values(phone_failures=0)
        .execution_options(synchronize_session=False)
    )


async def _take_off(session: AsyncSession, challenge: Challenge, now: datetime) -> None:
    found = select(Account).where(Account.id == challenge.account_id)
    owner = (await session.exec(found.execution_options(populate_existing=True))).one()
    email = owner.email if owner.email_confirmed_at else None
    told = Recipient(owner.person_id, owner.phone, email, owner.language, owner.sms_language)
    owner.phone, owner.phone_hold_until, owner.phone_failures = None, None, 0
    session.add(owner)
    await session.flush()
    await record(
        session, actor=SYSTEM, action=IdentityAction.PHONE_WORN_OUT, person_id=owner.person_id, now=now
    )
    await notify(
        session,
        recipient=told,
        template=Template.PHONE_WORN_OUT,
        values={"at": now},
        channels=frozenset(Channel),
        link=RECOVERY_PAGE,
        now=now,
    )
