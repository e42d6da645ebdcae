"""The two databases where they do not say the same thing."""

from collections.abc import Mapping
from typing import Final

from registry.rules.measures.sql import Dialect


def _members(dialect: Dialect) -> str:
    born = dialect.born_on("declared_member.birth_date", "declared_member.birth_precision")
    return f"(SELECT declared_member.*, {born} AS born FROM declared_member WHERE NOT awaiting) member"  # noqa: S608


class PostgreSql(Dialect):
    name = "postgresql"
    materialized = "NOT MATERIALIZED"
    fence = "OFFSET 0"

    def amount(self, column: str) -> str:
        return f"CAST(CAST({column} AS NUMERIC) * 100 AS BIGINT)"

    def scaled(self, column: str, decimals: int) -> str:
        return f"CAST(CAST({column} AS NUMERIC) * {10**decimals} AS BIGINT)"

    def born_on(self, date: str, precision: str) -> str:
        return (
            f"CASE {precision} WHEN 'day' THEN {date} WHEN 'month' THEN CAST(date_trunc('month', {date}) AS DATE)"
            f" ELSE CAST(date_trunc('year', {date}) AS DATE) END"
        )

    def years_before(self, day: str, years: int) -> str:
        """29 February a year earlier is the 28th: nobody was born on the 29th of that year."""
        return f"CAST({day} - INTERVAL '{years} years' AS DATE)"

    def completed_years(self, born: str, day: str) -> str:
        return f"CAST(date_part('year', age(CAST({day} AS TIMESTAMP), CAST({born} AS TIMESTAMP))) AS BIGINT)"

    def join_counted(self, homes: str, counted: str) -> str:
        """One household after the other: nothing is sorted or gathered, and no memory is needed."""
        members = f"SELECT {counted} FROM {_members(self)} WHERE member.declaration_id = home.id"  # noqa: S608
        return f"{homes} CROSS JOIN LATERAL ({members}) who"


class Sqlite(Dialect):
    """Dates are text here, and the order of such texts is the order of the days."""

    name = "sqlite"
    materialized = "MATERIALIZED"
    fence = ""

    def amount(self, column: str) -> str:
        """An amount of at most two decimals is far within what the nearest binary number tells apart."""
        return f"CAST(round({column} * 100.0) AS INTEGER)"

    def scaled(self, column: str, decimals: int) -> str:
        """Written out digit by digit: so many of them are more than a binary number tells apart."""
        digits = f"substr({column} || '.', 1, instr({column} || '.', '.') - 1)"
        after = f"substr(substr({column} || '.', instr({column} || '.', '.') + 1) || '{'0' * decimals}', 1, {decimals})"
        return f"CAST({digits} || replace({after}, '.', '0') AS INTEGER)"

    def born_on(self, date: str, precision: str) -> str:
        return (
            f"CASE {precision} WHEN 'day' THEN {date} WHEN 'month' THEN substr({date}, 1, 8) || '01'"
            f" ELSE substr({date}, 1, 5) || '01-01' END"
        )

    def years_before(self, day: str, years: int) -> str:
        """29 February stays the 29th, also of a year that has none: as text it is after the 28th, before March."""
        return f"printf('%04d', substr({day}, 1, 4) - {years}) || substr({day}, 5)"

    def completed_years(self, born: str, day: str) -> str:
        return f"((CAST(replace({day}, '-', '') AS INTEGER) - CAST(replace({born}, '-', '') AS INTEGER)) / 10000)"

    def join_counted(self, homes: str, counted: str) -> str:
        """Grouped, because nothing else is to be had. CROSS JOIN fixes the order: the members of each household."""
        joined = f"{homes} CROSS JOIN {_members(self)} ON member.declaration_id = home.id"
        grouped = f"SELECT member.declaration_id, {counted} FROM {joined} GROUP BY member.declaration_id"  # noqa: S608
        return f"{homes} LEFT JOIN ({grouped}) who ON who.declaration_id = home.id"


DIALECTS: Final[Mapping[str, Dialect]] = {each.name: each for each in (PostgreSql(), Sqlite())}
