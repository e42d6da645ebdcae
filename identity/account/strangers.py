"""A number that belongs to somebody else now: whoever has it takes it off the accounts of people they do not know."""

from datetime import datetime
from typing import Final

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.account.accounts import recipient_of
from identity.account.phones import PhoneRefused
from identity.audit import ANONYMOUS, IdentityAction, record
from identity.keys import Keys
from identity.people.tables import Person
from identity.proofs import guards
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.tables import Challenge, Purpose
from identity.tables import Account
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.tables import Channel

RECOVERY_PAGE: Final = "/help/lost"


async def start_removal(
    session: AsyncSession,
    *,
    phone: str,
    language: str,
    browser: str,
    address: str,
    keys: Keys,
    now: datetime,
) -> Challenge:
    """Always a challenge; a code goes only to a number that we do write to, so that nobody is pestered through us.

    From an address that asks about many numbers one code a day goes to each, and a longer one.
    `address` is the visitor's network address. Raises PhoneRefused (`wait`).
    """
    if not await limits.spend(session, limits.FLOOD_FROM, subject=address, keys=keys, now=now):
        raise PhoneRefused("wait")
    is_crowded = await guards.is_crowded(session, address, phone=phone, keys=keys, now=now)
    await guards.note_number(session, phone, keys=keys, now=now)
    is_written_to = await guards.may_write_to(session, phone, is_crowded=is_crowded, keys=keys, now=now)
    is_used = await _is_used(session, phone) and is_written_to
    return await start_challenge(
        session,
        purpose=Purpose.REMOVE_PHONE,
        subject=phone,
        browser=browser,
        recipient=Recipient(None, phone, None, language, language) if is_used else None,
        is_careful=is_crowded,
        keys=keys,
        now=now,
    )


async def _is_used(session: AsyncSession, phone: str) -> bool:
    accounts = select(func.count()).select_from(Account).where(Account.phone == phone)
    register = select(func.count()).select_from(Person).where(Person.phone == phone)
    return bool((await session.exec(accounts)).one() + (await session.exec(register)).one())


async def remove_from_strangers(
    session: AsyncSession, *, challenge_id: str, code: str, browser: str, keys: Keys, now: datetime
) -> None:
    """After the right code the number is nobody's: not on an account, and no longer on file in the register's copy.

    The owners are told by e-mail and in the inbox. They give another number with their authenticator or recovery code,
    or at a centre. Raises CodeRefused.
    """
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.REMOVE_PHONE,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    await use_proof(session, checked.challenge, now=now)
    phone = checked.challenge.address
    if phone is None:
        raise CodeRefused("unknown")
    for owner in (await session.exec(select(Account).where(Account.phone == phone))).all():
        await _detach(session, owner, now)
    await session.exec(
        update(Person)
        .where(col(Person.phone) == phone)
        .values(phone=None)
        .execution_options(synchronize_session=False)
    )


async def _detach(session: AsyncSession, owner: Account, now: datetime) -> None:
    told = recipient_of(owner)
    owner.phone, owner.phone_hold_until = None, None
    session.add(owner)
    await session.flush()
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.PHONE_REMOVED,
        person_id=owner.person_id,
        now=now,
    )
    await notify(
        session,
        recipient=told,
        template=Template.PHONE_REMOVED,
        values={"at": now},
        channels=frozenset({Channel.EMAIL}),
        link=RECOVERY_PAGE,
        now=now,
    )
