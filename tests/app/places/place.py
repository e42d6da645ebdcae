"""What a place is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.app.pages import Value

NOBODY: Final = ""
NEW_PASSWORD: Final = "sept figues sous la lune"


@dataclass(frozen=True)
class Step:
    """A form that is filled in on the way. Without a path it is on the page where one is already."""

    path: str | None
    answers: Mapping[str, Value] = field(default_factory=dict)
    action: str | None = None
    # Sent though the page does not offer it, as from a tab that is older than the last change.
    older: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """`to` is where the right answers lead (a pattern), or the status of the page that they are answered with."""

    who: str
    path: str | None
    answers: Mapping[str, Value]
    to: str | int
    action: str | None = None
    before: tuple[Step, ...] = ()
    # The form only asks for the next list of choices: nothing is checked, and nothing kept.
    only_shows: bool = False
    # Fields that are asked, or looked at, only once another one is right.
    follow: frozenset[str] = frozenset()
