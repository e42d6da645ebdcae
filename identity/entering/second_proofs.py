"""A second proof beside the password, while signed in: the authenticator, a code by SMS, or the recovery code."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.account.accounts import account, recipient_of
from identity.account.authenticators import check_authenticator
from identity.audit import citizen, record
from identity.entering.step_up import (
    ProofRefused,
    StepUpAction,
    fresh_recovery_code,
    renew_token,
    replace_recovery_code,
)
from identity.keys import Keys
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.passwords import PasswordHasher
from identity.proofs.tables import Challenge, Purpose
from identity.tables import Account, SecondProof


async def prove_by_authenticator(
    session: AsyncSession, *, account_id: int, token_hash: str, code: str, keys: Keys, now: datetime
) -> str:
    """The session goes on under the token that is returned, like in every other function here. Raises CodeRefused."""
    await check_authenticator(session, account_id=account_id, code=code, keys=keys, now=now)
    return await _note(session, account_id, token_hash, SecondProof.AUTHENTICATOR, now)


async def start_proof_code(
    session: AsyncSession, *, account_id: int, browser: str, keys: Keys, now: datetime
) -> Challenge:
    """Send a code to the account's telephone; without one, a dummy."""
    owner = await account(session, account_id)
    return await start_challenge(
        session,
        purpose=Purpose.PROVE,
        subject=f"account {account_id}",
        browser=browser,
        recipient=recipient_of(owner),
        account_id=account_id,
        keys=keys,
        now=now,
    )


async def prove_by_code(
    session: AsyncSession,
    *,
    account_id: int,
    token_hash: str,
    challenge_id: str,
    code: str,
    browser: str,
    keys: Keys,
    now: datetime,
) -> str:
    """Raises CodeRefused."""
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.PROVE,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    owner = await account(session, account_id)
    if checked.challenge.account_id != account_id or checked.challenge.address != owner.phone:
        raise CodeRefused("unknown")
    await use_proof(session, checked.challenge, now=now)
    return await _note(session, account_id, token_hash, SecondProof.SMS, now)


async def prove_by_recovery_code(
    session: AsyncSession,
    *,
    account_id: int,
    token_hash: str,
    recovery_code: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> tuple[str, str]:
    """The token, and the new recovery code to be shown once: the one given is used up.

    `recovery_code` is parsed. Raises ProofRefused (keep the transaction) and Busy.
    """
    fresh = await use_recovery_code(
        session, account_id=account_id, recovery_code=recovery_code, hasher=hasher, keys=keys, now=now
    )
    return await _note(session, account_id, token_hash, SecondProof.RECOVERY_CODE, now), fresh


async def use_recovery_code(
    session: AsyncSession,
    *,
    account_id: int,
    recovery_code: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> str:
    """Use the code up, and return the one that replaces it. Raises ProofRefused (keep the transaction) and Busy."""
    ladder, subject = limits.RECOVERY_TRIES, f"proof {account_id}"
    if seconds := await limits.seconds_to_wait(session, ladder, subject=subject, keys=keys, now=now):
        raise ProofRefused("wait", seconds)
    owner = await account(session, account_id)
    on_file = owner.recovery_hash
    # Hashing comes before the first write, so that no row is locked while it lasts.
    fits = await hasher.verify(on_file, recovery_code)
    fresh = await fresh_recovery_code(hasher) if fits else None
    if not await limits.take_turn(session, ladder, subject=subject, keys=keys, now=now):
        raise ProofRefused("wait", int(ladder.waits[-1].total_seconds()))
    if fresh is None:
        await _note_refusal(session, owner, now)
        raise ProofRefused("wrong")
    await limits.forget_tries(session, ladder, subject=subject, keys=keys)
    await replace_recovery_code(session, account_id=account_id, instead_of=on_file, fresh=fresh, now=now)
    return fresh.shown


async def _note_refusal(session: AsyncSession, owner: Account, now: datetime) -> None:
    await record(
        session,
        actor=citizen(owner.person_id),
        action=StepUpAction.PROOF_REFUSED,
        person_id=owner.person_id,
        now=now,
    )


async def _note(
    session: AsyncSession, account_id: int, token_hash: str, proof: SecondProof, now: datetime
) -> str:
    owner = await account(session, account_id)
    await record(
        session,
        actor=citizen(owner.person_id),
        action=StepUpAction.PROVEN_AGAIN,
        person_id=owner.person_id,
        details={"by": proof.value},
        now=now,
    )
    return await renew_token(session, token_hash, now=now, second_proof=proof, second_at=now)
