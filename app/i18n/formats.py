"""Numbers, dates and amounts as each language writes them: one function a type."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from babel.dates import format_date as babel_date
from markupsafe import Markup

from app.i18n.locales import Locale
from notifications.country import country
from registry.profiles import profile
from registry.rules.scoring import exact_text

NO_BREAK_SPACE = "\u00a0"
NARROW_NO_BREAK_SPACE = "\u202f"
MINUS = "\u2212"


def local_day(value: dt.date | dt.datetime) -> dt.date:
    """The calendar day in the country of a moment in UTC."""
    return value.astimezone(country().time_zone).date() if isinstance(value, dt.datetime) else value


def format_date(value: dt.date | dt.datetime | None, locale: Locale) -> str:
    """21 نونبر 2026, 21 novembre 2026, 1er mars 2026, 21 ⵏⵓⵡⴰⵏⴱⵉⵔ 2026."""
    if value is None:
        return ""
    day = local_day(value)
    month = babel_date(day, "MMMM", locale=locale.formats)
    number = "1er" if locale.code == "fr" and day.day == 1 else str(day.day)
    return f"{number} {month} {day.year}"


def format_datetime(value: dt.datetime | None, locale: Locale) -> str:
    """The date in words and the hour on 24 hours, in the time of the country."""
    if value is None:
        return ""
    local = value.astimezone(country().time_zone)
    return (
        f"{format_date(local.date(), locale)}، {local:%H:%M}"
        if locale.dir == "rtl"
        else (f"{format_date(local.date(), locale)}, {local:%H:%M}")
    )


def format_exact(value: Decimal | str | int | None, *, signed: bool = False) -> str:
    """An index, a threshold or points: every decimal, never rounded, with a full stop as the model prints them.

    What is signed is a difference or a sum of points, and has no zeros at its end.
    """
    if value is None:
        return ""
    number = Decimal(value)
    text = exact_text(abs(number)) if signed else format(abs(number), "f")
    if number < 0:
        return MINUS + text
    return f"+{text}" if signed and number > 0 else text


def format_mad(value: Decimal | int | str | None, locale: Locale) -> Markup:
    """An amount in the currency of the country, isolated so that it reads left to right inside Arabic."""
    if value is None:
        return Markup("")
    number = Decimal(value)
    whole = number == number.to_integral_value()
    digits = format(number, ",.0f" if whole else ",.2f")
    space = NARROW_NO_BREAK_SPACE if locale.code == "fr" else NO_BREAK_SPACE
    text = digits.replace(",", "\0").replace(".", ",").replace("\0", space).replace("-", MINUS)
    return Markup("<bdi>{}</bdi>{}{}").format(text, NO_BREAK_SPACE, profile().currency[locale.code])
