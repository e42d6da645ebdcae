"""People who are not in the register yet, as they are once their telephone is proven."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from identity.people.tables import BirthPrecision, Gender
from notifications.references import new_reference
from registry.appointments.tables import Paper, PreRegistration


async def add_pre_registration(session: AsyncSession, now: datetime, **changed: object) -> PreRegistration:
    facts: dict[str, object] = {
        "reference": new_reference("B"),
        "paper": Paper.RESIDENCE_CARD,
        "given_name_latin": "Aminata",
        "family_name_latin": "Camara",
        "birth_date": date(1991, 11, 9),
        "birth_precision": BirthPrecision.DAY,
        "gender": Gender.FEMALE,
        "phone": "+212661234567",
        "members": 1,
        "language": "fr",
        "sms_language": "ar",
        "created_at": now,
        "expires_at": now + timedelta(days=60),
    }
    made = PreRegistration(**(facts | changed))
    session.add(made)
    await session.flush()
    return made
