"""When a centre receives by appointment: slots from its opening hours, less holidays, by dated configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from registry.centres.directory import Centre, centres
from registry.datafiles import IN_USE, InvalidData, named, read_json
from registry.dates import country_time, local_date


class AppointmentRules(BaseModel):
    """`reminder_at` is the time of the day before at which somebody is reminded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effective_from: date
    slot_minutes: Annotated[int, Field(ge=5, le=240)]
    desks: Annotated[int, Field(ge=1, le=50)]
    desks_of_centres: Mapping[str, Annotated[int, Field(ge=0, le=50)]] = {}
    days_ahead: Annotated[int, Field(ge=1, le=180)]
    notice_hours: Annotated[int, Field(ge=0, le=240)]
    reminder_at: time
    status: str
    source: str

    def desks_of(self, centre_code: str) -> int:
        return self.desks_of_centres.get(centre_code, self.desks)


class _Holiday(BaseModel):
    """Every year on the same day, `MM-DD`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: Annotated[str, Field(pattern=r"^\d\d-\d\d$")]
    name: str
    effective_from: date


class _Closing(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    first_day: date
    last_day: date
    name: str


class _AppointmentFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[AppointmentRules, ...]
    holidays: tuple[_Holiday, ...]
    closed: tuple[_Closing, ...]
    to_confirm: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which as many people are received as there are desks."""

    starts_at: datetime
    ends_at: datetime
    desks: int


def rules_on(day: date, profile: str = IN_USE) -> AppointmentRules:
    """Raises InvalidData when nothing is configured for that day."""
    in_force = [rules for rules in _file(named(profile)).rules if rules.effective_from <= day]
    if not in_force:
        raise InvalidData(f"{profile}/appointments.json says nothing about {day.isoformat()}")
    return max(in_force, key=lambda rules: rules.effective_from)


def is_closed(day: date, profile: str = IN_USE) -> bool:
    """Whether the centres of the country are closed, whatever weekday it is."""
    written = _file(named(profile))
    return any(
        day.strftime("%m-%d") == each.day and each.effective_from <= day for each in written.holidays
    ) or any(each.first_day <= day <= each.last_day for each in written.closed)


def slots_on(centre: Centre, day: date, profile: str = IN_USE) -> tuple[Slot, ...]:
    """The slots of one day in their order; none when the centre is closed. A slot ends before the centre does."""
    rules = rules_on(day, profile)
    desks = rules.desks_of(centre.code)
    if not desks or is_closed(day, profile):
        return ()
    length = timedelta(minutes=rules.slot_minutes)
    found: list[Slot] = []
    for hours in centre.hours:
        if not hours.first_day <= day.isoweekday() <= hours.last_day:
            continue
        starts, closes = _instant(day, hours.opens), _instant(day, hours.closes)
        while starts + length <= closes:
            found.append(Slot(starts, starts + length, desks))
            starts += length
    return tuple(sorted(found, key=lambda slot: slot.starts_at))


def bookable_slots(centre: Centre, *, now: datetime, until: datetime | None = None) -> tuple[Slot, ...]:
    """Every slot that may be booked now, taken or not; none that begins after `until`."""
    today = local_date(now)
    rules = rules_on(today)
    earliest = now + timedelta(hours=rules.notice_hours)
    days = (today + timedelta(days=ahead) for ahead in range(rules.days_ahead + 1))
    return tuple(
        slot
        for day in days
        for slot in slots_on(centre, day)
        if slot.starts_at >= earliest and (until is None or slot.ends_at <= until)
    )


def reminder_due(starts_at: datetime) -> datetime:
    """When somebody is reminded of an appointment: the day before, at the time that is configured."""
    day = local_date(starts_at) - timedelta(days=1)
    return _instant(day, rules_on(day).reminder_at)


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, country_time()).astimezone(UTC)


@cache
def _file(profile: str) -> _AppointmentFile:
    written = read_json(profile, "appointments.json", _AppointmentFile)
    if unknown := {code for rules in written.rules for code in rules.desks_of_centres} - set(
        centres(profile)
    ):
        raise InvalidData(f"{profile}/appointments.json sets desks for {min(unknown)}, which is no centre")
    return written
