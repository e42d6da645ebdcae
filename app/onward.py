"""Where one may be led: to a page of ours that is in the rights table, and nowhere else."""

from __future__ import annotations

import re
from functools import cache

from app.rights import RIGHTS, Audience

# A page that ends, opens or confirms a session is no page to come back to.
NEVER = re.compile(
    r"/(sign-in|sign-out|claim|recovery|account/prove|staff/sign-in|staff/prove|staff/enrol)(/|$)"
)
PARAMETER = re.compile(r"\\{[a-z_]+(:[a-z]+)?\\}")
LONGEST = 200
FOR_CITIZENS = frozenset({Audience.CITIZEN, Audience.CITIZEN_ALONE, Audience.EVERYBODY})


def onward(path: str | None, *, fallback: str, to: frozenset[Audience]) -> str:
    """The path when it is a page for one of these audiences, else the fallback. Never an address of another site."""
    if path is None or len(path) > LONGEST or NEVER.match(path):
        return fallback
    known = any(pattern.fullmatch(path) for audience, pattern in _pages() if audience in to)
    return path if known else fallback


def shown_at(path: str) -> str:
    """The page that a path belongs to: one that only takes a form is not shown, and belongs to the page above it."""
    if any(pattern.fullmatch(path) for pattern in _only_taken()):
        path = _above(path)
        while not any(pattern.fullmatch(path) for _, pattern in _pages()):
            path = _above(path)
    return path


def _above(path: str) -> str:
    return path.rpartition("/")[0] or "/"


@cache
def _only_taken() -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(path) for path, methods in RIGHTS.items() if "GET" not in methods)


@cache
def _pages() -> tuple[tuple[Audience, re.Pattern[str]], ...]:
    """Every page that a GET shows, as a pattern; a parameter is letters, digits and hyphens."""
    return tuple(
        (methods["GET"], _pattern(path))
        for path, methods in RIGHTS.items()
        if "GET" in methods and not path.startswith("!")
    )


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(PARAMETER.sub("[A-Za-z0-9-]+", re.escape(path)))
