"""Invented people have no place in production."""

from __future__ import annotations

from sqlmodel import col, select

from app.requests import Portal
from app.settings import SettingRefused
from identity.people.tables import Person


async def refuse_invented_people(portal: Portal) -> None:
    """Raises `SettingRefused` when a portal that is no demonstration would serve the demonstration's register.

    No real identifier begins with 0.
    """
    if portal.settings.demonstration:
        return
    async with portal.reads() as session:
        invented = await session.exec(
            select(Person.id).where(col(Person.identifier).startswith("0")).limit(1)
        )
        if invented.first() is not None:
            raise SettingRefused(
                "The database holds the invented people of the demonstration: start it with"
                " TIWIZI_MODE=demonstration, or give another database."
            )
