"""Measure, beside what it is measured against: `make bench`, or `make bench ARGS="--households 200000 pages"`."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.settings import Settings
from benchmarks import declarations, even_answers, flood, page_cost, page_weight
from benchmarks.memory import measure as measure_memory
from benchmarks.worlds import build_world, settings_for
from tests.databases import postgres_server

PARTS = ("pages", "weight", "declarations", "flood", "memory", "even-answers")


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="tiwizi-bench-") as name:
        directory = Path(name)
        _on("SQLite", f"sqlite:///{directory / 'tiwizi.db'}", directory, arguments)
        with postgres_server(durable=True) as server, server.fresh() as url:
            _on("PostgreSQL", url, directory, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=20_000)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    return parser.parse_args()


def _on(name: str, url: str, directory: Path, arguments: argparse.Namespace) -> None:
    settings = settings_for(url, directory)
    print(f"\n## {name}, {arguments.households} households\n", flush=True)
    tokens = asyncio.run(build_world(settings, households=arguments.households))
    wanted = arguments.parts or PARTS
    measures: dict[str, Callable[[], None]] = {
        "pages": lambda: _pages(url, directory, tokens),
        "weight": lambda: _weight(url, directory, tokens),
        "declarations": lambda: _declarations(url, directory),
        "flood": lambda: _flood(url, directory, tokens),
        "memory": lambda: _memory(url, directory, tokens),
        "even-answers": lambda: _even_answers(url, directory, settings),
    }
    for part in wanted:
        # Weight is the same on both databases, and two workers need PostgreSQL.
        if (part == "weight" and name != "SQLite") or (part == "memory" and name == "SQLite"):
            continue
        measures[part]()


def _pages(url: str, directory: Path, tokens: list[str]) -> None:
    print("| household page | bytes | CPU ms | fixed answer, CPU ms | ratio |\n|---|---|---|---|---|")
    for cost in page_cost.measure(url, directory, tokens):
        print(
            f"| {cost.language} | {cost.size} | {cost.page:.2f} | {cost.fixed:.3f} | {cost.ratio:.1f} |",
            flush=True,
        )


def _weight(url: str, directory: Path, tokens: list[str]) -> None:
    print("\n| page | language | visit | bytes over the wire |\n|---|---|---|---|")
    for weight in page_weight.measure(url, directory, tokens[0]):
        visit = "first" if weight.first_visit else "later"
        print(f"| /{weight.path} | {weight.language} | {visit} | {weight.bytes} |", flush=True)


def _declarations(url: str, directory: Path) -> None:
    rate = asyncio.run(declarations.measure(settings_for(url, directory)))
    print(
        "\n| households of five declared a second | rows each | bare inserts of as many rows | share |"
        "\n|---|---|---|---|"
    )
    print(f"| {rate.declared:.0f} | {rate.rows:.0f} | {rate.bare:.0f} | {rate.share:.2f} |", flush=True)


def _flood(url: str, directory: Path, tokens: list[str]) -> None:
    quiet, codes = flood.measure_quiet(url, directory, tokens)
    print(f"\n{codes:.0f} codes checked a second, sixty at once. While passwords come, 200 a second:\n")
    print(
        "| | page, ms, p50 | p95 | change, ms, p50 | p95 | passwords checked a second | sent away | MB |"
        " first page after, s |\n|---|---|---|---|---|---|---|---|---|"
    )
    print(f"| nobody knocks | {quiet.row()} |", flush=True)
    gated = flood.measure(url, directory, tokens)
    print(f"| with the gate | {gated.row()} |", flush=True)
    if url.startswith("sqlite"):
        early = flood.measure(url, directory, tokens, "with_early_turns")
        print(f"| with the gate, and turns taken early | {early.row()} |", flush=True)
    free = flood.measure(url, directory, tokens, "without_gate")
    print(f"| without the gate | {free.row()} |", flush=True)


def _even_answers(url: str, directory: Path, settings: Settings) -> None:
    """Exits with 1 when an answer tells whom the portal knows, or the stopwatch misses what is told on purpose."""
    print(
        "\n| known or not, by the time of the answer | AUC | 95 % | 5th percentiles apart, ms | |"
        "\n|---|---|---|---|---|"
    )
    wrong = []
    for name, told, is_right in even_answers.measure(url, directory, settings):
        low, high = told.interval
        print(
            f"| {name} | {told.area:.3f} | {low:.3f} to {high:.3f} | {told.apart_ms:.2f} |"
            f" {'as it must' if is_right else 'WRONG'} |",
            flush=True,
        )
        wrong += [] if is_right else [name]
    if wrong:
        raise SystemExit(1)


def _memory(url: str, directory: Path, tokens: list[str]) -> None:
    memory = measure_memory(url, directory, tokens)
    print("\n| resident MB a worker | portal, two workers | the least Litestar, two workers |\n|---|---|---|")
    print(f"| after 2,000 pages | {memory.portal} | {memory.least} |", flush=True)


if __name__ == "__main__":
    main()
