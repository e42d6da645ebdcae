"""How much memory two workers take, against the smallest application on the same server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from app.i18n.locales import LOCALES
from benchmarks.client import ask_all
from benchmarks.serving import served

PAGES = 2_000


@dataclass(frozen=True)
class Memory:
    """Resident megabytes of each of two workers, as text."""

    portal: str
    least: str


def measure(url: str, directory: Path, tokens: list[str]) -> Memory:
    pages = [
        (f"/{language}/household", token) for language, token in zip(cycle(LOCALES), tokens, strict=False)
    ]
    with served(url, directory, workers=2) as server:
        asyncio.run(ask_all(server.port, islice(cycle(pages), PAGES)))
        portal = _text(server.resident_megabytes())
    with served(url, directory, workers=2, application="benchmarks.least:application") as server:
        asyncio.run(ask_all(server.port, [("/fixed/10000", "")] * PAGES))
        return Memory(portal, _text(server.resident_megabytes()))


def _text(megabytes: list[float]) -> str:
    return " + ".join(f"{each:.0f}" for each in megabytes)
