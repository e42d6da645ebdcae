"""A version's life: proposed, approved by two people who did not propose it, in force from its day, or withdrawn.

Whoever proposes a draft anew with another text begins its life again: earlier approvals were of what is no more.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.roles import Duty
from registry.acts import Act
from registry.centres.officers import officer_with
from registry.dates import local_date
from registry.errors import ChangedMeanwhile, NotFound, Refused
from registry.model_life.checks import Checked, FileRefused, ModelKind, check_file, read_content
from registry.model_life.documents import Fault
from registry.model_life.shelf import Content
from registry.model_life.tables import (
    DryRun,
    ModelApproval,
    ModelNotice,
    ModelVersion,
    VersionStatus,
)
from registry.national.runs import abandon, unfinished_run
from registry.rows import insert_unless_taken
from registry.rules.index_models import IndexModel

APPROVALS_NEEDED: Final = 2
# Between the second approval and the first day: time to tell whoever would lose, and for them to act.
NOTICE: Final = timedelta(days=15)
# On the last day before it counts, a withdrawal could reach some processes after midnight.
LAST_WITHDRAWAL: Final = timedelta(days=1)


class OwnProposal(Refused):
    """Whoever proposes a version does not approve it."""

    code = "own_proposal"


class ApprovedByYou(Refused):
    """The second approval is another person's."""

    code = "approved_by_you"


class NoDryRun(Refused):
    """Nobody approves what nobody has tried on all households."""

    code = "no_dry_run"


class TooSoon(Refused):
    """Whoever would lose could not be told in time."""

    code = "too_soon"


class NotOpen(Refused):
    """The version is no draft any more, or it can no longer be withdrawn."""

    code = "not_open"


class NoLongerFits(Refused):
    """What is in force, or the calendar, has moved on since the version was proposed."""

    code = "no_longer_fits"


class DraftThere(Refused):
    """A draft of this name is another person's, or approved by somebody: whoever replaces it says so."""

    code = "draft_there"


async def propose(
    session: AsyncSession,
    *,
    text: str,
    staff_id: int,
    now: datetime,
    operator: str | None = None,
    replaces: bool = True,
) -> ModelVersion:
    """Keep a file as a draft, or as the new text of the draft of this name.

    `operator` is who typed the command, where there was one. Unless `replaces`, only one's own draft that nobody has
    approved gets another text. Raises NotAllowed, FileRefused, DraftThere.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.APPROVE_MODELS)
    checked = check_file(text, today=local_date(now))
    version = await _draft_of(session, checked, staff_id, now, replaces=replaces)
    await record(
        session,
        actor=officer(staff.id or 0),
        action=Act.MODEL_PROPOSED,
        details={"model": version.name, "sha256": version.sha256, "operator": operator},
        now=now,
    )
    return version


async def _draft_of(
    session: AsyncSession, checked: Checked, staff_id: int, now: datetime, *, replaces: bool
) -> ModelVersion:
    values = {
        "kind": checked.kind,
        "content": checked.text,
        "sha256": checked.sha256,
        "status": VersionStatus.DRAFT,
        "effective_from": checked.effective_from,
        "proposed_by": staff_id,
        "proposed_at": now,
    }
    version_id = await insert_unless_taken(session, ModelVersion, name=checked.name, **values)
    if version_id is not None:
        return await session.get_one(ModelVersion, version_id)
    version = await lock_version(session, name=checked.name)
    if version.status is VersionStatus.APPROVED:
        fault = Fault(
            "name", f"{checked.name} is approved: it is withdrawn first, or a new model takes a new name"
        )
        raise FileRefused((fault,))
    if version.status is VersionStatus.DRAFT and version.sha256 == checked.sha256:
        return version
    if not replaces and await _is_others(session, version, staff_id):
        raise DraftThere
    await _give_up_dry_run(session, version, now)
    for voided in (ModelApproval, ModelNotice):
        await session.exec(delete(voided).where(col(voided.version_id) == version.id))
    version.sqlmodel_update(values | {"withdrawn_by": None, "withdrawn_at": None})
    session.add(version)
    await session.flush()
    return version


async def _is_others(session: AsyncSession, version: ModelVersion, staff_id: int) -> bool:
    if version.status is not VersionStatus.DRAFT:
        return False
    return version.proposed_by != staff_id or bool(await approvals_of(session, version=version))


async def _give_up_dry_run(session: AsyncSession, version: ModelVersion, now: datetime) -> None:
    """Nobody waits for what a text would change that is no more."""
    run = await unfinished_run(session)
    if run is not None and run.is_dry_run and run.model == version.name:
        await abandon(session, now=now)


async def lock_version(session: AsyncSession, *, name: str) -> ModelVersion:
    """The version, which nobody else changes until the end of the transaction. Raises NotFound."""
    found = await session.exec(
        select(ModelVersion)
        .where(ModelVersion.name == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    version = found.one_or_none()
    if version is None:
        raise NotFound
    return version


async def approve(
    session: AsyncSession, *, name: str, sha256: str, staff_id: int, now: datetime
) -> ModelVersion:
    """Approve the text of this digest. With the second person's approval the version counts from its day on.

    Raises NotAllowed, NotFound, NotOpen, ChangedMeanwhile, OwnProposal, NoDryRun, TooSoon, NoLongerFits, ApprovedByYou.
    """
    await officer_with(session, staff_id=staff_id, duty=Duty.APPROVE_MODELS)
    version = await lock_version(session, name=name)
    await _check_approvable(session, version, sha256, staff_id, now)
    given = {"version_id": version.id, "staff_id": staff_id, "sha256": sha256, "approved_at": now}
    if await insert_unless_taken(session, ModelApproval, **given) is None:
        raise ApprovedByYou
    approvals = await _count_approvals(session, version)
    if approvals >= APPROVALS_NEEDED:
        version.status, version.approved_at = VersionStatus.APPROVED, now
        session.add(version)
    await record(
        session,
        actor=officer(staff_id),
        action=Act.MODEL_APPROVED,
        details={"model": name, "sha256": sha256, "approvals": approvals},
        now=now,
    )
    return version


async def _check_approvable(
    session: AsyncSession, version: ModelVersion, sha256: str, staff_id: int, now: datetime
) -> None:
    if version.status is not VersionStatus.DRAFT:
        raise NotOpen
    if version.sha256 != sha256:
        raise ChangedMeanwhile
    if version.proposed_by == staff_id:
        raise OwnProposal
    if await finished_dry_run(session, version=version) is None:
        raise NoDryRun
    today = local_date(now)
    if version.effective_from < today + NOTICE:
        raise TooSoon
    try:
        check_file(version.content, today=today)
    except FileRefused:
        raise NoLongerFits from None


async def _count_approvals(session: AsyncSession, version: ModelVersion) -> int:
    counted = await session.scalar(
        select(func.count(func.distinct(ModelApproval.staff_id))).where(
            ModelApproval.version_id == version.id,
            ModelApproval.sha256 == version.sha256,
            ModelApproval.staff_id != version.proposed_by,
        )
    )
    return counted or 0


async def withdraw(session: AsyncSession, *, name: str, staff_id: int, now: datetime) -> ModelVersion:
    """Take a version back before it counts. Raises NotAllowed, NotFound, NotOpen."""
    await officer_with(session, staff_id=staff_id, duty=Duty.APPROVE_MODELS)
    version = await lock_version(session, name=name)
    if not may_be_withdrawn(version, local_date(now)) or await _carries_others(session, version):
        raise NotOpen
    await _give_up_dry_run(session, version, now)
    version.status, version.withdrawn_by, version.withdrawn_at = VersionStatus.WITHDRAWN, staff_id, now
    session.add(version)
    await record(
        session,
        actor=officer(staff_id),
        action=Act.MODEL_WITHDRAWN,
        details={"model": name, "sha256": version.sha256},
        now=now,
    )
    return version


def may_be_withdrawn(version: ModelVersion, today: date) -> bool:
    if version.status is VersionStatus.DRAFT:
        return True
    return version.status is VersionStatus.APPROVED and version.effective_from > today + LAST_WITHDRAWAL


async def _carries_others(session: AsyncSession, version: ModelVersion) -> bool:
    """A later version of a programme tells this one's rule too: the later one goes first."""
    if version.status is VersionStatus.DRAFT or version.kind is not ModelKind.PROGRAMME:
        return False
    code = read(version).content
    later = await session.exec(
        select(ModelVersion).where(
            ModelVersion.kind == ModelKind.PROGRAMME,
            ModelVersion.status == VersionStatus.APPROVED,
            col(ModelVersion.effective_from) > version.effective_from,
        )
    )
    return any(_code(read(each).content) == _code(code) for each in later)


def _code(content: Content) -> str:
    return "" if isinstance(content, IndexModel) else content.code


def read(version: ModelVersion) -> Checked:
    return read_content(version.kind, json.loads(version.content))


async def find_version(session: AsyncSession, *, name: str) -> ModelVersion:
    """Raises NotFound."""
    found = (await session.exec(select(ModelVersion).where(ModelVersion.name == name))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def approvals_of(session: AsyncSession, *, version: ModelVersion) -> Sequence[ModelApproval]:
    """The approvals of the text as it is, in their order."""
    found = await session.exec(
        select(ModelApproval)
        .where(ModelApproval.version_id == version.id, ModelApproval.sha256 == version.sha256)
        .order_by(col(ModelApproval.id))
    )
    return found.all()


async def finished_dry_run(session: AsyncSession, *, version: ModelVersion) -> DryRun | None:
    """The newest one of this very text since it was proposed: whom an earlier one noted was forgotten with the text."""
    found = await session.exec(
        select(DryRun)
        .where(
            DryRun.version_id == version.id,
            DryRun.sha256 == version.sha256,
            DryRun.cut_off >= version.proposed_at,
            col(DryRun.finished_at).is_not(None),
        )
        .order_by(col(DryRun.id).desc())
        .limit(1)
    )
    return found.one_or_none()
