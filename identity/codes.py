"""One-time codes: six digits, ten minutes, good for one challenge, one purpose, one address and one browser.

A dummy challenge is asked, resent and checked like a real one; only nobody is sent anything.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.audit import ANONYMOUS, IdentityAction, record
from identity.challenges import (
    TRIES,
    CodeRefused,
    ask_again,
    bound,
    count_try,
    open_challenge,
    prove,
)
from identity.keys import Keys, join_parts
from identity.numbers import CODE_DIGITS
from identity.tables import Challenge, OneTimeCode, Purpose
from notifications.messages import Template
from notifications.outbox import Recipient, notify

CODE_LIFE: Final = timedelta(minutes=10)
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
    Purpose.PROVE: Template.PROOF_CODE,
    Purpose.CHANGE_PHONE: Template.PHONE_CODE,
    Purpose.CANCEL_PHONE: Template.PHONE_CANCEL_CODE,
    Purpose.REMOVE_PHONE: Template.PHONE_REMOVAL_CODE,
    Purpose.PRE_REGISTRATION: Template.PRE_REGISTRATION_CODE,
    Purpose.APPOINTMENT: Template.APPOINTMENT_CODE,
}


@dataclass(frozen=True)
class CheckedCode:
    challenge: Challenge


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
    challenge, is_due = await open_challenge(
        session, purpose=purpose, subject=subject, browser=browser, person_id=person_id, keys=keys, now=now
    )
    challenge.person_id, challenge.account_id, challenge.staff_id = person_id, account_id, staff_id
    challenge.address = _address(purpose, recipient)
    challenge.data = dict(data or {}) | _languages(recipient)
    session.add(challenge)
    await session.flush()
    if is_due:
        await _send_code(session, challenge, keys=keys, now=now)
    return challenge


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
    challenge = await ask_again(session, bound(challenge_id, purpose, browser, keys), now=now)
    await _send_code(session, challenge, keys=keys, now=now)


async def _send_code(session: AsyncSession, challenge: Challenge, *, keys: Keys, now: datetime) -> None:
    """Make a code and queue its message, if the limits allow. A dummy has a code nobody can know."""
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
    challenge = await count_try(session, bound(challenge_id, purpose, browser, keys), now=now)
    if await _is_right(session, challenge, code, keys=keys, now=now) and await prove(session, challenge, now):
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


async def spray_suspected(session: AsyncSession, *, keys: Keys, now: datetime) -> bool:
    """Whether the failed codes of the last ten minutes, over all accounts, look like somebody guessing."""
    failed = await limits.used(session, limits.FAILED_CODES, subject="service", keys=keys, now=now)
    if failed < FAILED_CODES_FOR_A_RATIO:
        return False
    since = now - limits.FAILED_CODES.window
    proven = (await session.exec(select(func.count()).where(col(Challenge.proven_at) > since))).one()
    return failed >= FAILED_CODES_SUSPECT or proven < PROVEN_SHARE_SUSPECT * (proven + failed)
