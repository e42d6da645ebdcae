"""The calendar of the country: what is declared at a quarter past midnight is of that day, whatever UTC says."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.country import country


def country_time() -> ZoneInfo:
    return country().time_zone


def local_date(now: datetime) -> date:
    return now.astimezone(country().time_zone).date()


def week_start(now: datetime) -> datetime:
    """The beginning of the running week: what happened before it has been published."""
    today = local_date(now)
    monday = today - timedelta(days=today.weekday())
    return datetime.combine(monday, time(), country().time_zone).astimezone(UTC)
