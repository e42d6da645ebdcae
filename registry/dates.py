"""The calendar of the country: what is declared at a quarter past midnight is of that day, whatever UTC says."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

COUNTRY_TIME = ZoneInfo("Africa/Casablanca")


def local_date(now: datetime) -> date:
    return now.astimezone(COUNTRY_TIME).date()


def week_start(now: datetime) -> datetime:
    """The beginning of the running week: what happened before it has been published."""
    today = local_date(now)
    monday = today - timedelta(days=today.weekday())
    return datetime.combine(monday, time(), COUNTRY_TIME).astimezone(UTC)
