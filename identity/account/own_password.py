"""Changing one's password while signed in."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.accounts import account, recipient_of
from identity.account.own_sessions import end_other_sessions
from identity.audit import IdentityAction, citizen, record
from identity.people.register import person, personal_facts
from identity.proofs.passwords import PasswordHasher, ShortestPassword, check_password
from identity.tables import Account, KnownBrowser
from notifications.messages import Template
from notifications.outbox import notify


async def change_password(
    session: AsyncSession,
    *,
    account_id: int,
    here: str,
    password: str,
    hasher: PasswordHasher,
    now: datetime,
) -> None:
    """Every session but `here`, the hash of its token, ends, no browser is known any more, and every channel is told.

    Raises PasswordRefused and Busy.
    """
    owner = await account(session, account_id)
    known = personal_facts(await person(session, owner.person_id), owner.email)
    check_password(password, shortest=ShortestPassword.CITIZEN, personal=known)
    # Hashing comes before the first write, so that no row is locked while it lasts.
    hashed = await hasher.hash(password)
    await session.exec(
        update(Account)
        .where(col(Account.id) == account_id)
        .values(password_hash=hashed)
        .execution_options(synchronize_session=False)
    )
    await session.refresh(owner)
    await session.exec(delete(KnownBrowser).where(col(KnownBrowser.account_id) == account_id))
    await end_other_sessions(session, account_id=account_id, here=here, now=now)
    await record(
        session,
        actor=citizen(owner.person_id),
        action=IdentityAction.PASSWORD_CHANGED,
        person_id=owner.person_id,
        now=now,
    )
    await notify(
        session,
        recipient=recipient_of(owner),
        template=Template.PASSWORD_CHANGED,
        values={"at": now},
        link="/account/sessions",
        now=now,
    )
