"""Alarms in the log."""

from __future__ import annotations

import logging

import pytest

from app import alarms
from app.alarms import Alarm


def test_a_flood_of_alarms_is_one_line_a_minute_that_counts(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(alarms.time, "monotonic", lambda: now)
    alarm = Alarm("answer_took_longer")
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            alarm.raise_for("/claim")
        alarm.raise_for("/sign-in")
        now += 61
        alarm.raise_for("/claim")
    assert [line.getMessage() for line in caplog.records] == [
        "answer_took_longer on=/claim times=1",
        "answer_took_longer on=/sign-in times=1",
        "answer_took_longer on=/claim times=500",
    ]
