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


async def keep_marks(
    session: AsyncSession, *, household_id: int, marks: Mapping[str, Mark], open_contradictions: int
) -> None:
    values = {
        "marks": {
            name: {"kind": mark.kind.value, "on": mark.on.isoformat(), "source": mark.source}
            for name, mark in marks.items()
        },
        "open_contradictions": open_contradictions,
    }
    await session.exec(
        upsert(session)(FactMarks)
        .values(household_id=household_id, **values)
        .on_conflict_do_update(index_elements=["household_id"], set_=values)
    )
