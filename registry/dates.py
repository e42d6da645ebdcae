"""The calendar of the country: what is declared at a quarter past midnight is of that day, whatever UTC says."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.country import country


def country_time() -> ZoneInfo:
    return country().time_zone


def local_date(now: datetime) -> date:
    return now.astimezone(country().time_zone).date()


def local_time(at: datetime) -> datetime:
    return at.astimezone(country().time_zone)


def day_begins(day: date) -> datetime:
    """The first moment of a day of the country."""
    return datetime.combine(day, time(), country().time_zone).astimezone(UTC)


def week_start(now: datetime) -> datetime:
    """The beginning of the running week: what happened before it has been published."""
    today = local_date(now)
    return day_begins(today - timedelta(days=today.weekday()))
