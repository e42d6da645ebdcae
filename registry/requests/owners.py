"""Whose line it is: the centre's about what was declared, a source's about what counts because the source said so."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from registry.rules.variables import FACTS_OF_VARIABLE
from registry.sources.marks import Mark, MarkKind, read_marks
from registry.sources.tables import FactMarks

# A source that merely agrees with what was declared owns nothing: the citizen's own word is what is doubted then.
OF_SOURCE: Final = (MarkKind.COUNTED, MarkKind.CONTRADICTED)


async def source_of(
    session: AsyncSession, *, household_id: int, line_code: str | None, fact: str | None
) -> str | None:
    """The source that has to answer for a fact, or without one for a line; None where the centre has to."""
    kept = await session.get(FactMarks, household_id)
    marks = read_marks(kept.marks) if kept else {}
    if fact is not None:
        mark = marks.get(fact)
        return mark.source if mark and mark.kind in OF_SOURCE else None
    of_line = [mark for name, mark in marks.items() if _feeds(name, line_code)]
    return next((mark.source for mark in of_line if _counts(mark)), None)


def _feeds(name: str, line_code: str | None) -> bool:
    return name.rpartition(".")[2] in FACTS_OF_VARIABLE.get(line_code or "", ())


def _counts(mark: Mark) -> bool:
    return mark.kind is MarkKind.COUNTED
