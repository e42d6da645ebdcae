"""Where `?next=` may lead: to a page of ours that is in the rights table, and nowhere else."""

from __future__ import annotations

import re
from functools import cache

from app.rights import RIGHTS, Audience

# A page that ends, opens or confirms a session is no page to come back to.
NEVER = re.compile(r"/(sign-in|sign-out|claim|recovery|account/prove|staff/sign-in)(/|$)")
PARAMETER = re.compile(r"\\{[a-z_]+(:[a-z]+)?\\}")
LONGEST = 200
FOR_CITIZENS = frozenset({Audience.CITIZEN, Audience.CITIZEN_ALONE, Audience.EVERYBODY})


def onward(path: str | None, *, fallback: str, to: frozenset[Audience]) -> str:
    """The path when it is a page for one of these audiences, else the fallback. Never an address of another site."""
    if path is None or len(path) > LONGEST or NEVER.match(path):
        return fallback
    known = any(pattern.fullmatch(path) for audience, pattern in _pages() if audience in to)
    return path if known else fallback


@cache
def _pages() -> tuple[tuple[Audience, re.Pattern[str]], ...]:
    """Every page that a GET shows, as a pattern; a parameter is letters, digits and hyphens."""
    return tuple(
        (methods["GET"], re.compile(PARAMETER.sub("[A-Za-z0-9-]+", re.escape(path))))
        for path, methods in RIGHTS.items()
        if "GET" in methods and not path.startswith("!")
    )
