"""A portal in a process of its own, and what that process has used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

START_SECONDS = 60
PORTAL = "benchmarks.portal:application"
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    def processes(self) -> list[int]:
        """The processes that answer: the workers where there are some, else the one."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children if _is_python(int(child))] or [self.pid]

    def cpu_seconds(self) -> float:
        return sum(_cpu_seconds(pid) for pid in self.processes())

    def resident_megabytes(self) -> list[float]:
        return [
            int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20 for pid in self.processes()
        ]


@contextmanager
def served(
    url: str,
    directory: Path,
    *,
    workers: int = 1,
    application: str = PORTAL,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    port = _free_port()
    environment = os.environ | {
        "TIWIZI_MODE": "demonstration",
        "TIWIZI_DATA_DIR": str(directory),
        "TIWIZI_DATABASE_URL": url,
        "TIWIZI_WORKER": "separate",
        **(settings or {}),
    }
    command = [sys.executable, "-m", "uvicorn", application, "--factory", "--port", str(port)]
    command += [
        "--workers",
        str(workers),
        "--loop",
        "uvloop",
        "--http",
        "h11",
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    process = subprocess.Popen(command, env=environment)
    try:
        _wait_until_ready(port)
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _is_python(pid: int) -> bool:
    return "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            urlopen(f"http://127.0.0.1:{port}/health", timeout=1).read()
            return
        except HTTPError:
            # An application without that page answers all the same.
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the portal did not start")
