"""The words for a date of birth in three fields, on whichever page asks for one."""

from __future__ import annotations

from app.forms.errors import add_sentences
from app.i18n.catalogues import mark as N_

NO_SUCH_DATE = N_("This date does not exist. Check the day, the month and the year.")
DAY_FROM_1_TO_31 = N_("The day is a number from 1 to 31. If it is not known, leave it empty.")
MONTH_FROM_1_TO_12 = N_("The month is a number from 1 to 12. If it is not known, leave it empty.")
YEAR_IN_FOUR_DIGITS = N_("The year has four digits, for example 1986.")

add_sentences(
    {
        **{("birth_date_day", code): DAY_FROM_1_TO_31 for code in ("not_a_number", "too_small", "too_large")},
        **{
            ("birth_date_month", code): MONTH_FROM_1_TO_12
            for code in ("not_a_number", "too_small", "too_large")
        },
        **{
            ("birth_date_year", code): YEAR_IN_FOUR_DIGITS
            for code in ("not_a_number", "too_small", "too_large")
        },
        ("birth_date_day", "no_such_date"): NO_SUCH_DATE,
        ("birth_date_month", "day_without_month"): N_("Enter the month too, or leave the day empty."),
        ("birth_date_year", "missing"): N_("Enter the year of birth."),
        ("birth_date_year", "in_the_future"): N_("The date of birth cannot be in the future."),
    }
)
