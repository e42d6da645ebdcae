"""One-time codes: a challenge belongs to one purpose and one browser, has five tries, and is proven once.

Counting a try and proving the challenge are one conditional statement each, so that parallel guesses count as if they
came one after the other. A dummy challenge answers in every way like a real one; only nobody is sent anything.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.audit import ANONYMOUS, IdentityAction, record
from identity.keys import Keys, join_parts
from identity.numbers import CODE_DIGITS
from identity.tables import Challenge, OneTimeCode, Person, Purpose, Step
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.references import new_reference

CODE_LIFE: Final = timedelta(minutes=10)
CHALLENGE_LIFE: Final = timedelta(minutes=30)
PROVEN_LIFE: Final = timedelta(minutes=30)
RESEND_AFTER: Final = timedelta(seconds=60)
TRIES: Final = 5
# An SMS may arrive late and out of order: the two latest codes are both good.
LATEST_CODES: Final = 2

# T-05 of the threat model: five guesses each over many accounts lock none of them, but show in the sum.
FAILED_CODES_SUSPECT: Final = 200
FAILED_CODES_FOR_A_RATIO: Final = 50
PROVEN_SHARE_SUSPECT: Final = 0.30

TEMPLATES: Final = {
    Purpose.CLAIM: Template.CLAIM_CODE,
    Purpose.SIGN_IN: Template.SIGN_IN_CODE,
    Purpose.CONFIRM_EMAIL: Template.EMAIL_CODE,
    Purpose.VISIT: Template.VISIT_CODE,
    Purpose.JOIN_HOUSEHOLD: Template.INVITATION_CODE,
    Purpose.RECOVERY: Template.RECOVERY_CODE,
}


class CodeRefused(Exception):
    """`code`: `wrong`, `expired`, `too_many`, or `unknown` (no such challenge here, or it was used).

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


@dataclass(frozen=True)
class CheckedCode:
    challenge: Challenge


def hash_browser(browser: str, keys: Keys) -> str:
    """Raises ValueError without a mark: every browser without one would be the same browser."""
    if not browser:
        raise ValueError("a challenge is bound to a browser, and this one has no mark")
    return keys.lookup_hash("browser", browser)


async def start_challenge(
    session: AsyncSession,
    *,
    purpose: Purpose,
    subject: str,
    browser: str,
    recipient: Recipient | None,
    keys: Keys,
    now: datetime,
    account_id: int | None = None,
    staff_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> Challenge:
    """Ask the recipient for a code; without a recipient, a dummy made by the same work.

    `subject` is what was asked (the same words again mean the same challenge). Asking again from the same browser goes
    on with the challenge that is open there, and sends another code when 60 seconds have passed. Whether the limits let
    a code leave is not told.
    """
    person_id = recipient.person_id if recipient else None
    await _take_person(session, person_id)
    browser_hash, hashed = hash_browser(browser, keys), keys.lookup_hash(purpose, subject)
    challenge = await _open_here(session, purpose, hashed, browser_hash, now)
    await _overtake(session, purpose, person_id, except_id=challenge.id if challenge else "")
    is_due = challenge is None or challenge.asked_at <= now - RESEND_AFTER
    challenge = challenge or Challenge(
        id=secrets.token_hex(16),
        reference=new_reference("C"),
        purpose=purpose,
        subject=hashed,
        browser_hash=browser_hash,
        created_at=now,
        asked_at=now,
        expires_at=now + CHALLENGE_LIFE,
    )
    challenge.person_id, challenge.account_id, challenge.staff_id = person_id, account_id, staff_id
    challenge.address = _address(purpose, recipient)
    challenge.data = dict(data or {}) | _languages(recipient)
    if is_due:
        challenge.asked_at = now
    session.add(challenge)
    await session.flush()
    if is_due:
        await _send_code(session, challenge, keys=keys, now=now)
    return challenge


async def _take_person(session: AsyncSession, person_id: int | None) -> None:
    """Whoever starts a challenge about the same person waits here, so that only one of them is open."""
    await session.exec(select(Person.id).where(Person.id == (person_id or 0)).with_for_update(key_share=True))


async def _open_here(
    session: AsyncSession, purpose: Purpose, subject: str, browser_hash: str, now: datetime
) -> Challenge | None:
    rows = await session.exec(
        select(Challenge)
        .where(
            Challenge.subject == subject, Challenge.browser_hash == browser_hash, Challenge.purpose == purpose
        )
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
        col(Challenge.attempts) < TRIES,
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


def _address(purpose: Purpose, recipient: Recipient | None) -> str | None:
    if recipient is None:
        return None
    return recipient.email if purpose == Purpose.CONFIRM_EMAIL else recipient.phone


def _languages(recipient: Recipient | None) -> dict[str, str]:
    return {"language": recipient.language, "sms_language": recipient.sms_language} if recipient else {}


async def resend_code(
    session: AsyncSession, *, challenge_id: str, purpose: Purpose, browser: str, keys: Keys, now: datetime
) -> None:
    """Send another code; the one before stays good. Raises TooSoon, or CodeRefused when the challenge is over."""
    mine = _bound(challenge_id, purpose, browser, keys)
    asked = await session.exec(
        update(Challenge)
        .where(mine, _is_open(now), col(Challenge.asked_at) <= now - RESEND_AFTER)
        .values(asked_at=now)
        .returning(col(Challenge.id))
        .execution_options(synchronize_session=False)
    )
    is_asked = asked.first() is not None
    challenge = await _read(session, mine)
    if not is_asked:
        raise _refusal(challenge, now) or TooSoon(_seconds_until_resend(challenge, now))
    if challenge:
        await _send_code(session, challenge, keys=keys, now=now)


def _bound(challenge_id: str, purpose: Purpose, browser: str, keys: Keys) -> ColumnElement[bool]:
    return and_(
        col(Challenge.id) == challenge_id,
        col(Challenge.purpose) == purpose,
        col(Challenge.browser_hash) == (hash_browser(browser, keys) if browser else ""),
    )


async def _read(session: AsyncSession, which: ColumnElement[bool]) -> Challenge | None:
    rows = await session.exec(select(Challenge).where(which).execution_options(populate_existing=True))
    return rows.one_or_none()


def _refusal(challenge: Challenge | None, now: datetime) -> CodeRefused | None:
    """Why a challenge takes no code any more; None while it does."""
    if challenge is None or challenge.step != Step.STARTED:
        return CodeRefused("unknown")
    if challenge.attempts >= TRIES:
        return CodeRefused("too_many")
    return CodeRefused("expired") if challenge.expires_at <= now else None


def _seconds_until_resend(challenge: Challenge | None, now: datetime) -> int:
    opens = (challenge.asked_at if challenge else now) + RESEND_AFTER
    return max(1, -(-(opens - now) // timedelta(seconds=1)))


async def _send_code(session: AsyncSession, challenge: Challenge, *, keys: Keys, now: datetime) -> None:
    """Make a code and queue its message, if the limits allow. A dummy counts against itself and its code is unknowable."""
    nobody = f"nobody {challenge.subject}"
    to_address = challenge.address or nobody
    to_person = nobody if challenge.person_id is None else str(challenge.person_id)
    if not await limits.spend_all(session, limits.CODES_TO_ADDRESS, subject=to_address, keys=keys, now=now):
        return
    if not await limits.spend_all(session, limits.CODES_FOR_PERSON, subject=to_person, keys=keys, now=now):
        return
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    digest = secrets.token_hex(32) if challenge.address is None else _digest(challenge, code, keys)
    session.add(
        OneTimeCode(challenge_id=challenge.id, digest=digest, issued_at=now, expires_at=now + CODE_LIFE)
    )
    await session.flush()
    if challenge.address is not None:
        await notify(
            session,
            recipient=_recipient(challenge),
            template=TEMPLATES[challenge.purpose],
            values={},
            secret={"code": code},
            sealer=keys.sealer,
            expires_at=now + CODE_LIFE,
            in_inbox=False,
            now=now,
        )


def _recipient(challenge: Challenge) -> Recipient:
    by_email = challenge.purpose == Purpose.CONFIRM_EMAIL
    return Recipient(
        person_id=challenge.person_id,
        phone=None if by_email else challenge.address,
        email=challenge.address if by_email else None,
        language=challenge.data["language"],
        sms_language=challenge.data["sms_language"],
    )


def _digest(challenge: Challenge, code: str, keys: Keys) -> str:
    bound = join_parts(challenge.id, challenge.purpose, challenge.address or "", code)
    return hmac.new(keys.codes, bound, hashlib.sha256).hexdigest()


async def check_code(
    session: AsyncSession,
    *,
    challenge_id: str,
    purpose: Purpose,
    code: str,
    browser: str,
    keys: Keys,
    now: datetime,
) -> CheckedCode:
    """Count a try, and prove the challenge when the code is right. Raises CodeRefused."""
    mine = _bound(challenge_id, purpose, browser, keys)
    counted = await session.exec(
        update(Challenge)
        .where(mine, _is_open(now))
        .values(attempts=col(Challenge.attempts) + 1)
        .returning(col(Challenge.attempts))
        .execution_options(synchronize_session=False)
    )
    is_counted = counted.first() is not None
    challenge = await _read(session, mine)
    if challenge is None or not is_counted:
        raise _refusal(challenge, now) or CodeRefused("unknown")
    if await _is_right(session, challenge, code, keys=keys, now=now) and await _prove(
        session, challenge, now
    ):
        return CheckedCode(challenge)
    await _note_failure(session, challenge, keys=keys, now=now)
    raise _failure(challenge, now)


async def _is_right(
    session: AsyncSession, challenge: Challenge, code: str, *, keys: Keys, now: datetime
) -> bool:
    latest = await session.exec(
        select(OneTimeCode.digest, OneTimeCode.expires_at)
        .where(OneTimeCode.challenge_id == challenge.id)
        .order_by(col(OneTimeCode.id).desc())
        .limit(LATEST_CODES)
    )
    given = _digest(challenge, code, keys)
    right = [hmac.compare_digest(digest, given) for digest, expires_at in latest if expires_at > now]
    return challenge.address is not None and any(right)


async def _prove(session: AsyncSession, challenge: Challenge, now: datetime) -> bool:
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


async def _note_failure(session: AsyncSession, challenge: Challenge, *, keys: Keys, now: datetime) -> None:
    await limits.spend(session, limits.FAILED_CODES, subject="service", keys=keys, now=now)
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.CODE_REFUSED,
        person_id=challenge.person_id,
        reference=challenge.reference,
        details={"purpose": challenge.purpose.value, "tries": challenge.attempts},
        now=now,
    )


def _failure(challenge: Challenge, now: datetime) -> CodeRefused:
    """Told from when a code was last asked for, which a dummy has too, not from the codes."""
    if challenge.asked_at <= now - CODE_LIFE:
        return CodeRefused("expired", TRIES - challenge.attempts)
    if challenge.attempts >= TRIES:
        return CodeRefused("too_many")
    return CodeRefused("wrong", TRIES - challenge.attempts)


async def find_challenge(
    session: AsyncSession, *, challenge_id: str, purpose: Purpose, browser: str, keys: Keys, now: datetime
) -> Challenge | None:
    """The challenge of this browser while it can still lead somewhere: asked and open, or proven and not yet used."""
    challenge = await _read(session, _bound(challenge_id, purpose, browser, keys))
    if challenge is None or challenge.step == Step.USED or challenge.expires_at <= now:
        return None
    return challenge


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


async def spray_suspected(session: AsyncSession, *, keys: Keys, now: datetime) -> bool:
    """Whether the failed codes of the last ten minutes, over all accounts, look like somebody guessing."""
    failed = await limits.used(session, limits.FAILED_CODES, subject="service", keys=keys, now=now)
    if failed < FAILED_CODES_FOR_A_RATIO:
        return False
    since = now - limits.FAILED_CODES.window
    proven = (await session.exec(select(func.count()).where(col(Challenge.proven_at) > since))).one()
    return failed >= FAILED_CODES_SUSPECT or proven < PROVEN_SHARE_SUSPECT * (proven + failed)
