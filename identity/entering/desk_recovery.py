"""Coming back after everything was lost: what two officers confirmed at a centre, and a code to the number bound there.

No weaker than the visit itself: the reference of its receipt works for a day, once, and only while the number that was
bound is still the account's. The session that it opens has nothing but the telephone, so that the hold stands.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.account.accounts import recipient_of
from identity.audit import ANONYMOUS, IdentityAction, citizen, record
from identity.desk_tables import BindingStatus, PhoneBinding
from identity.entering.recovery import RecoveryRefused
from identity.keys import Keys
from identity.people.register import personal_facts
from identity.people.tables import Person
from identity.proofs import guards
from identity.proofs.challenges import CodeRefused, proven_challenge, use_proof
from identity.proofs.codes import start_challenge
from identity.proofs.passwords import PasswordHasher, ShortestPassword, check_password
from identity.proofs.tables import Challenge, Purpose
from identity.tables import Account, KnownBrowser, PhoneChange, SecondProof, saved_id
from notifications.messages import Template
from notifications.outbox import Recipient, notify


@dataclass(frozen=True)
class CameBack:
    """`token` is for the session cookie."""

    account: Account
    token: str


@dataclass(frozen=True)
class _Confirmed:
    """A binding that still opens the way to a new password."""

    binding: PhoneBinding
    account: Account
    person: Person


async def start_desk_recovery(
    session: AsyncSession,
    *,
    identifier: str,
    reference: str,
    browser: str,
    address: str,
    keys: Keys,
    now: datetime,
) -> Challenge:
    """Always a challenge; a code goes to the bound number only when identifier and reference belong together.

    `address` is the visitor's network address. Raises RecoveryRefused.
    """
    await _take_turn(session, f"{identifier}|{address}", address, keys=keys, now=now)
    is_crowded = await guards.is_crowded(session, address, keys=keys, now=now)
    found = await _confirmed(session, reference, now)
    if found is not None and found.person.identifier != identifier:
        found = None
    challenge = await start_challenge(
        session,
        purpose=Purpose.DESK_RECOVERY,
        subject=f"{identifier}|{reference}",
        browser=browser,
        recipient=recipient_of(found.account) if found else None,
        account_id=found.account.id if found else None,
        data={"binding": reference},
        is_careful=is_crowded,
        keys=keys,
        now=now,
    )
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.RECOVERY_STARTED,
        person_id=found.person.id if found else None,
        reference=challenge.reference,
        details={"fits": found is not None, "by": "centre"},
        now=now,
    )
    return challenge


async def _take_turn(session: AsyncSession, turn: str, address: str, *, keys: Keys, now: datetime) -> None:
    ladder = limits.RECOVERY_TRIES
    if seconds := await limits.seconds_to_wait(session, ladder, subject=turn, keys=keys, now=now):
        raise RecoveryRefused("wait", seconds)
    if not await limits.spend(
        session, limits.FLOOD_FROM, subject=address, keys=keys, now=now
    ) or not await limits.take_turn(session, ladder, subject=turn, keys=keys, now=now):
        raise RecoveryRefused("wait", int(ladder.waits[-1].total_seconds()))


async def _confirmed(session: AsyncSession, reference: str, now: datetime) -> _Confirmed | None:
    rows = await session.exec(
        select(PhoneBinding, Account, Person)
        .join(Account, col(Account.person_id) == PhoneBinding.person_id)
        .join(Person, col(Person.id) == PhoneBinding.person_id)
        .where(
            PhoneBinding.reference == reference,
            PhoneBinding.status == BindingStatus.CONFIRMED,
            col(PhoneBinding.password_until) > now,
            col(PhoneBinding.password_chosen_at).is_(None),
            Account.phone == PhoneBinding.phone,
            col(Account.disabled_at).is_(None),
            col(Person.deceased_on).is_(None),
        )
    )
    found = rows.one_or_none()
    return _Confirmed(*found) if found else None


async def choose_password_after_desk(
    session: AsyncSession,
    *,
    challenge_id: str,
    browser: str,
    password: str,
    shared_device: bool,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
    device: str = "",
) -> CameBack:
    """A new password, and every other session ended. The old recovery code stays what it is: whose it is knows it.

    Raises CodeRefused (`unknown`), PasswordRefused and Busy.
    """
    challenge = await proven_challenge(
        session, challenge_id=challenge_id, purpose=Purpose.DESK_RECOVERY, browser=browser, keys=keys, now=now
    )
    found = await _confirmed(session, challenge.data["binding"], now)
    if found is None or found.account.id != challenge.account_id:
        raise CodeRefused("unknown")
    known = personal_facts(found.person, found.account.email)
    check_password(password, shortest=ShortestPassword.CITIZEN, personal=known)
    # Hashing comes before the first write, so that no row is locked while it lasts.
    hashed = await hasher.hash(password)
    await use_proof(session, challenge, now=now)
    await _use(session, found.binding, now)
    found.account.password_hash = hashed
    session.add(found.account)
    await session.flush()
    token = await _start_afresh(session, found.account, shared_device=shared_device, device=device, now=now)
    await _tell(session, found, now)
    return CameBack(found.account, token)


async def _use(session: AsyncSession, binding: PhoneBinding, now: datetime) -> None:
    used = await session.exec(
        update(PhoneBinding)
        .where(col(PhoneBinding.id) == binding.id, col(PhoneBinding.password_chosen_at).is_(None))
        .values(password_chosen_at=now)
        .returning(col(PhoneBinding.id))
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        raise CodeRefused("unknown")


async def _start_afresh(
    session: AsyncSession, account: Account, *, shared_device: bool, device: str, now: datetime
) -> str:
    account_id = saved_id(account)
    await sessions.end_account_sessions(session, account_id=account_id, now=now)
    await session.exec(delete(KnownBrowser).where(col(KnownBrowser.account_id) == account_id))
    await record(
        session,
        actor=citizen(account.person_id),
        action=IdentityAction.PASSWORD_RECOVERED,
        person_id=account.person_id,
        details={"by": "centre"},
        now=now,
    )
    return await sessions.open_citizen_session(
        session,
        account_id=account_id,
        shared_device=shared_device,
        device=device,
        second_proof=SecondProof.SMS,
        now=now,
    )


async def _tell(session: AsyncSession, found: _Confirmed, now: datetime) -> None:
    """On every channel, the number before included: if it was not the owner, its holder can still cancel."""
    change = await session.get(PhoneChange, found.binding.phone_change_id)
    owner = found.account
    before = Recipient(
        owner.person_id, change.old_phone if change else None, None, owner.language, owner.sms_language
    )
    for told, in_inbox in ((recipient_of(owner), True), (before, False)):
        await notify(
            session,
            recipient=told,
            template=Template.PASSWORD_CHANGED,
            values={"at": now},
            link="/account/sessions",
            in_inbox=in_inbox,
            now=now,
        )
