"""Delays of procedures: dated configuration with its source, because few of them are written in a published text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from registry.datafiles import IN_USE, InvalidData, named, read_json


class Delay(BaseModel):
    """`status` says how far the number can be relied on, in the words of who configured it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    days: Annotated[int, Field(ge=0, le=3660)]
    effective_from: date
    status: str
    source: str


class _DelayFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    delays: tuple[Delay, ...]

    @model_validator(mode="after")
    def _one_a_day(self) -> Self:
        dated = [(delay.name, delay.effective_from) for delay in self.delays]
        if len(set(dated)) != len(dated):
            raise ValueError("a delay is set twice for the same day")
        return self


@dataclass(frozen=True, slots=True)
class Delays:
    """The delays in force on one day, in calendar days."""

    invitation_days: int
    recomputation_answer_days: int
    recomputation_reminder_days: int
    source_answer_days: int
    change_report_days: int
    draft_days: int
    pre_registration_days: int


def delays_on(day: date, profile: str = IN_USE) -> Delays:
    """Raises InvalidData when a delay is not set for that day."""
    days = {name: delay.days for name, delay in delay_sources(day, profile).items()}
    if missing := set(Delays.__slots__) - set(days):
        raise InvalidData(f"{named(profile)}/delays.json sets no {min(missing)} for {day.isoformat()}")
    return Delays(**days)


def delay_sources(day: date, profile: str = IN_USE) -> Mapping[str, Delay]:
    """The delays in force on a day by name, with their status and source."""
    in_force: dict[str, Delay] = {}
    for delay in _delays(named(profile)):
        if delay.effective_from <= day:
            in_force[delay.name] = delay
    return in_force


def due_on(start: date, days: int) -> date:
    """The last day of a delay: the day it starts on is not counted."""
    return start + timedelta(days=days)


@cache
def _delays(profile: str) -> tuple[Delay, ...]:
    loaded = read_json(profile, "delays.json", _DelayFile).delays
    if unknown := {delay.name for delay in loaded} - set(Delays.__slots__):
        raise InvalidData(f"{profile}/delays.json sets {min(unknown)}, which nothing uses")
    return tuple(sorted(loaded, key=lambda delay: delay.effective_from))
