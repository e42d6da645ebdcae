"""A source that is a file: one line an answer. The demonstration has only these, and a pilot may begin with them."""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from registry.sources.configuration import facts_of, sources
from registry.sources.port import Answer, SourceDown, SourceWrong, checked_one

HEADER: Final = ("identifier", "fact", "value", "as_of", "reference")
LARGEST_FILE: Final = 64 * 1024 * 1024
IDENTIFIER_LENGTH: Final = 10
_Stamp = tuple[int, int]
_Told = dict[str, tuple[Answer, ...]]


class BadSourceFile(SourceWrong):
    """A line of the file cannot be used, and so none is. The text names the file, the line and what is wrong."""


@dataclass
class FileSource:
    """`<name>.csv` with the header of `HEADER`, in UTF-8. It is read again when it has changed, and all or nothing."""

    name: str
    path: Path
    _stamp: _Stamp | None = field(default=None, repr=False)
    _told: _Told = field(default_factory=dict, repr=False)

    async def ask(self, identifiers: Sequence[str]) -> tuple[Answer, ...]:
        """Raises SourceDown without the file, BadSourceFile."""
        told = await asyncio.to_thread(self.read)
        return tuple(answer for identifier in identifiers for answer in told.get(identifier, ()))

    def read(self) -> _Told:
        """Every answer of the file, by identifier. Raises SourceDown without the file, BadSourceFile."""
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                if status.st_size > LARGEST_FILE:
                    raise BadSourceFile(f"{self.path.name} is larger than {LARGEST_FILE} bytes")
                self._told = _by_identifier(self.name, self.path.name, self.path.read_bytes())
                self._stamp = stamp
        except OSError:
            raise SourceDown("no_file") from None
        return self._told


def file_sources(folder: Path) -> dict[str, FileSource]:
    """The sources of the profile that have a file in the folder, by name."""
    files = {name: folder / f"{name}.csv" for name in sources()}
    return {name: FileSource(name, path) for name, path in files.items() if path.is_file()}


def _by_identifier(source: str, file: str, content: bytes) -> _Told:
    told: dict[str, dict[str, Answer]] = {}
    for number, answer in _answers(source, file, content):
        of_person = told.setdefault(answer.identifier, {})
        if answer.fact in of_person:
            raise BadSourceFile(f"{file}, line {number}: a second {answer.fact} of the same person")
        of_person[answer.fact] = answer
    return {identifier: tuple(answers.values()) for identifier, answers in told.items()}


def _answers(source: str, file: str, content: bytes) -> Iterator[tuple[int, Answer]]:
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = next(lines, None)
        if header is None or tuple(header) != HEADER:
            raise BadSourceFile(f"{file}, line 1: the header is not {','.join(HEADER)}")
        facts = facts_of(source)
        for cells in lines:
            if cells:
                yield lines.line_num, _answer(cells, f"{file}, line {lines.line_num}", facts)
    except UnicodeDecodeError:
        raise BadSourceFile(f"{file} is not UTF-8 text") from None
    except csv.Error as error:
        raise BadSourceFile(f"{file}: {error}") from None


def _answer(cells: list[str], place: str, facts: frozenset[str]) -> Answer:
    if len(cells) != len(HEADER):
        raise BadSourceFile(f"{place}: {len(cells)} values instead of {len(HEADER)}")
    identifier, fact, value, as_of, reference = (cell.strip() for cell in cells)
    if not (len(identifier) <= IDENTIFIER_LENGTH and identifier.isascii() and identifier.isdecimal()):
        raise BadSourceFile(f"{place}: the identifier is not made of digits")
    try:
        day = date.fromisoformat(as_of)
    except ValueError:
        raise BadSourceFile(f"{place}: as_of is no date like 2026-03-01") from None
    try:
        # Whether the day has come is looked at when somebody is asked about, not when the file is read.
        return checked_one(Answer(identifier, fact, value, day, reference), facts=facts, today=date.max)
    except SourceWrong as wrong:
        raise BadSourceFile(f"{place}: {wrong}") from None
