"""Where each fact of a household comes from since the citizen last declared: an officer, or a source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.tables import Declaration, Origin
from registry.versions import HOUSEHOLD_FACTS, MEMBER_FACTS, Version, read_versions


@dataclass(frozen=True, slots=True)
class Change:
    """The version that last changed a fact after the citizen's own declaration."""

    origin: Origin
    declaration_id: int
    at: datetime


async def changes_since_declared(
    session: AsyncSession, *, version: Version, references: Mapping[int, str]
) -> dict[str, Change]:
    """What changed since the citizen last declared, by the name of the fact: nothing in a version of their own."""
    declaration = version.declaration
    if declaration.origin is Origin.CITIZEN:
        return {}
    declared = (
        select(func.max(Declaration.number))
        .where(
            Declaration.household_id == declaration.household_id,
            Declaration.origin == Origin.CITIZEN,
            Declaration.number < declaration.number,
        )
        .scalar_subquery()
    )
    found = await session.exec(
        select(Declaration.id)
        .where(
            Declaration.household_id == declaration.household_id,
            Declaration.number >= declared,
            Declaration.number <= declaration.number,
        )
        .order_by(col(Declaration.number))
    )
    versions = await read_versions(session, declaration_ids=list(found))
    changes: dict[str, Change] = {}
    for before, after in pairwise(versions.values()):
        change = Change(after.declaration.origin, after.declaration.id, after.declaration.declared_at)
        changes |= dict.fromkeys(_changed(before, after, references), change)
    return changes


def _changed(before: Version, after: Version, references: Mapping[int, str]) -> Iterator[str]:
    was, now = dict(_facts(before, references)), dict(_facts(after, references))
    return (name for name in was.keys() & now.keys() if was[name] != now[name])


def _facts(version: Version, references: Mapping[int, str]) -> Iterator[tuple[str, Any]]:
    for fact in HOUSEHOLD_FACTS:
        yield fact, getattr(version.household, fact)
    for member in version.members:
        if reference := references.get(member.membership_id):
            for fact in MEMBER_FACTS:
                yield f"{reference}.{fact}", getattr(member.answers, fact)
