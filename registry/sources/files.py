"""A source that is a file: one line an answer. The demonstration has only these, and a pilot may begin with them."""

import asyncio
import csv
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

from registry.sources.configuration import facts_of, sources
from registry.sources.port import Answer, SourceDown, SourceWrong, checked_one
from registry.sources.queue import BATCH

HEADER: Final = ("identifier", "fact", "value", "as_of", "reference")
IDENTIFIER_LENGTH: Final = 10
# A line's place in the index is one whole number: whom it is about, which fact, and where in the file it begins.
OFFSET_BITS: Final = 26
FACT_BITS: Final = 4
LARGEST_FILE: Final = 1 << OFFSET_BITS
_Stamp = tuple[int, int]


class BadSourceFile(SourceWrong):
    """A line of the file cannot be used, and so none is. The text names the file, the line and what is wrong."""


@dataclass
class FileSource:
    """`<name>.csv` with the header of `HEADER`, in UTF-8. It is read again when it has changed, and all or nothing.

    What is kept of it is where each line is: eight bytes a line.
    """

    name: str
    path: Path
    _stamp: _Stamp | None = field(default=None, repr=False)
    _places: "array[int]" = field(default_factory=lambda: array("Q"), repr=False)

    def __post_init__(self) -> None:
        self._facts = tuple(sorted(facts_of(self.name)))

    @property
    def households_at_once(self) -> int:
        return BATCH

    async def ask(self, identifiers: Sequence[str]) -> tuple[Answer, ...]:
        """Raises SourceDown without the file, BadSourceFile."""
        return await asyncio.to_thread(self.read, identifiers)

    async def check(self) -> str:
        """How many people it knows. Raises SourceDown without the file, BadSourceFile."""
        await asyncio.to_thread(self.read, ())
        people = [place >> (OFFSET_BITS + FACT_BITS) for place in self._places]
        return f"people={len(set(people))}"

    def read(self, identifiers: Iterable[str]) -> tuple[Answer, ...]:
        """Raises SourceDown without the file, BadSourceFile."""
        try:
            with self.path.open("rb") as file:
                self._look_for_changes(file)
                return tuple(answer for each in identifiers for answer in self._about(file, each))
        except OSError:
            raise SourceDown("no_file") from None

    def _look_for_changes(self, file: BinaryIO) -> None:
        status = os.fstat(file.fileno())
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            if status.st_size > LARGEST_FILE:
                raise BadSourceFile(f"{self.path.name} is larger than {LARGEST_FILE} bytes")
            self._places = self._index(file)
            self._stamp = stamp

    def _index(self, file: BinaryIO) -> "array[int]":
        numbers = {fact: number for number, fact in enumerate(self._facts)}
        places = array(
            "Q",
            sorted(
                (int(answer.identifier) << FACT_BITS | numbers[answer.fact]) << OFFSET_BITS | offset
                for offset, answer in self._lines(file)
            ),
        )
        for one, other in pairwise(places):
            if one >> OFFSET_BITS == other >> OFFSET_BITS:
                self._refuse_second(file, other)
        return places

    def _refuse_second(self, file: BinaryIO, place: int) -> None:
        offset = place & (LARGEST_FILE - 1)
        file.seek(0)
        line = file.read(offset).count(b"\n") + 1
        fact = self._facts[(place >> OFFSET_BITS) & ((1 << FACT_BITS) - 1)]
        raise BadSourceFile(f"{self.path.name}, line {line}: a second {fact} of the same person")

    def _lines(self, file: BinaryIO) -> Iterator[tuple[int, Answer]]:
        """Every answer with where its line begins."""
        header = file.readline()
        if tuple(self._cells(header, 1, "utf-8-sig")) != HEADER:
            raise BadSourceFile(f"{self.path.name}, line 1: the header is not {','.join(HEADER)}")
        offset = len(header)
        for number, line in enumerate(file, start=2):
            if cells := self._cells(line, number):
                yield offset, self._answer(cells, f"{self.path.name}, line {number}")
            offset += len(line)

    def _about(self, file: BinaryIO, identifier: str) -> Iterator[Answer]:
        person = int(identifier) << FACT_BITS + OFFSET_BITS
        nobody = person + (1 << FACT_BITS + OFFSET_BITS)
        for place in self._places[bisect_left(self._places, person) : bisect_left(self._places, nobody)]:
            file.seek(place & (LARGEST_FILE - 1))
            yield self._answer(self._cells(file.readline(), 0), self.path.name)

    def _cells(self, line: bytes, number: int, encoding: str = "utf-8") -> list[str]:
        try:
            return next(csv.reader([line.decode(encoding).rstrip("\r\n")], strict=True), [])
        except UnicodeDecodeError:
            raise BadSourceFile(f"{self.path.name}, line {number}: this is not UTF-8 text") from None
        except csv.Error as error:
            raise BadSourceFile(f"{self.path.name}, line {number}: {error}") from None

    def _answer(self, cells: list[str], place: str) -> Answer:
        if len(cells) != len(HEADER):
            raise BadSourceFile(f"{place}: {len(cells)} values instead of {len(HEADER)}")
        identifier, fact, value, as_of, reference = (cell.strip() for cell in cells)
        if not (len(identifier) == IDENTIFIER_LENGTH and identifier.isascii() and identifier.isdecimal()):
            raise BadSourceFile(f"{place}: the identifier is not made of {IDENTIFIER_LENGTH} digits")
        try:
            day = date.fromisoformat(as_of)
        except ValueError:
            raise BadSourceFile(f"{place}: as_of is no date like 2026-03-01") from None
        try:
            # Whether the day has come is looked at when somebody is asked about, not when the file is read.
            return checked_one(
                Answer(identifier, fact, value, day, reference), facts=self._facts, today=date.max
            )
        except SourceWrong as wrong:
            raise BadSourceFile(f"{place}: {wrong}") from None


def file_sources(folder: Path) -> dict[str, FileSource]:
    """The sources of the profile that have a file in the folder, by name."""
    files = {name: folder / f"{name}.csv" for name in sources()}
    return {name: FileSource(name, path) for name, path in files.items() if path.is_file()}
