"""What the portal must not be: the obvious way to write each control, which the tests of the threats must find out.

`install` puts each beside the portal's own function; which of the two runs is decided by `building_naively`, in the
tests' process and, by a header, in the processes of the rig.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import wraps
from types import ModuleType
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.account import authenticators, strangers
from identity.entering import recovery, sign_in
from identity.keys import Keys
from identity.proofs import challenges, codes
from identity.proofs.challenges import CodeRefused
from identity.proofs.tables import Challenge, Step
from identity.proofs.totp import matching_step
from identity.staff import sign_in as staff_sign_in
from identity.tables import Account, PortalSession, Staff, Usage

HEADER = "x-naive"
# The work of a real handler between the look and the write: a hash, a template.
PAUSE = 0.02
_naive: ContextVar[bool] = ContextVar("naive", default=False)


@contextmanager
def building_naively(naive: bool = True) -> Iterator[None]:
    token = _naive.set(naive)
    try:
        yield
    finally:
        _naive.reset(token)


async def note_nothing(_session: object, **_facts: object) -> None:
    """Every account is counted for itself alone."""


async def count_try(session: AsyncSession, mine: Any, *, now: datetime, least_digits: int = 6) -> Challenge:
    """Read, compare, write back."""
    challenge = await challenges.read_challenge(session, mine)
    if challenge is None or challenge.attempts >= challenge.tries:
        raise CodeRefused("too_many")
    await asyncio.sleep(PAUSE)
    challenge.attempts += 1
    session.add(challenge)
    await session.flush()
    return challenge


async def prove(session: AsyncSession, challenge: Challenge, now: datetime) -> bool:
    """Whoever had read it as open proves it."""
    challenge.step, challenge.proven_at = Step.PROVEN, now
    session.add(challenge)
    await session.flush()
    return True


async def use_proof(session: AsyncSession, challenge: Challenge, *, now: datetime) -> None:
    if challenge.step != Step.PROVEN:
        raise CodeRefused("unknown")
    await asyncio.sleep(PAUSE)
    challenge.step, challenge.used_at = Step.USED, now
    session.add(challenge)
    await session.flush()


async def spend(
    session: AsyncSession, limit: limits.Limit, *, subject: str, keys: Keys, now: datetime
) -> bool:
    """A look at the counter, and a write that no longer asks. Only messages to a number are limited at all."""
    if limit.scope != "codes_to_address":
        return True
    if await limits.used(session, limit, subject=subject, keys=keys, now=now) >= limit.count:
        return False
    await asyncio.sleep(PAUSE)
    key = limits._names(limit.scope, subject, keys, limit.window)[0]
    count = (await session.exec(select(Usage.count).where(col(Usage.key) == key))).scalar_one_or_none()
    fresh = limits.upsert(session)(Usage).values(key=key, count=1, expires_at=now + limit.window)
    written = {"count": (count or 0) + 1, "expires_at": now + limit.window}
    await session.exec(fresh.on_conflict_do_update(index_elements=["key"], set_=written))
    return True


async def take_turn(_session: object, _ladder: object, **_facts: object) -> bool:
    """No wait between two tries."""
    return True


async def use_step(session: AsyncSession, officer: Staff, step: int) -> bool:
    if officer.totp_last_step >= step:
        return False
    await asyncio.sleep(PAUSE)
    await session.exec(update(Staff).where(col(Staff.id) == officer.id).values(totp_last_step=step))
    return True


async def use_authenticator(
    session: AsyncSession, owner: Account, code: str, keys: Keys, now: datetime
) -> bool:
    sealed = owner.authenticator_sealed or b""
    secret = keys.sealer.unseal_text(sealed, authenticators.seal_context(owner.id or 0))
    step = matching_step(secret, code, now)
    if step is None or owner.authenticator_last_step >= step:
        return False
    await asyncio.sleep(PAUSE)
    await session.exec(
        update(Account).where(col(Account.id) == owner.id).values(authenticator_last_step=step)
    )
    return True


async def replace(session: AsyncSession, account: Account, **hashes: str) -> None:
    """The recovery code was right when it was read."""
    await session.exec(update(Account).where(col(Account.id) == account.id).values(**hashes))


_own_find = sessions.find_session


async def find_session(session: AsyncSession, *, token: str, now: datetime) -> sessions.FoundSession | None:
    """Whoever asks is there: it is noted before anybody looks since when."""
    mine = col(PortalSession.token_hash) == sessions.hash_token(token)
    # On PostgreSQL the session of a page that is only read commits each statement by itself.
    await session.exec(update(PortalSession).where(mine).values(seen_at=now))
    return await _own_find(session, token=token, now=now)


PLACES: tuple[tuple[ModuleType, str, Callable[..., Any]], ...] = (
    (codes, "count_try", count_try),
    (sign_in, "count_try", count_try),
    (codes, "prove", prove),
    (sign_in, "use_proof", use_proof),
    (recovery, "use_proof", use_proof),
    (strangers, "use_proof", use_proof),
    (limits, "spend", spend),
    (limits, "take_turn", take_turn),
    (staff_sign_in, "_use_step", use_step),
    (authenticators, "_use_code", use_authenticator),
    (recovery, "_replace", replace),
    (sessions, "find_session", find_session),
)


def install() -> None:
    """For the life of the process: each function asks which of the two it is."""
    for module, name, instead in PLACES:
        setattr(module, name, _either(getattr(module, name), instead))


def _either(own: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(own)
    async def choose(*arguments: Any, **facts: Any) -> Any:
        return await (instead if _naive.get() else own)(*arguments, **facts)

    return choose
