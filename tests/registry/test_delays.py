from datetime import date

import pytest

from registry.datafiles import InvalidData
from registry.delays import delay_sources, delays_on, due_on


def test_delays_in_force() -> None:
    delays = delays_on(date(2026, 3, 2))
    assert (delays.invitation_days, delays.recomputation_answer_days) == (14, 15)
    assert (delays.recomputation_reminder_days, delays.source_answer_days) == (5, 30)
    assert (delays.change_report_days, delays.draft_days) == (15, 30)


def test_every_delay_says_how_far_it_can_be_relied_on() -> None:
    for delay in delay_sources(date(2026, 3, 2)).values():
        assert delay.source
        assert delay.status
    assert delay_sources(date(2026, 3, 2))["recomputation_answer_days"].status == "configuration, not law"


def test_no_delay_before_any_is_set() -> None:
    with pytest.raises(InvalidData):
        delays_on(date(2000, 1, 1))


@pytest.mark.parametrize(
    ("start", "days", "last_day"),
    [
        (date(2026, 3, 2), 15, date(2026, 3, 17)),
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
        (date(2028, 2, 28), 1, date(2028, 2, 29)),
    ],
)
def test_the_day_a_delay_starts_on_is_not_counted(start: date, days: int, last_day: date) -> None:
    assert due_on(start, days) == last_day
