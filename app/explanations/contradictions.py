"""A contradiction as the household reads it: what was declared, what a source says, and what happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from app.explanations.categories import in_its_language
from app.explanations.ledger import Explained, told_line
from registry.rules.scoring import Line
from registry.rules.variables import FACTS_OF_VARIABLE
from registry.sources.configuration import sources
from registry.sources.tables import Contradiction, ContradictionStatus
from registry.sources.values import read_value


@dataclass(frozen=True, slots=True)
class ToldContradiction:
    """`who` is empty for a fact of the household; `line` is the code of the line that the fact feeds, or empty."""

    reference: str
    name: str
    fact: str
    who: str
    source: Markup
    source_value: Any
    as_of: date
    declared_value: Any
    declared_at: datetime
    status: ContradictionStatus
    counts_from: date | None
    ended_at: datetime | None
    line: str

    @property
    def is_open(self) -> bool:
        return self.status is ContradictionStatus.OPEN


def told_contradiction(
    row: Contradiction, *, who: str, declared_at: datetime, lines: Sequence[Line], lang: str
) -> ToldContradiction:
    fact = row.fact.rpartition(".")[2]
    return ToldContradiction(
        reference=row.reference,
        name=row.fact,
        fact=fact,
        who=who,
        source=in_its_language(sources()[row.source].label(lang), lang),
        source_value=read_value(fact, row.source_value),
        as_of=row.as_of,
        declared_value=read_value(fact, row.declared_value),
        declared_at=declared_at,
        status=row.status,
        counts_from=row.counts_from,
        ended_at=row.ended_at,
        line=_line_of(fact, lines, lang),
    )


def _line_of(fact: str, lines: Iterable[Line], lang: str) -> str:
    """The line that one would doubt because of a fact: where the fact comes first, else any that it feeds."""
    told = tuple(lines)
    about = Explained(lang=lang, region="", source="")
    fed = [
        line.code
        for line in told
        if fact in FACTS_OF_VARIABLE.get(line.code, ()) and told_line(told, line.code, about)
    ]
    first = [code for code in fed if FACTS_OF_VARIABLE[code][0] == fact]
    return next(iter([*first, *fed]), "")
