"""What else is done for the whole country, beside its recomputation: `make bench-country ARGS="--households 280000"`.

On PostgreSQL with its promises to the disk kept: a new model tried on every household (`tiwizi model dry-run`), beside
the stage of a national run, which is the part of it that looks at everybody; and a register of vehicles that is a file
(`tiwizi sources ask`), asked about every head of household, beside reading and checking that file.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from app.demo.models import NAME, draft_file, first_of_a_month
from benchmarks.national_register import fill
from benchmarks.recompute import command_in_a_process, dsn_of
from registry.rules.scoring import models
from registry.sources.files import HEADER, FileSource
from tests.databases import postgres_server

OFFICER = "bench@centre.example.ma"
SUPERVISOR = """
INSERT INTO staff (reference, email, name_ar, name_latin, password_hash, totp_sealed, totp_last_step, role, centre_code,
    created_at)
VALUES ('O-1', $1, 'موظفة', 'Amina Bennani', '', '', 0, 'supervisor', '06.141-1', now())
"""
# One register in so many says more than was declared.
MORE_ONE_IN = 200


@dataclass(frozen=True)
class Done:
    """Seconds, but for the megabytes that the command's process took at its peak."""

    seconds: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=280_000)
    households = parser.parse_args().households
    print(
        "| households | what | s | beside | s | ratio | peak MB | |\n|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tiwizi-bench-")))
        server = stack.enter_context(postgres_server(durable=True))
        url = stack.enter_context(server.fresh())
        asyncio.run(_fill(url, households))
        stage = _stage(url, directory)
        tried = _try_model(url, directory)
        note = f"{asyncio.run(_looked_at(url)):,} of them decided one by one"
        print(
            _row(households, "dry run of a model", tried, "stage of a run", stage.seconds, note), flush=True
        )
        read, asked = _ask(url, directory, households)
        note = f"{households / asked.seconds:,.0f} households a second"
        print(_row(households, "asking a register", asked, "reading its file", read, note), flush=True)


def _row(households: int, what: str, done: Done, beside: str, seconds: float, note: str) -> str:
    return (
        f"| {households:,} | {what} | {done.seconds:.1f} | {beside} | {seconds:.1f} "
        f"| {done.seconds / seconds:.1f} | {done.memory:.0f} | {note} |"
    )


async def _fill(url: str, households: int) -> None:
    connection = await asyncpg.connect(**dsn_of(url))
    try:
        await fill(connection, households=households, model=models()[-1], everybody=True)
        await connection.execute(SUPERVISOR, OFFICER)
    finally:
        await connection.close()


def _run(url: str, directory: Path, *words: str) -> Done:
    start = time.perf_counter()
    memory = command_in_a_process(url, directory, *words)
    return Done(time.perf_counter() - start, memory)


def _stage(url: str, directory: Path) -> Done:
    model = models()[-1].name
    stage = _run(url, directory, "recompute", "--model", model, "--stage-only")
    _run(url, directory, "recompute", "--model", model, "--abandon")
    return stage


def _try_model(url: str, directory: Path) -> Done:
    file = directory / "model.json"
    file.write_text(draft_file(first_of_a_month(datetime.now(UTC).date() + timedelta(days=40))), "utf-8")
    _run(url, directory, "model", "propose", str(file), "--by", OFFICER)
    return _run(url, directory, "model", "dry-run", NAME)


async def _looked_at(url: str) -> int:
    connection = await asyncpg.connect(**dsn_of(url))
    try:
        counted = "SELECT count(*) FROM recomputation_stage WHERE state = 'looked_at'"
        return int(await connection.fetchval(counted))
    finally:
        await connection.close()


def _ask(url: str, directory: Path, households: int) -> tuple[float, Done]:
    """The identifier of a head is the number of the household."""
    path = directory / "sources" / "vehicles.csv"
    path.parent.mkdir()
    as_of = (datetime.now(UTC).date() - timedelta(days=20)).isoformat()
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(HEADER)
        for number in range(1, households + 1):
            more = number % MORE_ONE_IN == 0
            lines.writerow((f"{number:010}", "cars", "2" if more else "0", as_of, f"V-{number}"))
            lines.writerow((f"{number:010}", "motorcycles", "0", as_of, f"V-{number}"))
    start = time.perf_counter()
    FileSource("vehicles", path).read(())
    read = time.perf_counter() - start
    return read, _run(url, directory, "sources", "ask", "--source", "vehicles")


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors\n")
    main()
