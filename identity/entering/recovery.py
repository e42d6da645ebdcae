"""Coming back without the password: the printed recovery code, and a second one by another way.

The second comes to the telephone or to the confirmed e-mail address, or is that of the authenticator. A recovery code
has 80 bits, is shown once, and is replaced by a new one when it is used.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.account.accounts import account_by_identifier, recipient_of
from identity.account.authenticators import check_authenticator
from identity.account.phones import HOLD
from identity.audit import ANONYMOUS, IdentityAction, citizen, record
from identity.keys import Keys
from identity.people.numbers import InvalidNumber, plain
from identity.people.register import personal_facts
from identity.people.tables import Person
from identity.proofs import guards
from identity.proofs.challenges import CodeRefused, bound, count_try, prove, proven_challenge, use_proof
from identity.proofs.codes import start_challenge
from identity.proofs.passwords import PasswordHasher, ShortestPassword, check_password
from identity.proofs.tables import Challenge, Purpose
from identity.tables import Account, KnownBrowser, SecondProof, saved_id
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.tables import Channel

# Crockford's base 32: no I, L, O or U, so that a code read from paper is read one way.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHARACTERS: Final = 16
GROUP: Final = 4
MISREADINGS: Final = str.maketrans("OIL", "011")


class RecoveryRefused(Exception):
    """`wait`: too many tries from here, another is possible in `seconds`."""

    def __init__(self, code: str, seconds: int) -> None:
        super().__init__(code)
        self.code = code
        self.seconds = seconds


@dataclass(frozen=True)
class Recovered:
    """`recovery_code` is the new one, to be shown once; `token` is for the session cookie."""

    account: Account
    person: Person
    recovery_code: str
    token: str


def new_recovery_code() -> str:
    """Sixteen characters in groups of four, such as `7K2M-9QXZ-04TB-HE3W`."""
    characters = "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))
    return "-".join(characters[start : start + GROUP] for start in range(0, CHARACTERS, GROUP))


def parse_recovery_code(typed: str) -> str:
    """The characters alone, as they are hashed. Raises InvalidNumber."""
    value = plain(typed).translate(MISREADINGS)
    if not set(value) <= set(ALPHABET):
        raise InvalidNumber("characters")
    if len(value) != CHARACTERS:
        raise InvalidNumber("too_short" if len(value) < CHARACTERS else "too_long")
    return value


async def start_recovery(
    session: AsyncSession,
    *,
    identifier: str,
    recovery_code: str,
    browser: str,
    address: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
    channel: Channel = Channel.SMS,
) -> Challenge:
    """Always a challenge; a code is sent only when identifier and recovery code belong together.

    `recovery_code` is parsed; `address` is the visitor's network address. By e-mail a code leaves only for an address
    that has been the account's for as long as a new telephone is on hold. Raises RecoveryRefused and Busy.
    """
    turn = f"{identifier}|{address}"
    if seconds := await limits.seconds_to_wait(
        session, limits.RECOVERY_TRIES, subject=turn, keys=keys, now=now
    ):
        raise RecoveryRefused("wait", seconds)
    found = await account_by_identifier(session, identifier)
    # Hashing comes before the first write, so that no row is locked while it lasts.
    fits = await hasher.verify(found[0].recovery_hash if found else None, recovery_code)
    if not await _take_turn(session, turn, address, keys=keys, now=now):
        raise RecoveryRefused("wait", int(limits.RECOVERY_TRIES.waits[-1].total_seconds()))
    is_crowded = await guards.is_crowded(session, address, keys=keys, now=now)
    account = found[0] if found and fits else None
    challenge = await start_challenge(
        session,
        purpose=Purpose.RECOVERY,
        subject=f"{identifier}|{recovery_code}|{channel}",
        browser=browser,
        recipient=_reached(account, now) if account else None,
        channel=channel,
        account_id=account.id if account else None,
        data={"recovery": hasher.fingerprint(account.recovery_hash) if account else ""},
        is_careful=is_crowded,
        keys=keys,
        now=now,
    )
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.RECOVERY_STARTED,
        person_id=found[1].id if found else None,
        reference=challenge.reference,
        details={"fits": fits},
        now=now,
    )
    return challenge


async def _take_turn(session: AsyncSession, turn: str, address: str, *, keys: Keys, now: datetime) -> bool:
    if not await limits.spend(session, limits.FLOOD_FROM, subject=address, keys=keys, now=now):
        return False
    return await limits.take_turn(session, limits.RECOVERY_TRIES, subject=turn, keys=keys, now=now)


def _reached(account: Account, now: datetime) -> Recipient:
    """Without an address that was confirmed a moment ago: whoever sat at an open session would come back by it."""
    recipient = recipient_of(account)
    since = account.email_confirmed_at
    return recipient if since and since <= now - HOLD else replace(recipient, email=None)


async def prove_with_authenticator(
    session: AsyncSession, *, challenge_id: str, code: str, browser: str, keys: Keys, now: datetime
) -> None:
    """The second code when the telephone is lost too. The try counts for the challenge as well. Raises CodeRefused."""
    challenge = await count_try(session, bound(challenge_id, Purpose.RECOVERY, browser, keys), now=now)
    await check_authenticator(
        session,
        account_id=challenge.account_id,
        asked=challenge.subject,
        code=code,
        keys=keys,
        now=now,
    )
    if not await prove(session, challenge, now):
        raise CodeRefused("unknown")


async def choose_password(
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
) -> Recovered:
    """After the code was right: a new password, a new recovery code, every other session ended.

    Raises CodeRefused (`unknown`), PasswordRefused and Busy.
    """
    challenge = await proven_challenge(
        session, challenge_id=challenge_id, purpose=Purpose.RECOVERY, browser=browser, keys=keys, now=now
    )
    account, person = await _account_of(session, challenge, hasher)
    check_password(
        password, shortest=ShortestPassword.CITIZEN, personal=personal_facts(person, account.email)
    )
    recovery_code = new_recovery_code()
    password_hash, recovery_hash = await hasher.hash_all(password, parse_recovery_code(recovery_code))
    await use_proof(session, challenge, now=now)
    await _replace(session, account, password_hash=password_hash, recovery_hash=recovery_hash)
    token = await _start_afresh(session, account, shared_device=shared_device, device=device, now=now)
    return Recovered(account, person, recovery_code, token)


async def _account_of(
    session: AsyncSession, challenge: Challenge, hasher: PasswordHasher
) -> tuple[Account, Person]:
    """Raises CodeRefused when the recovery code that was given is not the one on file any more."""
    found = (
        await session.exec(
            select(Account, Person)
            .join(Person, col(Person.id) == Account.person_id)
            .where(Account.id == challenge.account_id, col(Account.disabled_at).is_(None))
        )
    ).one_or_none()
    if found is None or hasher.fingerprint(found[0].recovery_hash) != challenge.data["recovery"]:
        raise CodeRefused("unknown")
    return found


async def _replace(session: AsyncSession, account: Account, **hashes: str) -> None:
    """The recovery code that was given must still be the one on file: it works once, whatever happens beside."""
    replaced = await session.exec(
        update(Account)
        .where(col(Account.id) == account.id, col(Account.recovery_hash) == account.recovery_hash)
        .values(**hashes)
        .returning(col(Account.id))
        .execution_options(synchronize_session=False)
    )
    if replaced.first() is None:
        raise CodeRefused("unknown")
    await session.refresh(account)


async def _start_afresh(
    session: AsyncSession, account: Account, *, shared_device: bool, device: str, now: datetime
) -> str:
    account_id = saved_id(account)
    await sessions.end_account_sessions(session, account_id=account_id, now=now)
    await session.exec(delete(KnownBrowser).where(col(KnownBrowser.account_id) == account_id))
    token = await sessions.open_citizen_session(
        session,
        account_id=account_id,
        shared_device=shared_device,
        device=device,
        second_proof=SecondProof.RECOVERY_CODE,
        now=now,
    )
    await record(
        session,
        actor=citizen(account.person_id),
        action=IdentityAction.PASSWORD_RECOVERED,
        person_id=account.person_id,
        now=now,
    )
    await notify(
        session,
        recipient=recipient_of(account),
        template=Template.SIGNED_IN,
        values={"at": now},
        now=now,
    )
    return token
