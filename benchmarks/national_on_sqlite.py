"""The same register in SQLite: the run beside reading its rows and writing the results, and how long a writer waits."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import asyncpg

from app import schema
from registry.rules.index_models import IndexModel

TABLES = ("household", "declaration", "declared_member", "index_event", "recomputation_run")


async def measure_sqlite(postgresql: dict[str, str], directory: Path, model: IndexModel) -> str:
    """One row of a table: the rows are those of the PostgreSQL register, before anything was published."""
    from benchmarks.recompute import command_in_a_process

    path = directory / "register.db"
    url = f"sqlite:///{path}"
    await schema.upgrade(url)
    households = await _copy(postgresql, path)
    read = _read_everything(path)
    written = _write_results(path, households)
    with _Writer(path) as writer:
        words = ("recompute", "--model", model.name, "--stage-only")
        await asyncio.to_thread(command_in_a_process, url, directory, *words)
    connection = sqlite3.connect(path)
    run = connection.execute(
        "SELECT (julianday(staged_at) - julianday(started_at)) * 86400 FROM recomputation_run WHERE unfinished"
    ).fetchone()[0]
    connection.close()
    return (
        f"| {households:,} | {read:.1f} | {written:.2f} | {run:.1f} | {run / (read + written):.2f} "
        f"| {writer.longest:.2f} of {writer.times} times |"
    )


async def _copy(postgresql: dict[str, str], path: Path) -> int:
    source = await asyncpg.connect(**postgresql)
    target = sqlite3.connect(path)
    households = 0
    try:
        for table in TABLES:
            rows = await source.fetch(f"SELECT * FROM {table} WHERE {_BEFORE.get(table, 'TRUE')}")
            marks = ", ".join("?" * len(rows[0]))
            columns = ", ".join(f'"{column}"' for column, _ in rows[0].items())
            target.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})",
                ([_plain(cell) for cell in row] for row in rows),
            )
            households = len(rows) if table == "household" else households
        target.execute("UPDATE household SET current_index_id = id")
        target.commit()
        target.execute("ANALYZE")
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        target.close()
        await source.close()
    return households


# What the run on PostgreSQL has published is left out.
_BEFORE = {"index_event": "id <= (SELECT max(id) FROM household)", "recomputation_run": "id = 1"}


def _plain(cell: Any) -> Any:
    if hasattr(cell, "tzinfo"):
        return cell.replace(tzinfo=None).isoformat(" ", "microseconds")
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    return json.dumps(cell) if isinstance(cell, (dict, list)) else cell


def _read_everything(path: Path) -> float:
    connection = sqlite3.connect(path)
    start = time.perf_counter()
    for query in (
        "SELECT * FROM declaration",
        "SELECT * FROM declared_member",
        "SELECT id, current_index_id, status FROM household",
        'SELECT id, household_id, declaration_id, model, "index", computed_at FROM index_event',
    ):
        for _ in connection.execute(query):
            pass
    connection.close()
    return time.perf_counter() - start


def _write_results(path: Path, households: int) -> float:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = FULL")
    start = time.perf_counter()
    connection.executemany(
        "INSERT INTO recomputation_stage VALUES (0, ?, ?, ?, 96012644000000, 96012644000000, 'same')",
        ((number, number, number) for number in range(1, households + 1)),
    )
    connection.commit()
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


class _Writer(threading.Thread):
    """Somebody who writes one row twenty times a second, and remembers the longest wait."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.longest, self.times, self.stopped = path, 0.0, 0, threading.Event()

    def __enter__(self) -> _Writer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()

    def run(self) -> None:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        while not self.stopped.wait(0.05):
            start = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE usage SET count = count + 1")
            connection.execute("COMMIT")
            self.longest = max(self.longest, time.perf_counter() - start)
            self.times += 1
        connection.close()
