"""A day with its weekday, and an hour of it, as each language says them."""

from __future__ import annotations

import datetime as dt

from babel.dates import get_day_names

from app.i18n.formats import format_date
from app.i18n.locales import LOCALES
from registry.dates import country_time


def weekday_date(day: dt.date, lang: str) -> str:
    """Monday 23 November 2026, without the comma that Arabic writes with its own sign."""
    locale = LOCALES[lang]
    name = get_day_names("wide", locale=locale.formats)[day.weekday()]
    return f"{name} {format_date(day, locale)}"


def clock_time(at: dt.datetime) -> str:
    """The hour on 24 hours, in the time of the country."""
    return f"{at.astimezone(country_time()):%H:%M}"


def weekday_time(at: dt.datetime, lang: str) -> str:
    """The day with its weekday, and the hour."""
    comma = "، " if LOCALES[lang].dir == "rtl" else ", "
    return f"{weekday_date(at.astimezone(country_time()).date(), lang)}{comma}{clock_time(at)}"
