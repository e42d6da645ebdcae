"""What a page says of the origin of each fact beyond "declared", worked out when something changes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from identity.limits import upsert
from registry.dates import local_date
from registry.sources.findings import Finding
from registry.sources.origins import Change
from registry.sources.tables import Contradiction, ContradictionStatus, FactMarks
from registry.tables import Origin


class MarkKind(StrEnum):
    """Counted: from a source, meanwhile. Officer: changed by one. Unanswered: a source was asked and knows nothing.

    Default: of a birth date, where the register does not know the day.
    """

    COUNTED = "counted"
    CONTRADICTED = "contradicted"
    OFFICER = "officer"
    CONFIRMED = "confirmed"
    UNANSWERED = "unanswered"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Mark:
    """`on` is the day of what the mark says; `source` is empty for an officer."""

    kind: MarkKind
    on: date
    source: str = ""


def read_marks(kept: Mapping[str, Any] | None) -> dict[str, Mark]:
    """The marks by the name of the fact, as they were kept."""
    return {
        name: Mark(MarkKind(mark["kind"]), date.fromisoformat(mark["on"]), mark["source"])
        for name, mark in (kept or {}).items()
    }


def marks_of(
    *,
    findings: Collection[Finding],
    contradictions: Iterable[Contradiction],
    changes: Mapping[str, Change],
    unanswered: Mapping[str, Mark],
) -> dict[str, Mark]:
    """One mark a fact: what an officer or a source changed stands before what a source merely says."""
    marks = dict(unanswered)
    for finding in findings:
        if finding.agrees:
            marks[finding.name] = Mark(MarkKind.CONFIRMED, finding.as_of, finding.rule.answered_by)
        else:
            marks.pop(finding.name, None)
    counted = {
        row.declaration_after_id: row
        for row in contradictions
        if row.status is ContradictionStatus.COUNTED and row.declaration_after_id
    }
    for name, change in changes.items():
        row = counted.get(change.declaration_id)
        if row is not None and row.fact == name:
            marks[name] = Mark(MarkKind.COUNTED, local_date(change.at), row.source)
        elif change.origin is Origin.CORRECTION:
            marks[name] = Mark(MarkKind.OFFICER, local_date(change.at))
    for row in contradictions:
        if row.status in (ContradictionStatus.OPEN, ContradictionStatus.CONTESTED):
            marks[row.fact] = Mark(MarkKind.CONTRADICTED, row.as_of, row.source)
    return marks


@dataclass(frozen=True, slots=True)
class KeptMarks:
    marks: Mapping[str, Mark]
    open_contradictions: int


async def keep_marks(session: AsyncSession, kept: Mapping[int, KeptMarks]) -> None:
    """Of each household by its id."""
    if not kept:
        return
    statement = upsert(session)(FactMarks).values(
        [
            {
                "household_id": household_id,
                "marks": {name: _written(mark) for name, mark in of_household.marks.items()},
                "open_contradictions": of_household.open_contradictions,
            }
            for household_id, of_household in sorted(kept.items())
        ]
    )
    new = statement.excluded
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["household_id"],
            set_={"marks": new.marks, "open_contradictions": new.open_contradictions},
        )
    )


def _written(mark: Mark) -> dict[str, str]:
    return {"kind": mark.kind.value, "on": mark.on.isoformat(), "source": mark.source}
