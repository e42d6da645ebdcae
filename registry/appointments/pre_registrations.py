"""Registering before one is in the register: who one says one is, a telephone that is proven, and a reference.

Nothing here asks the register anything: nobody learns from it who is in there.
"""

import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, update
from sqlmodel import col, exists, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.audit import ANONYMOUS, officer, record
from identity.keys import Keys
from identity.people.numbers import InvalidNumber, plain
from identity.people.partial_date import PartialDate
from identity.people.population import LineName
from identity.people.tables import Gender
from identity.proofs import guards
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.tables import Challenge, Purpose, Step
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.references import ALPHABET, LENGTH, new_reference
from registry.acts import Act
from registry.appointments.tables import (
    Appointment,
    IdentityCheck,
    Paper,
    PreRegistration,
    PreRegistrationStatus,
)
from registry.dates import local_date
from registry.delays import delays_on
from registry.errors import Refused

PREFIX: Final = "B"
REFERENCE: Final = re.compile(f"{PREFIX}([{ALPHABET}]{{{LENGTH}}})")
FORGETTING_BATCH: Final = 200
# What a challenge remembers once the answers are where they belong.
OF_THE_CHALLENGE: Final = ("language", "sms_language")


class TooManyRequests(Refused):
    """Too many codes were asked for from this network address; another is possible within the hour."""

    code = "wait"


class TooManyOfTelephone(Refused):
    """This telephone has made as many pre-registrations as one family needs."""

    code = "too_many_of_telephone"


@dataclass(frozen=True)
class Applicant:
    """What somebody says of himself, at home or to an officer, who alone takes it without a telephone.

    A name in one script is enough until an officer sees the document.
    """

    paper: Paper
    name: LineName
    birth_date: PartialDate
    gender: Gender
    phone: str | None
    email: str | None
    members: int
    language: str
    sms_language: str

    def kept(self) -> dict[str, Any]:
        """As JSON, for the few minutes until the code is there."""
        return asdict(self)

    @classmethod
    def from_kept(cls, kept: dict[str, Any]) -> "Applicant":
        names, born = LineName(**kept["name"]), PartialDate(**kept["birth_date"])
        rest = {name: kept[name] for name in ("phone", "email", "members", "language", "sms_language")}
        return cls(Paper(kept["paper"]), names, born, Gender(kept["gender"]), **rest)


async def ask_code(
    session: AsyncSession, *, applicant: Applicant, browser: str, address: str, keys: Keys, now: datetime
) -> Challenge:
    """Send a code to the telephone, which the applicant has. `address` is the visitor's. Raises TooManyRequests.

    Where many people come from one address the code is longer, and each number gets one a day.
    """
    if not await limits.spend(session, limits.FLOOD_FROM, subject=address, keys=keys, now=now):
        raise TooManyRequests
    phone = applicant.phone or ""
    is_crowded = await guards.is_crowded(session, address, phone=phone, keys=keys, now=now)
    await guards.note_number(session, phone, keys=keys, now=now)
    is_written_to = await guards.may_write_to(session, phone, is_crowded=is_crowded, keys=keys, now=now)
    recipient = Recipient(None, phone, None, applicant.language, applicant.sms_language)
    return await start_challenge(
        session,
        purpose=Purpose.PRE_REGISTRATION,
        subject=phone,
        browser=browser,
        recipient=recipient if is_written_to else None,
        data=applicant.kept(),
        is_careful=is_crowded,
        keys=keys,
        now=now,
    )


async def confirm(
    session: AsyncSession, *, challenge_id: str, code: str, browser: str, keys: Keys, now: datetime
) -> PreRegistration:
    """Keep the pre-registration of the telephone that the code was sent to.

    Raises CodeRefused (keep the transaction: the try counts) and TooManyOfTelephone.
    """
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.PRE_REGISTRATION,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    applicant = Applicant.from_kept(checked.challenge.data)
    kept = await keep(session, applicant=applicant, prepared_by=None, keys=keys, now=now)
    _leave_in(checked.challenge, kept.reference)
    await session.flush()
    return kept


async def keep(
    session: AsyncSession, *, applicant: Applicant, prepared_by: int | None, keys: Keys, now: datetime
) -> PreRegistration:
    """Write it down and send the reference. `prepared_by` is the officer who typed it. Raises TooManyOfTelephone."""
    if applicant.phone and not await limits.spend(
        session, limits.PRE_REGISTRATIONS_OF, subject=applicant.phone, keys=keys, now=now
    ):
        raise TooManyOfTelephone
    kept = _row(applicant, prepared_by, now)
    session.add(kept)
    await session.flush()
    actor = officer(prepared_by) if prepared_by else ANONYMOUS
    await record(session, actor=actor, action=Act.PRE_REGISTERED, reference=kept.reference, now=now)
    await notify(
        session,
        recipient=recipient_of(kept),
        template=Template.PRE_REGISTERED,
        values={"reference": kept.reference, "until": local_date(kept.expires_at)},
        now=now,
    )
    return kept


def _row(applicant: Applicant, prepared_by: int | None, now: datetime) -> PreRegistration:
    return PreRegistration(
        reference=new_reference(PREFIX),
        paper=applicant.paper,
        **asdict(applicant.name),
        birth_date=applicant.birth_date.first_day,
        birth_precision=applicant.birth_date.precision,
        gender=applicant.gender,
        phone=applicant.phone,
        email=applicant.email,
        members=applicant.members,
        language=applicant.language,
        sms_language=applicant.sms_language,
        prepared_by=prepared_by,
        created_at=now,
        expires_at=now + timedelta(days=delays_on(local_date(now)).pre_registration_days),
    )


def _leave_in(challenge: Challenge, reference: str) -> None:
    """The challenge goes on as the key to the pre-registration; what was typed is no longer in it."""
    languages = {name: challenge.data[name] for name in OF_THE_CHALLENGE}
    challenge.data = {**languages, "pre_registration": reference}


def recipient_of(kept: PreRegistration) -> Recipient:
    return Recipient(None, kept.phone, kept.email, kept.language, kept.sms_language)


def parse_reference(typed: str) -> str:
    """`b 7k2m-9qxz4d` is `B-7K2M9QXZ4D`. Raises InvalidNumber (`empty`, `invalid`, `too_long`)."""
    found = REFERENCE.fullmatch(plain(typed))
    if found is None:
        raise InvalidNumber("invalid")
    return f"{PREFIX}-{found.group(1)}"


async def ask_code_to_return(
    session: AsyncSession,
    *,
    reference: str,
    phone: str,
    language: str,
    browser: str,
    address: str,
    keys: Keys,
    now: datetime,
) -> Challenge:
    """Always a challenge; a code leaves only when the reference and the telephone belong together.

    Raises TooManyRequests.
    """
    if not await limits.spend(session, limits.FLOOD_FROM, subject=address, keys=keys, now=now):
        raise TooManyRequests
    is_crowded = await guards.is_crowded(session, address, phone=phone, keys=keys, now=now)
    kept = await find_pre_registration(session, reference=reference, now=now)
    known = kept if kept and kept.phone == phone else None
    return await start_challenge(
        session,
        purpose=Purpose.APPOINTMENT,
        subject=f"{reference}|{phone}",
        browser=browser,
        recipient=Recipient(None, known.phone, None, language, known.sms_language) if known else None,
        data={"pre_registration": reference},
        is_careful=is_crowded,
        keys=keys,
        now=now,
    )


async def pre_registration_of(
    session: AsyncSession, challenge: Challenge | None, *, now: datetime
) -> PreRegistration | None:
    """The pre-registration that a proven challenge opens, while it is kept."""
    if challenge is None or challenge.step != Step.PROVEN:
        return None
    reference = challenge.data.get("pre_registration", "")
    return await find_pre_registration(session, reference=reference, now=now)


async def find_pre_registration(
    session: AsyncSession, *, reference: str, now: datetime, locked: bool = False
) -> PreRegistration | None:
    """While it is kept, and the person was not found in the register. `locked`: whoever else wants it waits."""
    wanted = (
        select(PreRegistration)
        .where(
            PreRegistration.reference == reference,
            col(PreRegistration.expires_at) > now,
            col(PreRegistration.status) != PreRegistrationStatus.CLOSED,
        )
        .execution_options(populate_existing=True)
    )
    return (await session.exec(wanted.with_for_update() if locked else wanted)).one_or_none()


async def forget_pre_registrations(
    session: AsyncSession, *, now: datetime, limit: int = FORGETTING_BATCH
) -> int:
    """Delete what led to no identifier in its time, appointments included; returns how many. For the worker.

    What was typed by somebody who never gave the code goes as soon as no code can be given any more.
    """
    await session.exec(
        update(Challenge)
        .where(
            col(Challenge.purpose).in_((Purpose.PRE_REGISTRATION, Purpose.NEWCOMER)),
            col(Challenge.step) == Step.STARTED,
            col(Challenge.expires_at) <= now,
        )
        .values(step=Step.USED, data={})
        .execution_options(synchronize_session=False)
    )
    checked = exists().where(col(IdentityCheck.pre_registration_id) == col(PreRegistration.id))
    over = await session.exec(
        select(PreRegistration.id)
        .where(col(PreRegistration.expires_at) <= now, ~checked)
        .order_by(col(PreRegistration.id))
        .limit(limit)
    )
    ids = list(over)
    if ids:
        await session.exec(delete(Appointment).where(col(Appointment.pre_registration_id).in_(ids)))
        await session.exec(delete(PreRegistration).where(col(PreRegistration.id).in_(ids)))
    return len(ids)
