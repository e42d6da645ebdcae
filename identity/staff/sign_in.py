"""The officers' door: three secrets at once, and the authenticator once more before what counts for two.

Five tries, then fifteen minutes. The count is kept for the address typed, so that it does not tell who works here, and
for the network it is typed from, so that a stranger keeps nobody out. A browser that has signed in as this officer
before has an allowance of its own. A centre is many officers behind one network address: many tries from there, or for
one officer, slow strangers down and refuse nobody, short of a flood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.audit import ANONYMOUS, IdentityAction, officer, record
from identity.desk_tables import KnownStaffBrowser
from identity.entering.step_up import renew_token
from identity.keys import Keys
from identity.proofs.challenges import browser_hashes
from identity.proofs.passwords import PasswordHasher
from identity.proofs.rehashing import hashed_anew, keep_hash
from identity.proofs.totp import matching_step, new_secret
from identity.staff.officers import authenticator_secret
from identity.tables import SecondProof, Staff, saved_id

BROWSER_KNOWN_FOR: Final = timedelta(days=30)


class StaffSignInRefused(Exception):
    """`code`: `wrong`, whatever was wrong; or `wait`, before the next try in about `seconds`.

    The count of the try must survive: whoever catches this keeps the transaction.
    """

    def __init__(self, code: str, seconds: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.seconds = seconds


@dataclass(frozen=True)
class StaffSignedIn:
    """`token` is for the session cookie."""

    staff: Staff
    token: str


@dataclass(frozen=True)
class _Turn:
    """Whose allowance this try uses: that of a known browser, or that of an e-mail address from a network."""

    email: str
    address: str
    known_as: str

    @property
    def subject(self) -> str:
        return f"{self.email}|{self.known_as or self.address}"

    @property
    def ladders(self) -> tuple[limits.Ladder, ...]:
        return (limits.STAFF_TRIES,) if self.known_as else (limits.STAFF_TRIES, limits.CROWDED_TRIES)

    @property
    def floods(self) -> tuple[tuple[limits.Limit, str], ...]:
        if self.known_as:
            return ()
        return (limits.FLOOD_FROM, self.address), (limits.FLOOD_OF_SIGN_INS_TO, self.email)


async def sign_in_staff(
    session: AsyncSession,
    *,
    email: str,
    password: str,
    totp: str,
    browser: str,
    address: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> StaffSignedIn:
    """`address` is the visitor's network address. The browser is remembered, unless it has no mark (empty).

    Raises StaffSignInRefused and Busy.
    """
    typed, browsers = email.strip().lower(), browser_hashes(browser, keys) if browser else ()
    found = (
        await session.exec(select(Staff).where(Staff.email == typed, col(Staff.disabled_at).is_(None)))
    ).one_or_none()
    turn = _Turn(typed, address, await _known_as(session, found, browsers, now))
    await _look_before(session, turn, keys=keys, now=now)
    # Hashing comes before the first write, so that no row is locked while it lasts; its result counts only with a turn.
    fits = await hasher.verify(found.password_hash if found else None, password)
    step = matching_step(authenticator_secret(found, keys) if found else new_secret(), totp, now)
    renewed = await hashed_anew(found, password, hasher) if found and fits and step is not None else None
    await _take_turn(session, turn, keys=keys, now=now)
    if found is None or not fits or step is None or not await _use_step(session, found, step):
        await _note_refusal(session, found.id if found else None, now)
        raise StaffSignInRefused("wrong")
    for ladder in turn.ladders:
        await limits.forget_tries(session, ladder, subject=turn.subject, keys=keys)
    await keep_hash(session, found, renewed)
    if browsers:
        await _remember(session, found, browsers[0], now)
    staff_id = saved_id(found)
    await record(session, actor=officer(staff_id), action=IdentityAction.STAFF_SIGNED_IN, now=now)
    return StaffSignedIn(found, await sessions.open_staff_session(session, staff_id=staff_id, now=now))


async def _known_as(
    session: AsyncSession, staff: Staff | None, browsers: Sequence[str], now: datetime
) -> str:
    """The name under which a browser of the officer is remembered; empty for one that is not."""
    rows = await session.exec(
        select(KnownStaffBrowser.browser_hash)
        .where(
            KnownStaffBrowser.staff_id == ((staff.id if staff else None) or 0),
            col(KnownStaffBrowser.browser_hash).in_(browsers),
            col(KnownStaffBrowser.seen_at) > now - BROWSER_KNOWN_FOR,
        )
        .order_by(col(KnownStaffBrowser.seen_at).desc())
    )
    return rows.first() or ""


async def _look_before(session: AsyncSession, turn: _Turn, *, keys: Keys, now: datetime) -> None:
    """Refuse early what would be refused anyway, so that a flood costs no hashing."""
    for ladder in turn.ladders:
        seconds = await limits.seconds_to_wait(session, ladder, subject=turn.subject, keys=keys, now=now)
        if seconds:
            raise StaffSignInRefused("wait", seconds)
    for limit, spender in turn.floods:
        if await limits.is_full(session, limit, subject=spender, keys=keys, now=now):
            raise StaffSignInRefused("wait", int(limit.window.total_seconds()))


async def _take_turn(session: AsyncSession, turn: _Turn, *, keys: Keys, now: datetime) -> None:
    await _climb(session, limits.STAFF_TRIES, turn, keys=keys, now=now)
    for limit, spender in turn.floods:
        if not await limits.spend(session, limit, subject=spender, keys=keys, now=now):
            raise StaffSignInRefused("wait", int(limit.window.total_seconds()))
    if not turn.known_as and await _is_crowded(session, turn, keys=keys, now=now):
        await _climb(session, limits.CROWDED_TRIES, turn, keys=keys, now=now)


async def _is_crowded(session: AsyncSession, turn: _Turn, *, keys: Keys, now: datetime) -> bool:
    here = await limits.spend(session, limits.SIGN_INS_FROM, subject=turn.address, keys=keys, now=now)
    to = await limits.spend(session, limits.SIGN_INS_TO, subject=turn.email, keys=keys, now=now)
    return not (here and to)


async def _climb(
    session: AsyncSession, ladder: limits.Ladder, turn: _Turn, *, keys: Keys, now: datetime
) -> None:
    if not await limits.take_turn(session, ladder, subject=turn.subject, keys=keys, now=now):
        seconds = await limits.seconds_to_wait(session, ladder, subject=turn.subject, keys=keys, now=now)
        raise StaffSignInRefused("wait", seconds)


async def _use_step(session: AsyncSession, staff: Staff, step: int) -> bool:
    """Each step once, and none before the last: compared and stored by one statement."""
    used = await session.exec(
        update(Staff)
        .where(col(Staff.id) == staff.id, col(Staff.totp_last_step) < step, col(Staff.disabled_at).is_(None))
        .values(totp_last_step=step)
        .returning(col(Staff.id))
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


async def _note_refusal(session: AsyncSession, staff_id: int | None, now: datetime) -> None:
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.STAFF_SIGN_IN_REFUSED,
        details={"staff": staff_id},
        now=now,
    )


async def _remember(session: AsyncSession, staff: Staff, browser_hash: str, now: datetime) -> None:
    seen = (
        limits.upsert(session)(KnownStaffBrowser)
        .values(staff_id=staff.id, browser_hash=browser_hash, seen_at=now)
        .on_conflict_do_update(index_elements=["staff_id", "browser_hash"], set_={"seen_at": now})
    )
    await session.exec(seen)


async def prove_officer(
    session: AsyncSession, *, staff_id: int, totp: str, keys: Keys, now: datetime
) -> None:
    """Ask for the authenticator once more, for an act that needs it. Raises StaffSignInRefused, as at the door."""
    ladder, subject = limits.STAFF_PROOF_TRIES, str(staff_id)
    if not await limits.take_turn(session, ladder, subject=subject, keys=keys, now=now):
        raise StaffSignInRefused("wait", int(ladder.waits[-1].total_seconds()))
    staff = await session.get_one(Staff, staff_id, populate_existing=True)
    step = matching_step(authenticator_secret(staff, keys), totp, now)
    fits = step is not None and await _use_step(session, staff, step)
    action = IdentityAction.STAFF_PROVEN_AGAIN if fits else IdentityAction.STAFF_PROOF_REFUSED
    await record(session, actor=officer(staff_id), action=action, now=now)
    if not fits:
        raise StaffSignInRefused("wrong")
    await limits.forget_tries(session, ladder, subject=subject, keys=keys)


async def prove_session(
    session: AsyncSession, *, staff_id: int, token_hash: str, totp: str, keys: Keys, now: datetime
) -> str:
    """The officer's session has shown the authenticator now, and goes on under the token that is returned.

    Raises StaffSignInRefused.
    """
    await prove_officer(session, staff_id=staff_id, totp=totp, keys=keys, now=now)
    return await renew_token(
        session, token_hash, now=now, second_proof=SecondProof.AUTHENTICATOR, second_at=now
    )


async def sign_out_staff(session: AsyncSession, *, token_hash: str, staff_id: int, now: datetime) -> None:
    await sessions.end_session(session, token_hash=token_hash, now=now)
    await record(session, actor=officer(staff_id), action=IdentityAction.SIGNED_OUT, now=now)
