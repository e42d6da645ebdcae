"""Every version there is, those that came with the portal too: which is in force, which was before it."""

import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.errors import NotFound
from registry.model_life.checks import FileRefused, ModelKind, check_file, name_and_day
from registry.model_life.documents import Fault
from registry.model_life.shelf import Content
from registry.model_life.tables import (
    ModelVersion,
    VersionStatus,
)
from registry.model_life.versions import read
from registry.rules.index_models import IndexModel, models_of_files
from registry.rules.programmes import programmes_of_files


class Phase(StrEnum):
    """Where a version is in its life on some day."""

    DRAFT = "draft"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Known:
    """A version with its content; those that came with the portal have no row."""

    name: str
    kind: ModelKind
    effective_from: date
    phase: Phase
    content: Content
    version: ModelVersion | None = None

    @property
    def line(self) -> str:
        """What it takes its turn in: the index, or one programme."""
        return "index" if isinstance(self.content, IndexModel) else self.content.code


async def known_versions(session: AsyncSession, *, today: date) -> tuple[Known, ...]:
    """Every version there is, those that came with the portal too, the newest day first."""
    kept = (await session.exec(select(ModelVersion).order_by(col(ModelVersion.id)))).all()
    entries = [*_of_files(today), *(_known(version, today) for version in kept)]
    entries.sort(key=lambda each: (each.effective_from, each.name), reverse=True)
    in_force: set[str] = set()
    return tuple(_after_later_ones(each, in_force) for each in entries)


def _of_files(today: date) -> list[Known]:
    contents: list[Content] = [*models_of_files(), *programmes_of_files()]
    entries = []
    for content in contents:
        name, day = name_and_day(content)
        kind = ModelKind.INDEX_MODEL if isinstance(content, IndexModel) else ModelKind.PROGRAMME
        entries.append(Known(name, kind, day, _phase_on(day, today), content))
    return entries


def _known(version: ModelVersion, today: date) -> Known:
    phase = Phase(version.status.value)
    if version.status is VersionStatus.APPROVED:
        phase = _phase_on(version.effective_from, today)
    return Known(version.name, version.kind, version.effective_from, phase, read(version).content, version)


def _phase_on(effective_from: date, today: date) -> Phase:
    return Phase.IN_FORCE if effective_from <= today else Phase.APPROVED


def _after_later_ones(known: Known, in_force: set[str]) -> Known:
    """The newest of its line that has begun is in force; those before it are replaced."""
    if known.phase is not Phase.IN_FORCE:
        return known
    if known.line in in_force:
        return Known(
            known.name, known.kind, known.effective_from, Phase.REPLACED, known.content, known.version
        )
    in_force.add(known.line)
    return known


async def known_named(session: AsyncSession, *, name: str, today: date) -> Known:
    """Raises NotFound."""
    for known in await known_versions(session, today=today):
        if known.name == name:
            return known
    raise NotFound


async def version_before(session: AsyncSession, *, known: Known, today: date) -> Known | None:
    """The version of the same line that counts until this one begins."""
    for other in await known_versions(session, today=today):
        counts = other.phase in (Phase.APPROVED, Phase.IN_FORCE, Phase.REPLACED)
        if counts and other.line == known.line and other.effective_from < known.effective_from:
            return other
    return None


def written_file(known: Known) -> Any:
    """The document of a version, as its file has it."""
    if known.version is not None:
        return json.loads(known.version.content)
    return known.content.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def look_again(known: Known, *, today: date) -> tuple[Fault, ...]:
    """What whoever approves a draft should look at, and what of it no longer fits by now."""
    if known.version is None:
        return ()
    try:
        return check_file(known.version.content, today=today).warnings
    except FileRefused as refusal:
        return (*refusal.faults, *refusal.warnings)
