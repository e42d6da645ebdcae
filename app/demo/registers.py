"""What the demonstration's public registers know of its named people: one file a register, as a pilot would have."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from app.demo.people import BY_KEY
from registry.sources.configuration import sources
from registry.sources.files import HEADER

# By register: who, which fact, its value, how many days ago, and how the register names its answer.
KNOWN: dict[str, tuple[tuple[str, str, str, int, str], ...]] = {
    "vehicles": (
        ("rahma", "cars", "1", 12, "V-2019-4471"),
        ("rahma", "motorcycles", "0", 12, "V-2019-4471"),
        ("naima", "cars", "0", 12, "V-0"),
        ("naima", "motorcycles", "0", 12, "V-0"),
        ("khadija", "cars", "0", 12, "V-0"),
        ("khadija", "motorcycles", "0", 12, "V-0"),
    ),
    "land": (),
    "utilities": (
        ("rahma", "electricity_mad", "131.40", 20, "E-5512-31"),
        ("rahma", "water_mad", "41.25", 20, "E-5512-31"),
        ("naima", "water_mad", "58.40", 20, "E-7710-23"),
        ("naima", "meter", "individual", 20, "E-7710-23"),
        ("khadija", "electricity_mad", "204.10", 20, "E-3390-08"),
        ("khadija", "meter", "individual", 20, "E-3390-08"),
    ),
    "telephone": (("rahma", "mobile_phones", "1", 5, "T-118"), ("rahma", "landline", "false", 5, "T-118")),
    "social_security": (
        ("rahma", "health_cover", "none", 8, "S-0"),
        ("naima", "health_cover", "none", 8, "S-0"),
    ),
    "schooling": (("ilyas", "schooling", "public", 40, "M-2026-1204"),),
}


def write_registers(folder: Path, today: dt.date) -> None:
    """Write the file of every register; one that an operator has put there stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sources():
        path = folder / f"{name}.csv"
        if not path.exists():
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([HEADER, *_rows(name, today)])


def _rows(name: str, today: dt.date) -> Iterator[tuple[str, ...]]:
    for key, fact, value, days, reference in KNOWN.get(name, ()):
        as_of = today - dt.timedelta(days=days)
        yield BY_KEY[key].identifier, fact, value, as_of.isoformat(), reference
