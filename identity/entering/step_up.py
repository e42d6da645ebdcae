"""Giving the password once more, before what matters most in an account; `assurance.py` says before what."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.account.accounts import account
from identity.audit import citizen, record
from identity.entering.recovery import new_recovery_code, parse_recovery_code
from identity.keys import Keys
from identity.proofs.passwords import PasswordHasher
from identity.tables import Account, PortalSession, SecondProof


class StepUpAction(StrEnum):
    PROVEN_AGAIN = "proven_again"
    PROOF_REFUSED = "proof_refused"
    RECOVERY_CODE_RENEWED = "recovery_code_renewed"


class ProofRefused(Exception):
    """`code`: `wrong`, or `wait` before the next try in about `seconds`. Whoever catches this keeps the transaction."""

    def __init__(self, code: str, seconds: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.seconds = seconds


async def prove_again(
    session: AsyncSession,
    *,
    account_id: int,
    token_hash: str,
    password: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> str:
    """Check the password of the account that is signed in. The session goes on under the new token that is returned.

    Raises ProofRefused and Busy.
    """
    ladder, subject = limits.PASSWORD_TRIES, f"proof {account_id}"
    if seconds := await limits.seconds_to_wait(session, ladder, subject=subject, keys=keys, now=now):
        raise ProofRefused("wait", seconds)
    owner = await account(session, account_id)
    fits = await hasher.verify(owner.password_hash, password)
    if not await limits.take_turn(session, ladder, subject=subject, keys=keys, now=now):
        raise ProofRefused("wait", int(ladder.waits[-1].total_seconds()))
    action = StepUpAction.PROVEN_AGAIN if fits else StepUpAction.PROOF_REFUSED
    await record(session, actor=citizen(owner.person_id), action=action, person_id=owner.person_id, now=now)
    if not fits:
        raise ProofRefused("wrong")
    await limits.forget_tries(session, ladder, subject=subject, keys=keys)
    return await renew_token(session, token_hash, now=now, proven_at=now)


async def renew_token(
    session: AsyncSession, token_hash: str, *, now: datetime, **proven: datetime | SecondProof
) -> str:
    """What an onlooker may have copied before is worth nothing after. `proven` is what the session has shown now."""
    token = secrets.token_urlsafe(sessions.TOKEN_BYTES)
    await session.exec(
        update(PortalSession)
        .where(col(PortalSession.token_hash) == token_hash, col(PortalSession.ended_at).is_(None))
        .values(token_hash=sessions.hash_token(token), seen_at=now, **proven)
        .execution_options(synchronize_session=False)
    )
    return token


@dataclass(frozen=True)
class FreshCode:
    """A recovery code as it is shown once, and as it is kept."""

    shown: str
    hashed: str


async def fresh_recovery_code(hasher: PasswordHasher) -> FreshCode:
    """Raises Busy."""
    shown = new_recovery_code()
    return FreshCode(shown, await hasher.hash(parse_recovery_code(shown)))


async def renew_recovery_code(
    session: AsyncSession, *, account_id: int, hasher: PasswordHasher, now: datetime
) -> str:
    """A new recovery code, to be shown once; the old one opens nothing any more. Raises ProofRefused and Busy."""
    instead_of = (await account(session, account_id)).recovery_hash
    fresh = await fresh_recovery_code(hasher)
    await replace_recovery_code(session, account_id=account_id, instead_of=instead_of, fresh=fresh, now=now)
    return fresh.shown


async def replace_recovery_code(
    session: AsyncSession, *, account_id: int, instead_of: str, fresh: FreshCode, now: datetime
) -> None:
    """`instead_of` is the hash that must still be on file: a code that was given works once, whatever happens beside.

    Raises ProofRefused.
    """
    owner = await account(session, account_id)
    renewed = await session.exec(
        update(Account)
        .where(col(Account.id) == account_id, col(Account.recovery_hash) == instead_of)
        .values(recovery_hash=fresh.hashed)
        .returning(col(Account.id))
        .execution_options(synchronize_session=False)
    )
    if renewed.first() is None:
        raise ProofRefused("wrong")
    await session.refresh(owner)
    await record(
        session,
        actor=citizen(owner.person_id),
        action=StepUpAction.RECOVERY_CODE_RENEWED,
        person_id=owner.person_id,
        now=now,
    )
