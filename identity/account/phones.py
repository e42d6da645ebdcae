"""The telephone of an account: changing it, cancelling that from the old one, and a hold in between.

During `HOLD` a new number opens the account with the password, and nothing that is sensitive: `assurance.py`. Whoever
still has the old number can cancel the change with the reference that was sent there; that gives no way in by itself.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.account.accounts import account, recipient_of
from identity.account.own_sessions import end_other_sessions
from identity.audit import ANONYMOUS, Actor, IdentityAction, citizen, record
from identity.keys import Keys
from identity.proofs import guards
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.tables import Challenge, Purpose
from identity.sessions import end_account_sessions
from identity.tables import Account, KnownBrowser, PhoneChange, Proofing, saved_id
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.references import new_reference

HOLD: Final = timedelta(hours=72)
CANCEL_PAGE: Final = "/not-me/change"


class PhoneRefused(Exception):
    """`same`: this is the account's number already. `wait`: too many requests from this address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def start_phone_change(
    session: AsyncSession, *, account_id: int, phone: str, browser: str, keys: Keys, now: datetime
) -> Challenge:
    """Send a code to the new number; it becomes the account's once `confirm_phone_change` has seen the code.

    Raises PhoneRefused (`same`).
    """
    owner = await account(session, account_id)
    if owner.phone == phone:
        raise PhoneRefused("same")
    await guards.note_number(session, phone, keys=keys, now=now)
    return await start_challenge(
        session,
        purpose=Purpose.CHANGE_PHONE,
        subject=f"{account_id}|{phone}",
        browser=browser,
        recipient=Recipient(owner.person_id, phone, None, owner.language, owner.sms_language),
        account_id=account_id,
        keys=keys,
        now=now,
    )


async def confirm_phone_change(
    session: AsyncSession,
    *,
    account_id: int,
    challenge_id: str,
    code: str,
    browser: str,
    here: str,
    keys: Keys,
    now: datetime,
) -> PhoneChange:
    """The old number, the e-mail address and the inbox are told; every session but `here` ends. Raises CodeRefused."""
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.CHANGE_PHONE,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    challenge = checked.challenge
    if challenge.account_id != account_id or challenge.address is None:
        raise CodeRefused("unknown")
    await use_proof(session, challenge, now=now)
    owner = await account(session, account_id)
    change = await bind_phone(session, owner, phone=challenge.address, now=now)
    await end_other_sessions(session, account_id=account_id, here=here, now=now)
    return change


async def bind_phone_in_person(
    session: AsyncSession, *, account_id: int, phone: str, actor: Actor, now: datetime
) -> PhoneChange:
    """As a change of one's own, and every session ends: whoever has the lost telephone may be signed in on it.

    Two officers have seen the person, which is how the identity is proved from now on. The hold is as long as ever.
    """
    owner = (
        await session.exec(
            select(Account)
            .where(Account.id == account_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    before = owner.proofing, owner.proofed_at
    change = await bind_phone(session, owner, phone=phone, actor=actor, now=now)
    change.proofing_before, change.proofed_before = before
    owner.proofing, owner.proofed_at = Proofing.IN_PERSON, now
    session.add_all((change, owner))
    await session.flush()
    await end_account_sessions(session, account_id=account_id, now=now)
    await session.exec(delete(KnownBrowser).where(col(KnownBrowser.account_id) == account_id))
    return change


async def bind_phone(
    session: AsyncSession,
    owner: Account,
    *,
    phone: str,
    now: datetime,
    actor: Actor | None = None,
) -> PhoneChange:
    """Put a number whose code was given in the place of the old one, on hold, and tell the old one."""
    told = recipient_of(owner)
    change = PhoneChange(
        reference=new_reference("P"),
        account_id=saved_id(owner),
        old_phone=owner.phone,
        new_phone=phone,
        changed_at=now,
        hold_until=now + HOLD,
    )
    owner.phone, owner.phone_hold_until = phone, change.hold_until
    session.add_all((change, owner))
    await session.flush()
    await record(
        session,
        actor=actor or citizen(owner.person_id),
        action=IdentityAction.PHONE_CHANGED,
        person_id=owner.person_id,
        reference=change.reference,
        now=now,
    )
    await _tell(session, told, Template.PHONE_CHANGED, change, CANCEL_PAGE, now)
    return change


async def _tell(
    session: AsyncSession, told: Recipient, template: Template, change: PhoneChange, link: str, now: datetime
) -> None:
    await notify(
        session,
        recipient=told,
        template=template,
        values={"reference": change.reference, "at": now},
        link=link,
        now=now,
    )


async def start_cancelling(
    session: AsyncSession,
    *,
    reference: str,
    browser: str,
    address: str,
    keys: Keys,
    now: datetime,
) -> Challenge:
    """Always a challenge: a code goes to the old number of a change that can still be cancelled, else nowhere.

    `address` is the visitor's network address. Raises PhoneRefused (`wait`).
    """
    await _refuse_flood(session, address, keys=keys, now=now)
    is_crowded = await guards.is_crowded(session, address, keys=keys, now=now)
    found = await _cancellable(session, reference, now)
    recipient = _old_number(*found) if found else None
    return await start_challenge(
        session,
        purpose=Purpose.CANCEL_PHONE,
        subject=reference,
        browser=browser,
        recipient=recipient,
        account_id=found[1].id if found else None,
        data={"reference": reference},
        is_careful=is_crowded,
        keys=keys,
        now=now,
    )


async def _refuse_flood(session: AsyncSession, address: str, *, keys: Keys, now: datetime) -> None:
    if not await limits.spend(session, limits.FLOOD_FROM, subject=address, keys=keys, now=now):
        raise PhoneRefused("wait")


async def _cancellable(
    session: AsyncSession, reference: str, now: datetime
) -> tuple[PhoneChange, Account] | None:
    """A change on hold whose number is still the account's: one that another followed is no longer there to undo."""
    rows = await session.exec(
        select(PhoneChange, Account)
        .join(Account, col(Account.id) == PhoneChange.account_id)
        .where(
            PhoneChange.reference == reference,
            col(PhoneChange.cancelled_at).is_(None),
            col(PhoneChange.hold_until) > now,
            col(PhoneChange.old_phone).is_not(None),
            Account.phone == PhoneChange.new_phone,
            col(Account.disabled_at).is_(None),
        )
    )
    return rows.one_or_none()


def _old_number(change: PhoneChange, owner: Account) -> Recipient:
    return Recipient(owner.person_id, change.old_phone, None, owner.language, owner.sms_language)


async def cancel_phone_change(
    session: AsyncSession, *, challenge_id: str, code: str, browser: str, keys: Keys, now: datetime
) -> PhoneChange:
    """The old number is the account's again, at once and without hold; every session ends. Raises CodeRefused."""
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.CANCEL_PHONE,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    await use_proof(session, checked.challenge, now=now)
    found = await _cancellable(session, checked.challenge.data["reference"], now)
    if found is None or not await _take_cancelling(session, found[0], now):
        raise CodeRefused("unknown")
    change, owner = found
    told = recipient_of(owner)
    owner.phone, owner.phone_hold_until = change.old_phone, None
    if change.proofing_before is not None and change.proofed_before is not None:
        owner.proofing, owner.proofed_at = change.proofing_before, change.proofed_before
    session.add(owner)
    await session.flush()
    await end_account_sessions(session, account_id=change.account_id, now=now)
    await session.exec(delete(KnownBrowser).where(col(KnownBrowser.account_id) == change.account_id))
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.PHONE_CHANGE_CANCELLED,
        person_id=owner.person_id,
        reference=change.reference,
        now=now,
    )
    await _tell(session, told, Template.PHONE_CHANGE_CANCELLED, change, "/account/password", now)
    return change


async def _take_cancelling(session: AsyncSession, change: PhoneChange, now: datetime) -> bool:
    taken = await session.exec(
        update(PhoneChange)
        .where(col(PhoneChange.id) == change.id, col(PhoneChange.cancelled_at).is_(None))
        .values(cancelled_at=now)
        .returning(col(PhoneChange.id))
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None
