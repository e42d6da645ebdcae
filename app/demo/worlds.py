"""The demonstration world of each country: who lives there, who serves them, and what has happened already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from app.demo import algeria, officers, people, stories
from app.demo.algeria import Algerian
from app.demo.newcomers import Newcomer
from app.demo.officers import Officer
from app.demo.people import Character
from app.requests import Portal
from notifications.country import country


@dataclass(frozen=True)
class World:
    """`newcomer` has an appointment, and a `citizen` the numbers of the country.

    `populated` says whether synthetic households are added to the named people.
    """

    characters: tuple[Character, ...]
    officers: tuple[Officer, ...]
    newcomer: Newcomer
    citizen: type[Character]
    tell: Callable[[AsyncSession, Portal, dt.datetime], Awaitable[None]]
    populated: bool


WORLDS = {
    "ma": World(
        people.CHARACTERS, officers.OFFICERS, people.NEWCOMER, Character, stories.tell, populated=True
    ),
    "dz": World(
        algeria.CHARACTERS, algeria.OFFICERS, algeria.NEWCOMER, Algerian, algeria.tell, populated=False
    ),
}


def world() -> World:
    """Of the country in use."""
    return WORLDS[country().code]
