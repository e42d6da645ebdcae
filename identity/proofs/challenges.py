"""Challenges: what one browser is asked, and how far it has come. Every step is one conditional statement.

A dummy challenge, about nobody, goes through the same statements as a real one.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.desk_tables import KnownStaffBrowser
from identity.keys import Keys
from identity.people.tables import Person
from identity.proofs.guards import CAREFUL_TRIES, LONG, RESEND_AFTER, SHORT, concerns
from identity.proofs.tables import Challenge, Purpose, Standing, Step
from identity.tables import KnownBrowser
from notifications.references import new_reference

CHALLENGE_LIFE: Final = timedelta(minutes=30)
PROVEN_LIFE: Final = timedelta(minutes=30)
# Clocks of two processes may differ; a browser that has to wait waits at least a quarter of an hour.
WAITS_FROM: Final = timedelta(minutes=1)


_GUARDED: Final = [standing for standing in Standing if concerns(standing)]


class CodeRefused(Exception):
    """`code`: `wrong`, `expired`, `too_many`, `longer` (a longer code has to be asked for), `wait_until` (this browser
    has to wait), or `unknown` (no such challenge here, or it was used).

    The count of the try must survive: whoever catches this keeps the transaction.
    """

    def __init__(self, code: str, tries_left: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.tries_left = tries_left


class TooSoon(Exception):
    """A code was asked for a moment ago; the next can be in `seconds`."""

    code = "too_soon"

    def __init__(self, seconds: int) -> None:
        super().__init__(self.code)
        self.seconds = seconds


def hash_browser(browser: str, keys: Keys) -> str:
    """Raises ValueError without a mark: every browser without one would be the same browser."""
    return browser_hashes(browser, keys)[0]


def browser_hashes(browser: str, keys: Keys) -> tuple[str, ...]:
    """How a browser may be known, under each secret; the first is how it is remembered. Raises ValueError as above."""
    if not browser:
        raise ValueError("a challenge is bound to a browser, and this one has no mark")
    return keys.lookup_hashes("browser", browser)


async def open_challenge(
    session: AsyncSession,
    *,
    purpose: Purpose,
    subject: str,
    browser: str,
    person_id: int | None,
    standing: Standing,
    keys: Keys,
    now: datetime,
) -> tuple[Challenge, bool]:
    """The one challenge of this browser about this subject, and whether a code is due; the caller fills in and adds it.

    Nobody else has a challenge open for the person afterwards. After challenges whose tries were all used up the next
    one of the same browser has to wait, longer each time; nobody else does.
    """
    await _take_person(session, person_id)
    browsers, subjects = browser_hashes(browser, keys), keys.lookup_hashes(purpose, subject)
    challenge = await _open_here(session, purpose, subjects, browsers, now)
    await _overtake(session, purpose, person_id, except_id=challenge.id if challenge else "")
    seconds = max(
        [
            await limits.seconds_to_wait(
                session, limits.USED_UP, subject=f"{purpose}|{hashed}|{here}", keys=keys, now=now
            )
            for hashed, here in zip(subjects, browsers, strict=True)
        ]
    )
    if challenge is not None:
        is_due = challenge.asked_at <= now - RESEND_AFTER
        challenge.asked_at = now if is_due else challenge.asked_at
        return challenge, is_due
    fresh = Challenge(
        id=secrets.token_hex(16),
        reference=new_reference("C"),
        purpose=purpose,
        subject=subjects[0],
        browser_hash=browsers[0],
        standing=standing,
        created_at=now,
        asked_at=now + timedelta(seconds=seconds) - RESEND_AFTER if seconds else now,
        expires_at=now + CHALLENGE_LIFE,
    )
    return fresh, not seconds


async def _take_person(session: AsyncSession, person_id: int | None) -> None:
    """Whoever starts a challenge about the same person waits here, so that only one of them is open."""
    await session.exec(select(Person.id).where(Person.id == (person_id or 0)).with_for_update(key_share=True))


async def _open_here(
    session: AsyncSession,
    purpose: Purpose,
    subjects: Sequence[str],
    browsers: Sequence[str],
    now: datetime,
) -> Challenge | None:
    rows = await session.exec(
        select(Challenge)
        .where(col(Challenge.subject).in_(subjects), col(Challenge.browser_hash).in_(browsers))
        .where(Challenge.purpose == purpose)
        .where(_is_open(now))
        .order_by(col(Challenge.created_at).desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.first()


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(Challenge.step) == Step.STARTED,
        col(Challenge.expires_at) > now,
        col(Challenge.attempts) < col(Challenge.tries),
    )


async def _overtake(
    session: AsyncSession, purpose: Purpose, person_id: int | None, *, except_id: str
) -> None:
    """What another browser had open for this person becomes a dummy, and goes on answering like one."""
    await session.exec(
        update(Challenge)
        .where(col(Challenge.purpose) == purpose, col(Challenge.person_id) == (person_id or 0))
        .where(col(Challenge.step) == Step.STARTED, col(Challenge.id) != except_id)
        .values(person_id=None, account_id=None, address=None)
        .execution_options(synchronize_session=False)
    )


async def ask_again(session: AsyncSession, mine: ColumnElement[bool], *, now: datetime) -> Challenge:
    """Note that another code was asked for. Raises TooSoon, or CodeRefused when the challenge is over."""
    asked = await session.exec(
        update(Challenge)
        .where(mine, _is_open(now), col(Challenge.asked_at) <= now - RESEND_AFTER)
        .values(asked_at=now)
        .returning(col(Challenge.id))
        .execution_options(synchronize_session=False)
    )
    is_asked = asked.first() is not None
    challenge = await read_challenge(session, mine)
    refused = refusal(challenge, now)
    if challenge is None or (refused and refused.code != "wait_until"):
        raise refused or CodeRefused("unknown")
    if not is_asked:
        raise TooSoon(_seconds_until_resend(challenge, now))
    return challenge


def ask_carefully(challenge: Challenge) -> None:
    """From the next code on eight digits, and few tries; somebody who has used them up has one for the new code."""
    challenge.digits, challenge.tries = LONG, max(CAREFUL_TRIES, challenge.attempts + 1)


async def count_try(
    session: AsyncSession, mine: ColumnElement[bool], *, now: datetime, least_digits: int = SHORT
) -> Challenge:
    """Use one of the tries, before anything is compared. Raises CodeRefused when there is none left."""
    counted = await session.exec(
        update(Challenge)
        .where(mine, _is_open(now), col(Challenge.asked_at) <= now + WAITS_FROM)
        .where(or_(col(Challenge.digits) >= least_digits, col(Challenge.standing).not_in(_GUARDED)))
        .values(attempts=col(Challenge.attempts) + 1)
        .returning(col(Challenge.attempts))
        .execution_options(synchronize_session=False)
    )
    is_counted = counted.first() is not None
    challenge = await read_challenge(session, mine)
    if challenge is None or not is_counted:
        raise refusal(challenge, now, least_digits) or CodeRefused("unknown")
    return challenge


def bound(challenge_id: str, purpose: Purpose, browser: str, keys: Keys) -> ColumnElement[bool]:
    return and_(
        col(Challenge.id) == challenge_id,
        col(Challenge.purpose) == purpose,
        col(Challenge.browser_hash).in_(browser_hashes(browser, keys) if browser else ("",)),
    )


async def read_challenge(session: AsyncSession, which: ColumnElement[bool]) -> Challenge | None:
    """The row as it is now, however far it has come."""
    rows = await session.exec(select(Challenge).where(which).execution_options(populate_existing=True))
    return rows.one_or_none()


def refusal(challenge: Challenge | None, now: datetime, least_digits: int = SHORT) -> CodeRefused | None:
    """Why a challenge takes no code any more, or not now; None while it does."""
    if challenge is None or challenge.step != Step.STARTED:
        return CodeRefused("unknown")
    if challenge.attempts >= challenge.tries:
        return CodeRefused("too_many")
    if challenge.expires_at <= now:
        return CodeRefused("expired")
    if challenge.asked_at > now + WAITS_FROM:
        return CodeRefused("wait_until")
    if challenge.digits < least_digits and concerns(challenge.standing):
        return CodeRefused("longer", challenge.tries - challenge.attempts)
    return None


def _seconds_until_resend(challenge: Challenge, now: datetime) -> int:
    return max(1, -(-(challenge.asked_at + RESEND_AFTER - now) // timedelta(seconds=1)))


async def prove(session: AsyncSession, challenge: Challenge, now: datetime) -> bool:
    proven = await session.exec(
        update(Challenge)
        .where(col(Challenge.id) == challenge.id, col(Challenge.step) == Step.STARTED)
        .values(step=Step.PROVEN, proven_at=now, expires_at=now + PROVEN_LIFE)
        .returning(col(Challenge.id))
        .execution_options(synchronize_session=False)
    )
    if proven.first() is None:
        return False
    await session.refresh(challenge)
    return True


async def find_challenge(
    session: AsyncSession, *, challenge_id: str, purpose: Purpose, browser: str, keys: Keys, now: datetime
) -> Challenge | None:
    """The challenge of this browser while it can still lead somewhere: asked and open, or proven and not yet used."""
    challenge = await read_challenge(session, bound(challenge_id, purpose, browser, keys))
    if challenge is None or challenge.step == Step.USED or challenge.expires_at <= now:
        return None
    return challenge


async def was_proven(session: AsyncSession, challenge_id: str, *, now: datetime) -> bool:
    """Whether a code was given there, by whichever browser: says where to look next, and opens nothing."""
    proven = select(Challenge.id).where(
        Challenge.id == challenge_id, Challenge.step == Step.PROVEN, col(Challenge.expires_at) > now
    )
    return (await session.exec(proven)).first() is not None


async def move_to_mark(
    session: AsyncSession, *, challenge_ids: Collection[str], old: str, new: str, keys: Keys
) -> None:
    """These challenges of a browser, and whose accounts know it, go on under a new mark; the old one is worth nothing.

    What somebody else began under the same mark stays behind.
    """
    before, after = hash_browser(old, keys), hash_browser(new, keys)
    for table, which in (
        (Challenge, col(Challenge.id).in_(challenge_ids) & (col(Challenge.browser_hash) == before)),
        (KnownBrowser, col(KnownBrowser.browser_hash) == before),
        (KnownStaffBrowser, col(KnownStaffBrowser.browser_hash) == before),
    ):
        moved = update(table).where(which).values(browser_hash=after)
        await session.exec(moved.execution_options(synchronize_session=False))


async def proven_challenge(
    session: AsyncSession, *, challenge_id: str, purpose: Purpose, browser: str, keys: Keys, now: datetime
) -> Challenge:
    """The challenge this browser has proven and not used. Raises CodeRefused (`unknown`)."""
    challenge = await find_challenge(
        session, challenge_id=challenge_id, purpose=purpose, browser=browser, keys=keys, now=now
    )
    if challenge is None or challenge.step != Step.PROVEN:
        raise CodeRefused("unknown")
    return challenge


async def use_proof(session: AsyncSession, challenge: Challenge, *, now: datetime) -> None:
    """Spend a proven challenge on the one thing it was for. Raises CodeRefused (`unknown`) for all but the first."""
    used = await session.exec(
        update(Challenge)
        .where(col(Challenge.id) == challenge.id, col(Challenge.step) == Step.PROVEN)
        .where(col(Challenge.expires_at) > now)
        .values(step=Step.USED, used_at=now)
        .returning(col(Challenge.id))
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        raise CodeRefused("unknown")
    await session.refresh(challenge)
