"""A channel that keeps failing is left alone for a while instead of being asked again for every message."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FAILURES_TO_OPEN: Final = 5
REST: Final = timedelta(seconds=60)


@dataclass
class Circuit:
    """Closed: messages flow. Open: none for `REST`. Then half-open: one message tries, and its fate decides.

    Whoever names a time itself is left alone until `not_before`.
    """

    failures: int = 0
    opened_at: datetime | None = None
    not_before: datetime | None = None

    def room(self, wanted: int, now: datetime) -> int:
        """How many messages may be tried now, at most `wanted`."""
        if self.not_before is not None and now < self.not_before:
            return 0
        if self.opened_at is None:
            return wanted
        return min(wanted, 1) if now - self.opened_at >= REST else 0

    def note_answer(self) -> None:
        """The provider answered about the message, whether it took it or refused it: it works."""
        self.failures = 0
        self.opened_at = None
        self.not_before = None

    def note_failure(self, now: datetime) -> bool:
        """The provider did not do its work. True when this opens the circuit, at first or again."""
        self.failures += 1
        if self.failures < FAILURES_TO_OPEN:
            return False
        is_open_already = self.opened_at is not None and now - self.opened_at < REST
        self.opened_at = now
        return not is_open_already
