"""What readers and writers notice while strangers send passwords: with the gate before argon2, and without.

One process; the hashes have OWASP's parameters. Strangers send a form to sign in 200 times a second, each from another
address and for another identifier, so that no limit stops them early. Ten people read their household page, and one
changes something, one after the other.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from random import Random
from statistics import median, quantiles
from urllib.parse import urlencode

from litestar import Litestar

from app.main import create_app, create_portal
from app.settings import read_settings
from benchmarks.serving import Server, served
from identity.proofs.passwords import PasswordHasher

POSTS_A_SECOND = 200
SECONDS = 8
READERS = 10
BETWEEN_PAGES = 0.2
CHALLENGES = 60
TRIES_OF_A_CODE = 5
# Every answer to a stranger takes 0.4 s, so that it tells nothing: one after the other would measure that.
CODES_AT_ONCE = 60
# Each hash takes 19 MiB: without a bound at all the machine would run out of memory before the eight seconds are over.
AT_ONCE_WITHOUT_GATE = 200
LONGEST_WAIT = 60
TOKEN = re.compile(rb'name="_csrf" value="([0-9a-f]+)"')
COOKIE = re.compile(rb"set-cookie: ((?:browser|claim)=[^;]+)", re.IGNORECASE)
BEHIND_A_PROXY = {"TIWIZI_TRUSTED_PROXIES": "1"}


def without_gate() -> Litestar:
    """The portal as it would be if passwords were hashed as they come, up to 200 at once."""
    portal = create_portal(read_settings())
    free = PasswordHasher(portal.keys, at_once=AT_ONCE_WITHOUT_GATE, queue=10_000_000)
    return create_app(replace(portal, hasher=free))


def with_early_turns() -> Litestar:
    """The portal as it was when a request took SQLite's one writer's turn before it knew whether it would write."""
    portal = create_portal(read_settings())
    return create_app(replace(portal, changes=portal.writes))


@dataclass
class Flood:
    """Seconds that pages and changes took, how the passwords were answered, and what the process took."""

    pages: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    megabytes: float = 0
    recovery: float = 0

    @property
    def evaluated(self) -> float:
        return self.answers[422] / SECONDS

    def row(self) -> str:
        times = " | ".join(
            f"{1000 * each:.0f}" for of in (self.pages, self.changes) for each in middle_and_slow(of)
        )
        rest = f"{self.evaluated:.0f} | {self.answers[503] / SECONDS:.0f} | {self.megabytes:.0f} | {self.recovery:.1f}"
        return f"{times} | {rest}"


def middle_and_slow(seconds: Sequence[float]) -> tuple[float, float]:
    if len(seconds) < 2:
        return (LONGEST_WAIT, LONGEST_WAIT)
    return median(seconds), quantiles(seconds, n=20)[-1]


def measure(url: str, directory: Path, tokens: Sequence[str], application: str | None = None) -> Flood:
    options = {"application": f"benchmarks.flood:{application}"} if application else {}
    with served(url, directory, settings=BEHIND_A_PROXY, **options) as server:
        return asyncio.run(_flooded(server, tokens))


def measure_quiet(url: str, directory: Path, tokens: Sequence[str]) -> tuple[Flood, float]:
    """The same without strangers, and how many codes are checked a second, sixty at once."""
    with served(url, directory, settings=BEHIND_A_PROXY) as server:
        return asyncio.run(_flooded(server, tokens, posts=0)), asyncio.run(_codes_a_second(server))


async def _flooded(server: Server, tokens: Sequence[str], posts: int = POSTS_A_SECOND) -> Flood:
    flood, visitor = Flood(), await Visitor.arrive(server.port, "/fr/sign-in")
    writer = await Visitor.arrive(server.port, "/fr/account/languages", f"session={tokens[-1]}")
    end = time.monotonic() + SECONDS
    together = [
        *(_again(end, flood.pages, _page(server.port, token)) for token in tokens[:READERS]),
        _again(end, flood.changes, writer.change),
        _watch(end, server, flood),
    ]
    async with asyncio.TaskGroup() as group:
        for work in together:
            group.create_task(work)
        strangers = [group.create_task(_knock(visitor, flood, n / posts)) for n in range(posts * SECONDS)]
        await asyncio.sleep(SECONDS)
        begun = time.monotonic()
        for task in strangers:
            task.cancel()
        await _page(server.port, tokens[0])()
        flood.recovery = time.monotonic() - begun
    return flood


async def _again(end: float, taken: list[float], work: Callable[[], Awaitable[int]]) -> None:
    while time.monotonic() < end:
        begun = time.monotonic()
        if await work() < 400:
            taken.append(time.monotonic() - begun)
        await asyncio.sleep(BETWEEN_PAGES)


async def _watch(end: float, server: Server, flood: Flood) -> None:
    while time.monotonic() < end:
        flood.megabytes = max(flood.megabytes, *server.resident_megabytes())
        await asyncio.sleep(0.1)


async def _knock(visitor: Visitor, flood: Flood, after: float) -> None:
    await asyncio.sleep(after)
    answers = {
        "identifier": f"{secrets.randbelow(10**10):010}",
        "password": "a wrong one",
        "shared_device": "yes",
    }
    flood.answers[(await visitor.post("/fr/sign-in", answers)).status] += 1


def _page(port: int, token: str) -> Callable[[], Awaitable[int]]:
    async def ask() -> int:
        return (await _ask(port, f"GET /ar/household HTTP/1.1\r\nCookie: session={token}\r\n")).status

    return ask


async def _codes_a_second(server: Server) -> float:
    """Wrong codes, each counted and committed; five for each of the claims that were begun before."""
    visitors = []
    for number in range(CHALLENGES):
        visitor = await Visitor.arrive(server.port, "/fr/claim")
        birth = {
            "birth_date_day": "1",
            "birth_date_month": "2",
            "birth_date_year": "1980",
            "phone": "0612345678",
        }
        claim = {"document_kind": "national_card", "document_number": f"ZZ{number:06}", **birth}
        answer = await visitor.post("/fr/claim", claim)
        visitor.cookies = f"{visitor.cookies}; {answer.cookies}"
        visitors.append(visitor)
    waiting = iter(visitors * TRIES_OF_A_CODE)

    async def try_codes() -> None:
        for visitor in waiting:
            answer = await visitor.post("/fr/claim/code", {"code": "000000"})
            assert answer.status == 422, answer

    begun = time.monotonic()
    await asyncio.gather(*(try_codes() for _ in range(CODES_AT_ONCE)))
    return len(visitors) * TRIES_OF_A_CODE / (time.monotonic() - begun)


@dataclass(frozen=True)
class Answer:
    status: int
    cookies: str
    body: bytes


@dataclass
class Visitor:
    """Somebody who has opened a page with a form: the cookies, and the token of that page."""

    port: int
    cookies: str
    token: str
    languages = cycle(("ar", "fr"))
    addresses = Random(1)

    @classmethod
    async def arrive(cls, port: int, path: str, cookies: str = "") -> Visitor:
        page = await _ask(port, f"GET {path} HTTP/1.1\r\nCookie: {cookies}\r\n")
        found = TOKEN.findall(page.body)
        assert found, f"{path}: {page.status}"
        return cls(port, "; ".join(filter(None, (cookies, page.cookies))), found[-1].decode())

    async def post(self, path: str, answers: dict[str, str]) -> Answer:
        body = urlencode({"_csrf": self.token, "_key": secrets.token_hex(16), **answers})
        address = ".".join(str(self.addresses.randrange(1, 255)) for _ in range(4))
        head = (
            f"POST {path} HTTP/1.1\r\nCookie: {self.cookies}\r\nX-Forwarded-For: {address}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        )
        return await _ask(self.port, head, body)

    async def change(self) -> int:
        chosen = next(self.languages)
        return (await self.post("/fr/account/languages", {"language": chosen, "sms_language": chosen})).status


async def _ask(port: int, head: str, body: str = "") -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{head}Host: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n{body}".encode())
        answer = await reader.read(-1)
    finally:
        writer.close()
    head_of_answer, _, content = answer.partition(b"\r\n\r\n")
    cookies = "; ".join(each.decode() for each in COOKIE.findall(head_of_answer))
    return Answer(int(head_of_answer[9:12]), cookies, content)
