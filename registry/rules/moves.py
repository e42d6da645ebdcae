"""What moved between two indexes, line by line, so that the moves sum to the change to the last digit."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

NOTHING = Decimal(0)


class LedgerLine(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def value(self) -> Decimal: ...
    @property
    def points(self) -> Decimal: ...


@dataclass(frozen=True)
class Move:
    """One line then and now; a line that only one of the two ledgers has stood at nothing in the other."""

    code: str
    value_before: Decimal | None
    value_after: Decimal | None
    points_before: Decimal
    points_after: Decimal

    @property
    def moved(self) -> Decimal:
        return self.points_after - self.points_before


def compare(previous: Sequence[LedgerLine], current: Sequence[LedgerLine]) -> tuple[Move, ...]:
    """The lines that differ, in the order of the current ledger, then those that are gone."""
    before = {line.code: line for line in previous}
    after = {line.code: line for line in current}
    moves = (_move(code, before.get(code), after.get(code)) for code in after | before)
    return tuple(move for move in moves if move.moved or move.value_before != move.value_after)


def _move(code: str, before: LedgerLine | None, after: LedgerLine | None) -> Move:
    return Move(
        code=code,
        value_before=before.value if before else None,
        value_after=after.value if after else None,
        points_before=before.points if before else NOTHING,
        points_after=after.points if after else NOTHING,
    )
