"""Alarms in the log: a flood of what they warn of must not become a flood of lines."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Final

SECONDS_BETWEEN_LINES: Final = 60.0

log = logging.getLogger("tiwizi")


class Alarm:
    """One kind of alarm of this process: a line a minute for each subject, with how often it was raised meanwhile."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._raised: Counter[str] = Counter()
        self._told: dict[str, float] = {}

    def raise_for(self, subject: str) -> None:
        """`subject` is one of few, such as the address of a route without its parameters."""
        self._raised[subject] += 1
        now = time.monotonic()
        if subject in self._told and now - self._told[subject] < SECONDS_BETWEEN_LINES:
            return
        log.warning("%s on=%s times=%d", self._name, subject, self._raised.pop(subject))
        self._told[subject] = now
