"""The whole country recomputed, beside what moving its rows costs: `make bench-recompute ARGS="--households 2800000"`.

In one run on PostgreSQL with its promises to the disk kept: a binary COPY of the same inputs to nothing, inside the
server; the chunked, logged and resumable run with its comparison, as the command does it; its results written back by
COPY. Then the publication of what changed, a tenth of the size, the same work row by row, and SQLite.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from sqlalchemy import make_url
from sqlmodel import col, select

from app.main import create_portal
from benchmarks.national_on_sqlite import measure_sqlite
from benchmarks.national_register import fill
from benchmarks.worlds import settings_for
from registry.national.sql import index_decimals
from registry.national.tables import RecomputationStage, StageState
from registry.rules.scoring import IndexModel, models
from registry.rules.variables import index_of
from registry.tables import Household, IndexEvent
from registry.versions import read_version
from tests.databases import PostgresServer, postgres_server

SAMPLE = 500
INPUTS = (
    "declaration",
    "declared_member",
    "(SELECT id, current_index_id, status FROM household)",
    "(SELECT id, household_id, declaration_id, model, index, computed_at FROM index_event)",
)
NOWHERE = "TO PROGRAM 'cat >/dev/null' (FORMAT binary)"


@dataclass(frozen=True)
class Cost:
    """Seconds, but for the memory of the command's process at its peak, in megabytes."""

    households: int
    people: int
    read: float
    run: float
    written_back: float
    published: int
    publication: float
    memory: float
    by_orm: float

    @property
    def ratio(self) -> float:
        return self.run / (self.read + self.written_back)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=280_000)
    parser.add_argument("--connections", type=int, default=2)
    arguments = parser.parse_args()
    print(
        "| households | people | COPY of the inputs, s | COPY of the results back, s | run, s | ratio | peak MB "
        "| published | in s | row by row (ORM), s |\n|---|---|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tiwizi-bench-")))
        server = stack.enter_context(postgres_server(durable=True))
        for households in (arguments.households // 10, arguments.households):
            with server.fresh() as url:
                cost = asyncio.run(measure(server, url, directory, households, arguments.connections))
                print(_row(cost), flush=True)
                if households < arguments.households:
                    on_sqlite = asyncio.run(measure_sqlite(dsn_of(url), directory, models()[-1]))
        print(
            "\n| SQLite, households | reading every row, s | writing the results, s | run, s | ratio "
            f"| a writer waits at most, s |\n|---|---|---|---|---|---|\n{on_sqlite}"
        )


def _row(cost: Cost) -> str:
    return (
        f"| {cost.households:,} | {cost.people:,} | {cost.read:.1f} | {cost.written_back:.1f} | {cost.run:.1f} "
        f"| {cost.ratio:.2f} | {cost.memory:.0f} | {cost.published:,} | {cost.publication:.1f} | {cost.by_orm:,.0f} |"
    )


def dsn_of(url: str) -> dict[str, str]:
    parsed = make_url(url)
    return {"host": str(parsed.query["host"]), "user": "tiwizi", "database": str(parsed.database)}


async def measure(
    server: PostgresServer, url: str, directory: Path, households: int, connections: int
) -> Cost:
    model = models()[-1]
    connection = await asyncpg.connect(**dsn_of(url))
    try:
        await fill(connection, households=households, model=model)
        read = await _seconds(lambda: _read_inputs(connection))
        command = ["recompute", "--model", model.name, "--connections", str(connections)]
        memory = command_in_a_process(url, directory, *command, "--stage-only")
        run = await connection.fetchval(
            "SELECT extract(epoch FROM staged_at - started_at)::float8 FROM recomputation_run WHERE unfinished"
        )
        written_back = await _written_back(connection, server.socket_directory)
        by_orm = await _row_by_row(url, directory, model) / SAMPLE * households
        start = time.perf_counter()
        memory = max(memory, command_in_a_process(url, directory, *command))
        publication = time.perf_counter() - start
        return Cost(
            households=households,
            people=await connection.fetchval("SELECT count(*) FROM declared_member"),
            read=read,
            run=run,
            written_back=written_back,
            published=await connection.fetchval(
                f"SELECT count(*) FROM recomputation_stage WHERE state = '{StageState.PUBLISHED.value}'"
            ),
            publication=publication,
            memory=memory,
            by_orm=by_orm,
        )
    finally:
        await connection.close()


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


async def _read_inputs(connection: asyncpg.Connection) -> None:
    for what in INPUTS:
        await connection.execute(f"COPY {what} {NOWHERE}")


def command_in_a_process(url: str, directory: Path, *words: str) -> float:
    """Run a command of `tiwizi` as an operator does. Returns the megabytes that its process took at most."""
    settings = settings_for(url, directory)
    environment = os.environ | {
        "TIWIZI_MODE": "demonstration",
        "TIWIZI_DATA_DIR": str(directory),
        "TIWIZI_DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-c", "from app.cli import main; main()", *words]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _peak_megabytes(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"tiwizi {' '.join(words)} failed")
    return peak


def _peak_megabytes(pid: int) -> float:
    """Of this very program: what the system counts for a child begins with the memory of its parent."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


async def _written_back(connection: asyncpg.Connection, directory: Path) -> float:
    """The results of the run into a table of the same shape, logged and with its key."""
    file = directory / "results.bin"
    await connection.execute(f"COPY recomputation_stage TO '{file}' (FORMAT binary)")
    await connection.execute("CREATE TABLE results (LIKE recomputation_stage)")
    await connection.execute("ALTER TABLE results ADD PRIMARY KEY (run_id, household_id)")
    await connection.execute("CHECKPOINT")

    async def write() -> None:
        await connection.execute(f"COPY results FROM '{file}' (FORMAT binary)")

    seconds = await _seconds(write)
    await connection.execute("DROP TABLE results")
    file.unlink()
    return seconds


async def _row_by_row(url: str, directory: Path, model: IndexModel) -> float:
    """The seconds of a sample: each household read, computed and written as objects, a transaction a hundred."""
    portal = create_portal(settings_for(url, directory))
    decimals = index_decimals(model)
    start = time.perf_counter()
    try:
        for first in range(1, SAMPLE + 1, 100):
            async with portal.writes() as session:
                found = await session.exec(
                    select(Household.id).where(col(Household.id).between(first, first + 99))
                )
                for household_id in found:
                    household = await session.get_one(Household, household_id)
                    event = await session.get_one(IndexEvent, household.current_index_id)
                    version = await read_version(session, declaration_id=event.declaration_id)
                    index = index_of(version.facts(), model).index
                    session.add(
                        RecomputationStage(
                            run_id=0,
                            household_id=household_id,
                            declaration_id=event.declaration_id,
                            previous_event_id=event.id,
                            index=int(index.scaleb(decimals)),
                            previous=int(event.index.scaleb(decimals)),
                            state=StageState.SAME if event.index == index else StageState.UNSCORABLE,
                        )
                    )
                    await session.flush()
                await session.commit()
        return time.perf_counter() - start
    finally:
        await portal.engine.dispose()
        await portal.reading.dispose()


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors\n")
    main()
