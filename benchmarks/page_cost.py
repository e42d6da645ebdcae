"""What the household page costs the server, against a fixed answer of the same size from the same process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from app.i18n.locales import LOCALES
from benchmarks.client import ask_all
from benchmarks.serving import Server, served

ROUNDS = 5
REQUESTS = 600


@dataclass(frozen=True)
class PageCost:
    """CPU milliseconds a request in the serving process: the page, the fixed answer, and how many times more."""

    language: str
    size: int
    page: float
    fixed: float
    ratio: float


def measure(url: str, directory: Path, tokens: list[str]) -> list[PageCost]:
    """One process; the page and the fixed answer take turns, so that a slow moment of the machine strikes both."""
    with served(url, directory) as server:
        return [_language(server, language, tokens) for language in LOCALES]


def _language(server: Server, language: str, tokens: list[str]) -> PageCost:
    path, visitors = f"/{language}/household", cycle(tokens)
    size = asyncio.run(ask_all(server.port, [(path, next(visitors)) for _ in range(200)]))
    fixed_path = f"/fixed/{size}"
    asyncio.run(ask_all(server.port, [(fixed_path, "")] * 200))
    pages, fixed = [], []
    for _ in range(ROUNDS):
        pages.append(_cost(server, [(path, token) for token in islice(visitors, REQUESTS)]))
        fixed.append(_cost(server, [(fixed_path, "")] * (REQUESTS * 4)))
    ratios = [one / other for one, other in zip(pages, fixed, strict=True)]
    return PageCost(language, size, median(pages), median(fixed), median(ratios))


def _cost(server: Server, requests: list[tuple[str, str]]) -> float:
    before = server.cpu_seconds()
    asyncio.run(ask_all(server.port, requests))
    return (server.cpu_seconds() - before) / len(requests) * 1000
