"""The authenticator of a citizen, used instead of a code by SMS. Its secret is sealed, and each step is good once."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.account.accounts import account, recipient_of
from identity.account.own_sessions import end_other_sessions
from identity.audit import ANONYMOUS, IdentityAction, citizen, record
from identity.keys import Keys
from identity.proofs import guards, totp
from identity.proofs.challenges import CodeRefused
from identity.tables import Account
from notifications.messages import Template
from notifications.outbox import notify


async def set_authenticator(
    session: AsyncSession,
    *,
    account_id: int,
    secret: str,
    code: str,
    here: str,
    keys: Keys,
    now: datetime,
) -> Account:
    """Take a secret into use once a code shows that the authenticator has it; any earlier one is replaced.

    Every channel is told, and every session but `here`, the hash of its token, ends.
    Raises CodeRefused (`not_current`).
    """
    owner = await account(session, account_id)
    step = totp.matching_step(secret, code, now)
    if step is None:
        raise CodeRefused("not_current")
    owner.authenticator_sealed = keys.sealer.seal(secret, seal_context(account_id))
    owner.authenticator_last_step, owner.authenticator_since = step, now
    await _tell_change(session, owner, IdentityAction.AUTHENTICATOR_SET, here, now)
    return owner


async def remove_authenticator(session: AsyncSession, *, account_id: int, here: str, now: datetime) -> None:
    """Told like setting one. Removing what is not there changes nothing."""
    owner = await account(session, account_id)
    if owner.authenticator_sealed is None:
        return
    owner.authenticator_sealed, owner.authenticator_since = None, None
    await _tell_change(session, owner, IdentityAction.AUTHENTICATOR_REMOVED, here, now)


def seal_context(account_id: int) -> str:
    return f"account.totp|{account_id}"


async def _tell_change(
    session: AsyncSession, owner: Account, action: IdentityAction, here: str, now: datetime
) -> None:
    session.add(owner)
    await session.flush()
    await end_other_sessions(session, account_id=owner.id or 0, here=here, now=now)
    await record(session, actor=citizen(owner.person_id), action=action, person_id=owner.person_id, now=now)
    await notify(
        session,
        recipient=recipient_of(owner),
        template=Template.AUTHENTICATOR_CHANGED,
        values={"at": now},
        link="/account/sessions",
        now=now,
    )


async def check_authenticator(
    session: AsyncSession,
    *,
    account_id: int | None,
    code: str,
    keys: Keys,
    now: datetime,
    asked: str = "",
) -> Account:
    """Count a try and use the step of the code. A dummy, known by what was `asked`, is refused by the same work.

    Raises CodeRefused: `not_current` for a code that is wrong, of another time or used already, and `wait` after five
    tries. The count must survive: whoever catches this keeps the transaction.
    """
    ladder, subject = limits.AUTHENTICATOR_TRIES, str(account_id or f"nobody {asked}")
    if not await limits.take_turn(session, ladder, subject=subject, keys=keys, now=now):
        raise CodeRefused("wait")
    owner = await session.get(Account, account_id or 0, populate_existing=True)
    if owner is None or not await _use_code(session, owner, code, keys, now):
        await _note_refusal(session, owner, keys, now)
        raise CodeRefused("not_current")
    await limits.forget_tries(session, ladder, subject=subject, keys=keys)
    return owner


async def _use_code(session: AsyncSession, owner: Account, code: str, keys: Keys, now: datetime) -> bool:
    """Each step once, and none before the last: compared and stored by one statement."""
    if owner.authenticator_sealed is None or owner.disabled_at is not None:
        return False
    secret = keys.sealer.unseal_text(owner.authenticator_sealed, seal_context(owner.id or 0))
    step = totp.matching_step(secret, code, now)
    if step is None:
        return False
    used = await session.exec(
        update(Account)
        .where(col(Account.id) == owner.id, col(Account.authenticator_last_step) < step)
        .where(col(Account.authenticator_sealed) == owner.authenticator_sealed)
        .values(authenticator_last_step=step)
        .returning(col(Account.id))
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


async def _note_refusal(session: AsyncSession, owner: Account | None, keys: Keys, now: datetime) -> None:
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.CODE_REFUSED,
        person_id=owner.person_id if owner else None,
        details={"purpose": "authenticator"},
        now=now,
    )
    await guards.note_failed_code(session, keys=keys, now=now)
