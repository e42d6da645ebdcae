"""A birth date of which the day, or the day and the month, may be unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from identity.people.tables import BirthPrecision


@dataclass(frozen=True)
class PartialDate:
    """Raises ValueError when the parts make no date, or a day is given without its month."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day needs its month")
        date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def read_back(cls, recorded: date, precision: BirthPrecision) -> PartialDate:
        """The date as it was given, from how it is stored."""
        month = None if precision is BirthPrecision.YEAR else recorded.month
        return cls(recorded.year, month, recorded.day if precision is BirthPrecision.DAY else None)

    @property
    def precision(self) -> BirthPrecision:
        if self.month is None:
            return BirthPrecision.YEAR
        return BirthPrecision.MONTH if self.day is None else BirthPrecision.DAY

    @property
    def first_day(self) -> date:
        """The date as it is stored: what is unknown is 1."""
        return date(self.year, self.month or 1, self.day or 1)

    def agrees_with(self, recorded: date, precision: BirthPrecision) -> bool:
        """Whether every part on record was given, and equal.

        A part given beyond the record is not held against anybody: people whose month was never written down have
        learnt to say 1 January or 31 December.
        """
        if self.year != recorded.year:
            return False
        if precision == BirthPrecision.YEAR:
            return True
        if self.month != recorded.month:
            return False
        return precision == BirthPrecision.MONTH or self.day == recorded.day
