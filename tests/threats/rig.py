"""Two processes of the portal on one PostgreSQL, and clients that all let go at once.

What is asserted is what the database holds afterwards, never a status alone; who sends what is in the tests.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import delete

from app.db import Sessions
from identity.keys import Keys
from identity.proofs.tables import Guard
from identity.tables import Usage, Wait
from tests.app.pages import FilledForm, read_html
from tests.browser.portal import wait_for
from tests.databases import scratch_directory, stop_with_parent
from tests.threats.naive import HEADER
from tests.threats.served import SECRET

PROCESSES = 2
KEYS = Keys.from_secret(SECRET)
AT_ONCE = 60
# Two processes import everything on whatever the machine has left.
START_SECONDS = 180


@dataclass(frozen=True)
class Rig:
    database: str
    directory: Path
    ports: tuple[int, ...]

    @property
    def compared(self) -> int:
        """How many codes were compared with the right one, by both processes, since they started."""
        file = self.directory / "compared"
        return file.stat().st_size if file.exists() else 0


@contextmanager
def running(database: str) -> Iterator[Rig]:
    with scratch_directory() as directory:
        ports = tuple(_free_port() for _ in range(PROCESSES))
        processes = [_start(port, database, directory) for port in ports]
        try:
            for port in ports:
                wait_for(lambda port=port: _answers(port), seconds=START_SECONDS, why="the rig did not start")  # type: ignore[misc]
            yield Rig(database, directory, ports)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=30)


def _start(port: int, database: str, directory: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", "--factory", "tests.threats.served:application"]
    options = ["--port", str(port), "--log-level", "warning", "--loop", "uvloop", "--http", "h11"]
    environment = os.environ | {"RIG_DATABASE": database, "RIG_DIRECTORY": str(directory)}
    with (directory / f"{port}.log").open("wb") as log:
        return subprocess.Popen(
            command + options,
            cwd=Path(__file__).parents[2],
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=stop_with_parent,
        )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx.HTTPError:
        return False


@dataclass
class Client:
    """A browser that can send one form many times at once, through both processes and from many addresses, or one."""

    rig: Rig
    naive: bool = False
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = ""

    async def open(self, path: str) -> dict[str, str]:
        """The values of the page's form, as they stand."""
        async with httpx.AsyncClient() as http:
            shown = await http.get(self._url(path, 0), headers=self._headers(0))
        self._keep(shown)
        assert shown.status_code == 200, (path, shown.status_code, shown.text[:300])
        found = FilledForm(read_html(shown.text).first("main").first("form"))
        return {name: str(value) for name, value in found.values.items()}

    async def post(self, path: str, values: dict[str, str]) -> httpx.Response:
        [answer] = await self.post_at_once(path, [values])
        self._keep(answer)
        return answer

    async def post_at_once(
        self,
        path: str,
        bodies: Sequence[dict[str, str]],
        *,
        held: Sequence[dict[str, str]] = (),
        after: int = 1,
    ) -> list[httpx.Response]:
        """All of them released together; each second one goes to the other process.

        Those that are `held` go into the rush when `after` answers have come back.
        """
        limits = httpx.Limits(max_connections=AT_ONCE)
        async with httpx.AsyncClient(limits=limits, timeout=120) as http:
            barrier, second, come = asyncio.Event(), asyncio.Event(), 0

            async def send(number: int, body: dict[str, str]) -> httpx.Response:
                nonlocal come
                await (barrier if number < len(bodies) else second).wait()
                answer = await http.post(self._url(path, number), data=body, headers=self._headers(number))
                come += 1
                if come >= after:
                    second.set()
                return answer

            sending = [
                asyncio.create_task(send(number, body)) for number, body in enumerate([*bodies, *held])
            ]
            await asyncio.sleep(0)
            barrier.set()
            return await asyncio.gather(*sending)

    def _url(self, path: str, number: int) -> str:
        return f"http://127.0.0.1:{self.rig.ports[number % len(self.rig.ports)]}/fr{path}"

    def _headers(self, number: int) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        forged = f"10.{secrets.randbelow(250)}.{number // 250}.{number % 250}"
        named = {"cookie": cookies, "x-forwarded-for": self.address or forged}
        return named | ({HEADER: "1"} if self.naive else {})

    def _keep(self, answer: httpx.Response) -> None:
        self.cookies |= dict(answer.cookies)


def now() -> datetime:
    return datetime.now(UTC)


async def emptied(sessions: Sessions) -> None:
    """Between two tests on one rig: the counters of the service, which would otherwise carry over."""
    async with sessions() as session, session.begin():
        for table in (Usage, Wait, Guard):
            await session.exec(delete(table))
