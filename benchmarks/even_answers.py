"""Whether the time of an answer tells whom the portal knows: real claims and sign-ins, and a stopwatch.

One portal in a process pinned to one core, one client pinned to another, one warm connection. Known and unknown people
are asked about in blocks ABBA, each way round as chance has it, and each only once, so that no limit and no cache tells
them apart. What is measured is the area under the curve (Mann-Whitney's U over n²): 0.5 is chance. With 1,000 of each
its 95 % interval is ±0.026. It must lie within 0.45 to 0.55, and the 5th percentiles at most 2 ms apart: noise only
adds. A build that sleeps for 5 ms when it finds somebody must be caught in the same run; without that the run is void.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import secrets
import socket
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

from litestar import Litestar
from sqlalchemy import insert, select
from sqlmodel import col

from app.main import create_app, create_portal
from app.settings import Settings, read_settings
from benchmarks.serving import Server, served
from identity.entering import claims, sign_in
from identity.people.number_rules import check_digit
from identity.people.tables import DocumentKind, Gender, Person
from identity.tables import Account, Proofing

EACH = 1_000
WARMING = 40
CHANCE = (0.45, 0.55)
CAUGHT = 0.60
MOST_APART_MS = 2.0
HIDDEN_SLEEP = 0.005
FIRST_NUMBER = 600_000_000
TOKEN = re.compile(rb'name="_csrf" value="([0-9a-f]+)"')
COOKIE = re.compile(rb"set-cookie: (browser=[^;]+)", re.IGNORECASE)
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
BESIDE = {"TIWIZI_TRUSTED_PROXIES": "1"}
FLOORS_MS = (0, 400)


def telling() -> Litestar:
    """The positive control: the portal with a pause of 5 ms where somebody was found."""
    matched, by_identifier = claims._match, sign_in.account_by_identifier

    async def match(*arguments: object) -> object:
        found = await matched(*arguments)  # type: ignore[arg-type]
        _pause(found)
        return found

    async def find(*arguments: object) -> object:
        found = await by_identifier(*arguments)  # type: ignore[arg-type]
        _pause(found)
        return found

    claims._match = match  # type: ignore[assignment]
    sign_in.account_by_identifier = find  # type: ignore[assignment]
    return create_app(create_portal(read_settings()))


def _pause(found: object) -> None:
    if found is not None:
        time.sleep(HIDDEN_SLEEP)


@dataclass(frozen=True)
class Asked:
    """One form: whom it asks about, and whether the portal knows them."""

    path: str
    answers: dict[str, str]
    known: bool


@dataclass(frozen=True)
class Told:
    """What a stopwatch tells of known and unknown people, in seconds."""

    known: Sequence[float]
    unknown: Sequence[float]

    @property
    def area(self) -> float:
        """The chance that an answer about somebody known takes longer than one about nobody."""
        return area_under_curve(self.known, self.unknown)

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by Hanley and McNeil, which for chance is 1.96 × sqrt((2n + 1) / 12n²)."""
        area, many, few = self.area, len(self.known), len(self.unknown)
        one, two = area / (2 - area), 2 * area**2 / (1 + area)
        variance = area * (1 - area) + (many - 1) * (one - area**2) + (few - 1) * (two - area**2)
        half = 1.96 * (variance / (many * few)) ** 0.5
        return area - half, area + half

    @property
    def apart_ms(self) -> float:
        return 1000 * abs(_fifth_percentile(self.known) - _fifth_percentile(self.unknown))

    @property
    def is_even(self) -> bool:
        low, high = self.interval
        return CHANCE[0] < low and high < CHANCE[1] and self.apart_ms <= MOST_APART_MS

    @property
    def is_caught(self) -> bool:
        return self.area > CAUGHT


def area_under_curve(one: Sequence[float], other: Sequence[float]) -> float:
    """Mann-Whitney's U divided by the number of pairs; ties count half."""
    ordered = sorted(other)
    wins = sum(bisect_left(ordered, each) + bisect_right(ordered, each) for each in one)
    return wins / (2 * len(one) * len(other))


def _fifth_percentile(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[0]


def measure(
    url: str, directory: Path, settings: Settings, each: int = EACH
) -> Iterator[tuple[str, Told, bool]]:
    """Each door without the floor, with it, and where it is told; the last is whether it went as it must."""
    people = _People(settings)
    for name, asked in (("claim", people.claims), ("sign-in", people.sign_ins)):
        for floor in FLOORS_MS:
            # With the floor each answer takes 400 ms, so a few hundred have to do.
            many = each if floor == 0 else each // 5
            told = _ask_all(url, directory, asked, many, floor)
            yield (
                f"{name}, floor {floor} ms",
                told,
                told.is_even if floor == 0 else told.apart_ms <= MOST_APART_MS,
            )
        told = _ask_all(url, directory, asked, each, 0, application="benchmarks.even_answers:telling")
        yield f"{name}, sleeping 5 ms for known people", told, told.is_caught


def _ask_all(
    url: str,
    directory: Path,
    asked: Callable[[int], Sequence[Asked]],
    many: int,
    floor: int,
    application: str | None = None,
) -> Told:
    options = {"application": application} if application else {}
    extra = BESIDE | {"TIWIZI_SHORTEST_ANSWER_MS": str(floor)}
    with served(url, directory, settings=extra, **options) as server, _apart(server):
        connection = _Connection(server.port)
        for each in asked(WARMING):
            connection.seconds(each)
        taken: dict[bool, list[float]] = {True: [], False: []}
        for each in asked(many):
            taken[each.known].append(connection.seconds(each))
        return Told(taken[True], taken[False])


@contextmanager
def _apart(server: Server) -> Iterator[None]:
    """The server on one core and this client on another, where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        yield
        return
    for thread in Path(f"/proc/{server.pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {cores[0]})
    os.sched_setaffinity(0, {cores[1]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, set(cores))


class _Connection:
    """One connection kept open, with the form of each page loaded beforehand: only the answer to it is timed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def seconds(self, asked: Asked) -> float:
        page = self._send(f"GET {asked.path} HTTP/1.1\r\n", "")
        cookie, token = COOKIE.findall(page)[-1].decode(), TOKEN.findall(page)[-1].decode()
        body = urlencode({"_csrf": token, "_key": secrets.token_hex(16), **asked.answers})
        address = ".".join(str(secrets.randbelow(250) + 1) for _ in range(4))
        head = (
            f"POST {asked.path} HTTP/1.1\r\nCookie: {cookie}\r\nX-Forwarded-For: {address}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        )
        begun = time.perf_counter()
        answer = self._send(head, body)
        taken = time.perf_counter() - begun
        status = int(answer[9:12])
        if status not in (303, 422):
            raise RuntimeError(f"{asked.path} answered {status}: the measure is void")
        return taken

    def _send(self, head: str, body: str) -> bytes:
        self.socket.sendall(f"{head}Host: 127.0.0.1:{self.port}\r\n\r\n{body}".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        found = LENGTH.search(answer)
        length = int(found[1]) if found else 0
        whole = answer.index(b"\r\n\r\n") + 4 + length
        while len(answer) < whole:
            answer += self.socket.recv(65536)
        return answer


class _People:
    """Enough of them for every measure: half are in the register and have accounts, half are nobody."""

    def __init__(self, settings: Settings) -> None:
        self.numbers = iter(range(FIRST_NUMBER, FIRST_NUMBER + 100_000))
        self.settings = settings

    def claims(self, many: int) -> Sequence[Asked]:
        return _in_blocks(self._known(many), self._unknown(many), _claim)

    def sign_ins(self, many: int) -> Sequence[Asked]:
        return _in_blocks(self._known(many, accounts=True), self._unknown(many), _sign_in)

    def _unknown(self, many: int) -> list[int]:
        return [next(self.numbers) for _ in range(many)]

    def _known(self, many: int, *, accounts: bool = False) -> list[int]:
        numbers = self._unknown(many)
        _write(self.settings, numbers, accounts=accounts)
        return numbers


def _in_blocks(known: list[int], unknown: list[int], form: Callable[[int, bool], Asked]) -> list[Asked]:
    """ABBA or BAAB, as chance has it."""
    waiting = {True: iter(known), False: iter(unknown)}
    asked = []
    for _ in range(len(known) // 2):
        first = random.random() < 0.5
        asked += [form(next(waiting[which]), which) for which in (first, not first, not first, first)]
    return asked


def _claim(number: int, known: bool) -> Asked:
    born = {"birth_date_day": "1", "birth_date_month": "2", "birth_date_year": "1980"}
    facts = {"document_kind": "national_card", "document_number": f"ZZ{number}", "phone": _phone(number)}
    return Asked("/fr/claim", facts | born, known)


def _sign_in(number: int, known: bool) -> Asked:
    answers = {"identifier": _identifier(number), "password": "a wrong one", "shared_device": "yes"}
    return Asked("/fr/sign-in", answers, known)


def _identifier(number: int) -> str:
    return f"{number:09}{check_digit(f'{number:09}')}"


def _phone(number: int) -> str:
    """Far apart: neighbours are what a machine that counts would ask about."""
    return f"+2126{(number - FIRST_NUMBER) * 997 % 100_000_000:08}"


def _write(settings: Settings, numbers: Sequence[int], *, accounts: bool) -> None:
    asyncio.run(_write_people(settings, numbers, accounts))


async def _write_people(settings: Settings, numbers: Sequence[int], accounts: bool) -> None:
    portal = create_portal(settings)
    now, hashed = portal.clock(), await portal.hasher.hash("a right one")
    async with portal.writes() as session, session.begin():
        connection = await session.connection()
        await connection.execute(insert(Person), [_person(number) for number in numbers])
        if accounts:
            mine = col(Person.identifier).in_([_identifier(number) for number in numbers])
            owners = (await connection.execute(select(col(Person.id), col(Person.phone)).where(mine))).all()
            common = {
                "password_hash": hashed,
                "recovery_hash": hashed,
                "language": "fr",
                "sms_language": "fr",
            }
            proofed = {"proofing": Proofing.REGISTER_MATCH, "proofed_at": now, "created_at": now}
            rows = [{"person_id": person, "phone": phone, **common, **proofed} for person, phone in owners]
            await connection.execute(insert(Account), rows)
    await portal.engine.dispose()
    await portal.reading.dispose()


def _person(number: int) -> dict[str, object]:
    return {
        "identifier": _identifier(number),
        "document_kind": DocumentKind.NATIONAL_CARD,
        "document_number": f"ZZ{number}",
        "given_name_ar": "فاطمة",
        "family_name_ar": "بناني",
        "given_name_latin": "Fatima",
        "family_name_latin": "Bennani",
        "birth_date": date(1980, 2, 1),
        "gender": Gender.FEMALE,
        "phone": _phone(number),
    }
