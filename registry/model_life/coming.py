"""What is approved and still to come: for one household who asks, and as a notice to whoever would lose, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.accounts import recipient_of
from identity.tables import Account
from notifications.broadcast import Notice, notify_all
from notifications.messages import Template
from registry.dates import local_date
from registry.facts import IncompleteFacts
from registry.geography import UnknownPlace
from registry.model_life.checks import name_and_day
from registry.model_life.foreseeing import Foreseen, foresee
from registry.model_life.shelf import Content
from registry.model_life.tables import ModelNotice, ModelVersion, VersionStatus
from registry.model_life.versions import read
from registry.national.runs import MESSAGES_A_SECOND
from registry.rules.index_models import APPROVED_MODELS
from registry.rules.programme_files import APPROVED_PROGRAMMES
from registry.tables import Household, HouseholdStatus, IndexEvent, Membership, MembershipStatus
from registry.versions import Version, read_versions

PAGE: Final = "/household/coming-changes"
BATCH: Final = 100


@dataclass(frozen=True)
class Coming:
    """An approved version, its first day, and what it changes for a household; None where that cannot be said."""

    content: Content
    effective_from: date
    foreseen: Foreseen | None


def next_change(today: date) -> date | None:
    """The first day to come on which something approved begins."""
    return min((day for _, day in _to_come(today)), default=None)


def _to_come(today: date) -> list[tuple[Content, date]]:
    contents: list[Content] = [*APPROVED_MODELS.get(), *APPROVED_PROGRAMMES.get()]
    dated = [(content, name_and_day(content)[1]) for content in contents]
    return sorted((each for each in dated if each[1] > today), key=lambda each: each[1])


async def coming_for(session: AsyncSession, *, household_id: int, today: date) -> tuple[Coming, ...]:
    """What is to come for a household that has an index, the nearest day first."""
    to_come = _to_come(today)
    if not to_come:
        return ()
    version = (await _present(session, [household_id])).get(household_id)
    return tuple(
        Coming(content, day, _foreseen(content, version) if version else None) for content, day in to_come
    )


async def _present(session: AsyncSession, household_ids: Sequence[int]) -> dict[int, Version]:
    """The facts behind the present index of each active household."""
    found = await session.exec(
        select(Household.id, IndexEvent.declaration_id)
        .join(IndexEvent, col(IndexEvent.id) == Household.current_index_id)
        .where(col(Household.id).in_(household_ids), Household.status == HouseholdStatus.ACTIVE)
    )
    declarations = {row[0]: row[1] for row in found}
    versions = await read_versions(session, declaration_ids=list(declarations.values()))
    return {household: versions[declaration] for household, declaration in declarations.items()}


def _foreseen(content: Content, version: Version) -> Foreseen | None:
    try:
        return foresee(content, version.facts())
    except (IncompleteFacts, UnknownPlace):
        return None


async def tell_next(
    session: AsyncSession, *, now: datetime, limit: int = BATCH, pace: int = MESSAGES_A_SECOND
) -> int:
    """Tell the next households that would lose by something approved, every member with an account.

    Each is looked at again, on its facts of today. Returns how many were looked at, 0 when none is left.
    """
    taken = await _take(session, local_date(now), limit)
    if not taken:
        return 0
    version = await session.get_one(ModelVersion, taken[0].version_id)
    content = read(version).content
    present = await _present(session, [each.household_id for each in taken])
    losing = [
        household
        for household, facts in present.items()
        if (foreseen := _foreseen(content, facts)) is not None and foreseen.loses
    ]
    await _tell(session, version, losing, now, pace)
    for is_told, households in ((True, losing), (False, [each.household_id for each in taken])):
        await session.exec(
            update(ModelNotice)
            .where(
                col(ModelNotice.version_id) == version.id,
                col(ModelNotice.household_id).in_(households),
                col(ModelNotice.looked_at).is_(None),
            )
            .values(looked_at=now, is_told=is_told)
            .execution_options(synchronize_session=False)
        )
    return len(taken)


async def _take(session: AsyncSession, today: date, limit: int) -> Sequence[ModelNotice]:
    """The next of one version that nobody has taken."""
    nearest = await session.exec(
        select(ModelNotice.version_id)
        .join(ModelVersion, col(ModelVersion.id) == ModelNotice.version_id)
        .where(
            ModelVersion.status == VersionStatus.APPROVED,
            ModelVersion.effective_from > today,
            col(ModelNotice.looked_at).is_(None),
        )
        .order_by(col(ModelVersion.effective_from))
        .limit(1)
    )
    if (version_id := nearest.first()) is None:
        return ()
    found = await session.exec(
        select(ModelNotice)
        .where(ModelNotice.version_id == version_id, col(ModelNotice.looked_at).is_(None))
        .order_by(col(ModelNotice.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def _tell(
    session: AsyncSession, version: ModelVersion, households: Sequence[int], now: datetime, pace: int
) -> None:
    found = await session.exec(
        select(Account)
        .join(Membership, col(Membership.person_id) == Account.person_id)
        .where(
            col(Membership.household_id).in_(households),
            Membership.status == MembershipStatus.ACTIVE,
            col(Account.disabled_at).is_(None),
        )
        .order_by(col(Membership.id))
    )
    values = {"date": version.effective_from}
    notices = [Notice(recipient_of(account), Template.RULES_CHANGE, values, PAGE) for account in found]

    async def reserve(deliveries: int) -> list[datetime]:
        return await _reserve(session, version.id, deliveries, now, pace)

    await notify_all(session, notices, now=now, pace=reserve)


async def _reserve(
    session: AsyncSession, version_id: int, deliveries: int, now: datetime, pace: int
) -> list[datetime]:
    """The next free instants, so that all notices about the version together keep the pace."""
    version = await session.get_one(ModelVersion, version_id, with_for_update=True, populate_existing=True)
    begin, step = max(now, version.next_message_at or now), timedelta(seconds=1) / pace
    version.next_message_at = begin + deliveries * step
    session.add(version)
    await session.flush()
    return [begin + place * step for place in range(deliveries)]
