"""Somebody who is not in the register yet and has an appointment on the day on which the demonstration is loaded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.people.tables import BirthPrecision, Gender
from notifications.references import new_reference
from registry.appointments.tables import Appointment, Paper, PreRegistration
from registry.centres.directory import Centre, centres_of
from registry.dates import local_date
from registry.delays import delays_on

HALF_AN_HOUR: Final = dt.timedelta(minutes=30)


@dataclass(frozen=True)
class Newcomer:
    """A foreign resident with her card, expected at the first centre of a province."""

    given: tuple[str, str]
    family: tuple[str, str]
    born: dt.date
    phone: str
    card: str
    province: str

    @property
    def centre(self) -> Centre:
        return centres_of(self.province)[0]


async def expect(session: AsyncSession, who: Newcomer, now: dt.datetime) -> None:
    """Written as rows: on a day of rest no page would book for today, and the demonstration is for today."""
    kept = PreRegistration(
        reference=new_reference("B"),
        paper=Paper.RESIDENCE_CARD,
        given_name_ar=who.given[0],
        family_name_ar=who.family[0],
        given_name_latin=who.given[1],
        family_name_latin=who.family[1],
        birth_date=who.born,
        birth_precision=BirthPrecision.DAY,
        gender=Gender.FEMALE,
        phone=who.phone,
        members=2,
        language="fr",
        sms_language="fr",
        created_at=now,
        expires_at=now + dt.timedelta(days=delays_on(local_date(now)).pre_registration_days),
    )
    session.add(kept)
    await session.flush()
    starts_at = _soon(now)
    session.add(
        Appointment(
            reference=new_reference("A"),
            pre_registration_id=kept.id,
            centre_code=who.centre.code,
            starts_at=starts_at,
            ends_at=starts_at + HALF_AN_HOUR,
            desk=1,
            booked_at=now,
        )
    )
    await session.flush()


def _soon(now: dt.datetime) -> dt.datetime:
    """The next half hour that is still today."""
    begun = now.replace(minute=30 if now.minute >= 30 else 0, second=0, microsecond=0)
    soon = begun + HALF_AN_HOUR
    return soon if local_date(soon) == local_date(now) else begun


async def pre_registration_of(session: AsyncSession, who: Newcomer) -> PreRegistration | None:
    """Her pre-registration, whatever has become of it."""
    found = await session.exec(select(PreRegistration).where(PreRegistration.phone == who.phone).limit(1))
    return found.first()
