"""One-time codes: good for ten minutes, one challenge, one purpose, one address and one browser.

They have six digits; strangers are asked for eight in careful moments, of which `identity/proofs/guards.py` decides.

A dummy challenge is asked, resent and checked like a real one; only nobody is sent anything.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.audit import ANONYMOUS, IdentityAction, record
from identity.keys import Keys, Secret, is_one_of, join_parts
from identity.proofs import guards
from identity.proofs.challenges import (
    CodeRefused,
    ask_again,
    ask_carefully,
    bound,
    count_try,
    open_challenge,
    prove,
)
from identity.proofs.guards import GATE_DIGITS, LONG, SHORT
from identity.proofs.tables import Challenge, OneTimeCode, Purpose, Standing
from identity.proofs.worn_phones import count_failure, forget_failures
from notifications.messages import CODE_MINUTES, Template
from notifications.outbox import NOBODY, Recipient, evenly, notify
from notifications.tables import Channel

CODE_LIFE: Final = timedelta(minutes=CODE_MINUTES)
# An SMS may arrive late and out of order: the two latest codes are both good.
LATEST_CODES: Final = 2

# What has been shown before a code is asked for; a purpose that is not here takes nothing for granted.
STANDINGS: Final = {
    Purpose.SIGN_IN: Standing.FIRST_PROOF,
    Purpose.RECOVERY: Standing.FIRST_PROOF,
    Purpose.CONFIRM_EMAIL: Standing.SIGNED_IN,
    Purpose.VISIT: Standing.SIGNED_IN,
    Purpose.JOIN_HOUSEHOLD: Standing.SIGNED_IN,
    Purpose.PROVE: Standing.SIGNED_IN,
    Purpose.CHANGE_PHONE: Standing.SIGNED_IN,
    Purpose.BIND_PHONE: Standing.SIGNED_IN,
    Purpose.DESK_RECOVERY: Standing.FIRST_PROOF,
    Purpose.NEWCOMER: Standing.SIGNED_IN,
}

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
    Purpose.BIND_PHONE: Template.DESK_PHONE_CODE,
    Purpose.DESK_RECOVERY: Template.RECOVERY_CODE,
    Purpose.NEWCOMER: Template.NEWCOMER_CODE,
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
    standing: Standing | None = None,
    is_careful: bool = False,
    channel: Channel = Channel.SMS,
) -> Challenge:
    """Ask the recipient for a code; without a recipient, a dummy made by the same work.

    `subject` is what was asked (the same words again mean the same challenge). Asking again from the same browser goes
    on with the challenge that is open there, and sends another code when 60 seconds have passed. Whether the limits let
    a code leave is not told. `standing` is that of the purpose unless a known browser asks; `is_careful` asks a
    stranger for a longer code whatever the guard says.
    """
    standing = standing or STANDINGS.get(purpose, Standing.ANYBODY)
    person_id = recipient.person_id if recipient else None
    challenge, is_due = await open_challenge(
        session,
        purpose=purpose,
        subject=subject,
        browser=browser,
        person_id=person_id,
        standing=standing,
        keys=keys,
        now=now,
    )
    challenge.person_id, challenge.account_id, challenge.staff_id = person_id, account_id, staff_id
    challenge.address = _address(channel, recipient)
    challenge.data = dict(data or {}) | {"channel": channel.value} | _languages(recipient)
    if is_careful and is_due and guards.concerns(challenge.standing):
        ask_carefully(challenge)
    session.add(challenge)
    await session.flush()
    if is_due:
        await _send_code(session, challenge, keys=keys, now=now)
    return challenge


def _address(channel: Channel, recipient: Recipient | None) -> str | None:
    if recipient is None:
        return None
    return recipient.email if channel is Channel.EMAIL else recipient.phone


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
    if guards.concerns(challenge.standing) and await guards.is_closed(session, now=now):
        ask_carefully(challenge)
        session.add(challenge)
        await session.flush()
    if not await _may_send(session, challenge, keys=keys, now=now):
        return
    code = f"{secrets.randbelow(10**challenge.digits):0{challenge.digits}}"
    is_sent = challenge.address is not None
    session.add(
        OneTimeCode(
            challenge_id=challenge.id,
            digest=_digest(challenge, code, keys.present) if is_sent else secrets.token_hex(32),
            gate=_gates(challenge, code, keys)[0] if challenge.digits == LONG else None,
            is_sent=is_sent,
            issued_at=now,
            expires_at=now + CODE_LIFE,
        )
    )
    await session.flush()
    async with evenly(session, told=is_sent):
        await notify(
            session,
            recipient=_recipient(challenge) if is_sent else NOBODY,
            template=TEMPLATES[challenge.purpose],
            values={},
            secret={"code": code},
            sealer=keys.sealer,
            expires_at=now + CODE_LIFE,
            in_inbox=False,
            now=now,
        )


async def _may_send(session: AsyncSession, challenge: Challenge, *, keys: Keys, now: datetime) -> bool:
    """What nobody in particular asks for is counted apart as well, and uses up little of what the owner may ask for."""
    address, person = _spenders(challenge)
    if challenge.standing is Standing.ANYBODY and not await limits.spend_all(
        session, limits.CODES_ANYBODY_ASKS, subject=address, keys=keys, now=now
    ):
        return False
    if not await limits.spend(
        session, limits.CODES_TO_PERSON_THERE, subject=f"{address}|{person}", keys=keys, now=now
    ):
        return False
    return await limits.spend_all(
        session, limits.CODES_TO_ADDRESS, subject=address, keys=keys, now=now
    ) and await limits.spend_all(session, limits.CODES_FOR_PERSON, subject=person, keys=keys, now=now)


def _spenders(challenge: Challenge) -> tuple[str, str]:
    """Whose allowance a code uses: a browser that the owner has signed in with before has one that nobody can empty."""
    nobody = f"nobody {challenge.subject}"
    address = challenge.address or nobody
    person = nobody if challenge.person_id is None else str(challenge.person_id)
    match challenge.standing:
        case Standing.KNOWN_BROWSER:
            return f"{address}|{challenge.browser_hash}", f"{person}|{challenge.browser_hash}"
        case Standing.ANYBODY:
            return address, f"anybody {person}"
    return address, person


def _recipient(challenge: Challenge) -> Recipient:
    by_email = challenge.data.get("channel") == Channel.EMAIL
    return Recipient(
        person_id=challenge.person_id,
        phone=None if by_email else challenge.address,
        email=challenge.address if by_email else None,
        language=challenge.data["language"],
        sms_language=challenge.data["sms_language"],
    )


def _digest(challenge: Challenge, code: str, secret: Secret) -> str:
    bound = join_parts(challenge.id, challenge.purpose, challenge.address or "", code)
    return hmac.new(secret.codes, bound, hashlib.sha256).hexdigest()


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
    short_refused = await guards.refuses_short_codes(session, keys=keys, now=now)
    challenge = await count_try(
        session,
        bound(challenge_id, purpose, browser, keys),
        now=now,
        least_digits=LONG if short_refused else SHORT,
    )
    candidates = await _past_the_gate(session, challenge, code, keys=keys, now=now)
    if candidates and _is_right(challenge, code, candidates, keys) and await prove(session, challenge, now):
        await _forget_failures(session, challenge, keys=keys)
        return CheckedCode(challenge)
    await _note_failure(session, challenge, keys=keys, now=now)
    raise _failure(challenge, now)


async def _past_the_gate(
    session: AsyncSession, challenge: Challenge, code: str, *, keys: Keys, now: datetime
) -> list[str]:
    """The digests that the code is worth comparing with: all of short codes, few of long ones."""
    latest = await session.exec(
        select(OneTimeCode.digest, OneTimeCode.gate, OneTimeCode.expires_at)
        .where(OneTimeCode.challenge_id == challenge.id)
        .order_by(col(OneTimeCode.id).desc())
        .limit(LATEST_CODES)
    )
    given = _gates(challenge, code, keys)
    return [
        digest
        for digest, gate, expires_at in latest
        if expires_at > now and len(code) == challenge.digits and (gate is None or is_one_of(gate, given))
    ]


def _gates(challenge: Challenge, code: str, keys: Keys) -> tuple[str, ...]:
    return keys.lookup_hashes("gate", challenge.id, code[:GATE_DIGITS])


def _is_right(challenge: Challenge, code: str, candidates: list[str], keys: Keys) -> bool:
    given = [_digest(challenge, code, secret) for secret in keys.known]
    right = [is_one_of(digest, given) for digest in candidates]
    return challenge.address is not None and any(right)


async def _note_failure(session: AsyncSession, challenge: Challenge, *, keys: Keys, now: datetime) -> None:
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.CODE_REFUSED,
        person_id=challenge.person_id,
        reference=challenge.reference,
        details={"purpose": challenge.purpose.value, "tries": challenge.attempts},
        now=now,
    )
    if challenge.attempts >= challenge.tries:
        await limits.take_turn(session, limits.USED_UP, subject=_place(challenge), keys=keys, now=now)
    await count_failure(session, challenge, now=now)
    if challenge.purpose is Purpose.CLAIM:
        await limits.spend(session, limits.WRONG_CLAIM_CODES, subject=challenge.subject, keys=keys, now=now)
    # Last, because all failures of the service wait for this one row.
    await guards.note_failed_code(session, keys=keys, now=now)


async def _forget_failures(session: AsyncSession, challenge: Challenge, *, keys: Keys) -> None:
    await limits.forget_tries(session, limits.USED_UP, subject=_place(challenge), keys=keys)
    if challenge.purpose is Purpose.CLAIM:
        await limits.forget_uses(session, limits.WRONG_CLAIM_CODES, subject=challenge.subject, keys=keys)
    await forget_failures(session, challenge)


def _place(challenge: Challenge) -> str:
    """Where tries are used up: in one browser, about one thing."""
    return f"{challenge.purpose}|{challenge.subject}|{challenge.browser_hash}"


def _failure(challenge: Challenge, now: datetime) -> CodeRefused:
    """Told from when a code was last asked for, which a dummy has too, not from the codes."""
    if challenge.asked_at <= now - CODE_LIFE:
        return CodeRefused("expired", challenge.tries - challenge.attempts)
    if challenge.attempts >= challenge.tries:
        return CodeRefused("too_many")
    return CodeRefused("wrong", challenge.tries - challenge.attempts)
