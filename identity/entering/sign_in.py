"""Signing in: identifier and password, then a code to the account's telephone.

An unknown identifier, a wrong password and a disabled account are one answer and one amount of work. There is no lock
that a neighbour could set off: the wait grows for one identifier from one address, and a browser that has signed in
before has allowances of its own. Many tries for one identifier, or from one address, slow strangers down or ask them
for a longer code; they refuse nobody, short of a flood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.account.accounts import account_by_identifier, recipient_of, usable_account
from identity.account.authenticators import check_authenticator
from identity.audit import ANONYMOUS, IdentityAction, citizen, record
from identity.entering.second_proofs import use_recovery_code
from identity.keys import Keys
from identity.people.tables import Person
from identity.proofs.challenges import (
    CodeRefused,
    bound,
    browser_hashes,
    count_try,
    prove,
    read_challenge,
    refusal,
    use_proof,
)
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.passwords import PasswordHasher
from identity.proofs.rehashing import hashed_anew, keep_hash
from identity.proofs.tables import Challenge, Purpose, Standing
from identity.tables import Account, KnownBrowser, SecondProof, saved_id
from notifications.messages import Template
from notifications.outbox import notify
from notifications.tables import Channel

BROWSER_KNOWN_FOR: Final = timedelta(days=30)


class SignInRefused(Exception):
    """`code`: `wrong`, whatever was wrong; or `wait`, before the next try in about `seconds`.

    The count of the try must survive: whoever catches this keeps the transaction.
    """

    def __init__(self, code: str, seconds: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.seconds = seconds


@dataclass(frozen=True)
class SignedIn:
    """`token` is for the session cookie."""

    account: Account
    person: Person
    token: str
    is_new_browser: bool


@dataclass(frozen=True)
class _Turn:
    """Whose allowance this try uses: that of a known browser, or that of an identifier from an address."""

    identifier: str
    address: str
    known_as: str

    @property
    def is_known(self) -> bool:
        return bool(self.known_as)

    @property
    def subject(self) -> str:
        return f"{self.identifier}|{self.known_as or self.address}"


async def start_sign_in(
    session: AsyncSession,
    *,
    identifier: str,
    password: str,
    browser: str,
    address: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> Challenge:
    """The first step. `address` is the visitor's network address. Raises SignInRefused and Busy."""
    browsers = browser_hashes(browser, keys)
    found = await account_by_identifier(session, identifier)
    turn = _Turn(identifier, address, await _known_as(session, found[0] if found else None, browsers, now))
    await _look_before(session, turn, keys=keys, now=now)
    # Hashing comes before the first write, so that no row is locked while it lasts; its result counts only with a turn.
    fits = await hasher.verify(found[0].password_hash if found else None, password)
    renewed = await hashed_anew(found[0], password, hasher) if found and fits else None
    is_crowded = await _take_turn(session, turn, keys=keys, now=now)
    if found is None or not fits:
        await _note_refusal(session, found[1].id if found else None, now)
        raise SignInRefused("wrong")
    account = found[0]
    await limits.forget_tries(session, limits.PASSWORD_TRIES, subject=turn.subject, keys=keys)
    await keep_hash(session, account, renewed)
    return await start_challenge(
        session,
        purpose=Purpose.SIGN_IN,
        subject=f"account {account.id}",
        browser=browser,
        recipient=recipient_of(account),
        account_id=account.id,
        data={"authenticator": account.authenticator_sealed is not None},
        standing=Standing.KNOWN_BROWSER if turn.is_known else None,
        is_careful=is_crowded,
        keys=keys,
        now=now,
    )


async def _known_as(
    session: AsyncSession, account: Account | None, browsers: Sequence[str], now: datetime
) -> str:
    """The name under which a browser of the account is remembered; empty for one that is not."""
    rows = await session.exec(
        select(KnownBrowser.browser_hash)
        .where(
            KnownBrowser.account_id == ((account.id if account else None) or 0),
            col(KnownBrowser.browser_hash).in_(browsers),
            col(KnownBrowser.seen_at) > now - BROWSER_KNOWN_FOR,
        )
        .order_by(col(KnownBrowser.seen_at).desc())
    )
    return rows.first() or ""


async def _look_before(session: AsyncSession, turn: _Turn, *, keys: Keys, now: datetime) -> None:
    """Refuse early what would be refused anyway, so that a flood costs no hashing."""
    for ladder in (
        (limits.PASSWORD_TRIES,) if turn.is_known else (limits.PASSWORD_TRIES, limits.CROWDED_TRIES)
    ):
        seconds = await limits.seconds_to_wait(session, ladder, subject=turn.subject, keys=keys, now=now)
        if seconds:
            raise SignInRefused("wait", seconds)
    for limit, spender in () if turn.is_known else _floods(turn):
        if await limits.is_full(session, limit, subject=spender, keys=keys, now=now):
            raise SignInRefused("wait", int(limit.window.total_seconds()))


def _floods(turn: _Turn) -> tuple[tuple[limits.Limit, str], ...]:
    return (limits.FLOOD_FROM, turn.address), (limits.FLOOD_OF_SIGN_INS_TO, turn.identifier)


async def _take_turn(session: AsyncSession, turn: _Turn, *, keys: Keys, now: datetime) -> bool:
    """Whether so many sign in from this address that the code has to be a longer one. Raises SignInRefused."""
    await _climb(session, limits.PASSWORD_TRIES, turn, keys=keys, now=now)
    if turn.is_known:
        return False
    for limit, spender in _floods(turn):
        if not await limits.spend(session, limit, subject=spender, keys=keys, now=now):
            raise SignInRefused("wait", int(limit.window.total_seconds()))
    if not await limits.spend(session, limits.SIGN_INS_TO, subject=turn.identifier, keys=keys, now=now):
        await _climb(session, limits.CROWDED_TRIES, turn, keys=keys, now=now)
    return not await limits.spend(session, limits.SIGN_INS_FROM, subject=turn.address, keys=keys, now=now)


async def _climb(
    session: AsyncSession, ladder: limits.Ladder, turn: _Turn, *, keys: Keys, now: datetime
) -> None:
    if not await limits.take_turn(session, ladder, subject=turn.subject, keys=keys, now=now):
        seconds = await limits.seconds_to_wait(session, ladder, subject=turn.subject, keys=keys, now=now)
        raise SignInRefused("wait", seconds)


async def _note_refusal(session: AsyncSession, person_id: int | None, now: datetime) -> None:
    await record(
        session, actor=ANONYMOUS, action=IdentityAction.SIGN_IN_REFUSED, person_id=person_id, now=now
    )


async def finish_sign_in(
    session: AsyncSession,
    *,
    challenge_id: str,
    code: str,
    browser: str,
    shared_device: bool,
    keys: Keys,
    now: datetime,
    device: str = "",
) -> SignedIn:
    """The second step. A browser on a device of one's own is remembered. Raises CodeRefused."""
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.SIGN_IN,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    return await _come_in(
        session,
        checked.challenge,
        browsers=browser_hashes(browser, keys),
        shared_device=shared_device,
        device=device,
        second_proof=SecondProof.SMS,
        now=now,
    )


async def finish_with_authenticator(
    session: AsyncSession,
    *,
    challenge_id: str,
    code: str,
    browser: str,
    shared_device: bool,
    keys: Keys,
    now: datetime,
    device: str = "",
) -> SignedIn:
    """The second step without the telephone's number. The try counts for the challenge as well. Raises CodeRefused."""
    mine = bound(challenge_id, Purpose.SIGN_IN, browser, keys)
    challenge = await count_try(session, mine, now=now)
    if challenge.account_id is None:
        raise CodeRefused("not_current")
    await check_authenticator(session, account_id=challenge.account_id, code=code, keys=keys, now=now)
    if not await prove(session, challenge, now):
        raise CodeRefused("unknown")
    return await _come_in(
        session,
        challenge,
        browsers=browser_hashes(browser, keys),
        shared_device=shared_device,
        device=device,
        second_proof=SecondProof.AUTHENTICATOR,
        now=now,
    )


async def finish_with_recovery_code(
    session: AsyncSession,
    *,
    challenge_id: str,
    recovery_code: str,
    browser: str,
    shared_device: bool,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
    device: str = "",
) -> tuple[SignedIn, str]:
    """The second step without a telephone; returns the recovery code that replaces the one given, to be shown once.

    `recovery_code` is parsed. Raises CodeRefused, ProofRefused and Busy.
    """
    mine = bound(challenge_id, Purpose.SIGN_IN, browser, keys)
    challenge = await read_challenge(session, mine)
    if challenge is None or challenge.account_id is None or refusal(challenge, now):
        raise refusal(challenge, now) or CodeRefused("unknown")
    fresh = await use_recovery_code(
        session,
        account_id=challenge.account_id,
        recovery_code=recovery_code,
        hasher=hasher,
        keys=keys,
        now=now,
    )
    if not await prove(session, challenge, now):
        raise CodeRefused("unknown")
    signed_in = await _come_in(
        session,
        challenge,
        browsers=browser_hashes(browser, keys),
        shared_device=shared_device,
        device=device,
        second_proof=SecondProof.RECOVERY_CODE,
        now=now,
    )
    return signed_in, fresh


async def _come_in(
    session: AsyncSession,
    challenge: Challenge,
    *,
    browsers: Sequence[str],
    shared_device: bool,
    device: str,
    second_proof: SecondProof,
    now: datetime,
) -> SignedIn:
    await use_proof(session, challenge, now=now)
    found = await usable_account(session, col(Account.id) == challenge.account_id)
    if found is None:
        raise CodeRefused("unknown")
    account, person = found
    is_new = not await _known_as(session, account, browsers, now)
    if not shared_device:
        await _remember(session, account, browsers[0], now)
    token = await sessions.open_citizen_session(
        session,
        account_id=saved_id(account),
        shared_device=shared_device,
        device=device,
        second_proof=second_proof,
        now=now,
    )
    await record(
        session,
        actor=citizen(account.person_id),
        action=IdentityAction.SIGNED_IN,
        person_id=account.person_id,
        details={"by": second_proof.value},
        now=now,
    )
    if is_new:
        await _tell_new_browser(session, account, now)
    return SignedIn(account, person, token, is_new)


async def _remember(session: AsyncSession, account: Account, browser_hash: str, now: datetime) -> None:
    seen = (
        limits.upsert(session)(KnownBrowser)
        .values(account_id=account.id, browser_hash=browser_hash, seen_at=now)
        .on_conflict_do_update(index_elements=["account_id", "browser_hash"], set_={"seen_at": now})
    )
    await session.exec(seen)


async def _tell_new_browser(session: AsyncSession, account: Account, now: datetime) -> None:
    """By e-mail and in the inbox: the code itself has just told the telephone."""
    await notify(
        session,
        recipient=recipient_of(account),
        template=Template.SIGNED_IN,
        values={"at": now},
        channels=frozenset({Channel.EMAIL}),
        now=now,
    )


async def sign_out(session: AsyncSession, *, token_hash: str, person_id: int, now: datetime) -> None:
    await sessions.end_session(session, token_hash=token_hash, now=now)
    await record(
        session, actor=citizen(person_id), action=IdentityAction.SIGNED_OUT, person_id=person_id, now=now
    )
