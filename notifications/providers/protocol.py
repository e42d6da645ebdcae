"""What the worker asks of whoever carries a message, and the three answers it understands."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from notifications.tables import Channel


@dataclass(frozen=True)
class Outgoing:
    """A message ready to leave. `reference` is the same on every try, so that a provider can tell a repetition."""

    reference: str
    channel: Channel
    address: str
    language: str
    template: str
    subject: str
    body: str


@dataclass(frozen=True)
class Accepted:
    """The provider has taken charge of the message, under its own reference when it gives one."""

    provider_reference: str | None = None


class PassingFailure(Exception):
    """Not now: the same message may go through later, after `retry_after` when the provider names a time."""

    def __init__(self, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class LastingFailure(Exception):
    """Never: this message to this address is refused for good."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Provider(Protocol):
    async def send(self, outgoing: Outgoing) -> Accepted:
        """Hand the message over. Raises `PassingFailure` or `LastingFailure`; their codes carry no personal data."""
        ...
