"""A model's life on both databases: tried on all, seen by nobody, approved by two, in force from its day."""

import asyncio
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import SQLModel, select

from app.model_dry_runs import try_version
from app.national import Order, recompute
from app.requests import Portal
from identity.roles import Role
from identity.tables import AuditEntry
from notifications.tables import Notification
from registry.centres.officers import NotAllowed
from registry.errors import ChangedMeanwhile, Refused
from registry.model_life import versions
from registry.model_life.checks import FileRefused
from registry.model_life.dry_runs import begin_dry_run, dry_run_statement, look_at_next
from registry.model_life.foreseeing import foresee
from registry.model_life.known import Phase, known_versions
from registry.model_life.reports import Crossings, crossings
from registry.model_life.shelf import Shelf
from registry.model_life.tables import DryRun, ModelApproval, ModelVersion, VersionStatus
from registry.model_life.versions import read
from registry.national.runs import AnotherRun, end_staging
from registry.national.staging import stage_next_chunk
from registry.national.tables import RecomputationRun, RecomputationStage
from registry.rules.index_models import models
from registry.rules.scoring import model_on
from registry.tables import Household, IndexEvent
from tests.app.conftest import Clock
from tests.app.officers import add_officer_account
from tests.registry.national_register import Chance, Home, write_homes
from tests.registry.test_model_files import next_asd, next_model

HOMES = 150
NAME, ASD = "ma-ise-2027", "asd-2027-01-01"


def dearer_model() -> str:
    """Everybody in town is told to be a little richer, farmers a little poorer."""
    document = next_model()
    document["zones"]["urban"]["constant"] = "10.325"
    document["zones"]["rural"]["constant"] = "8.195"
    return json.dumps(document)


@pytest.fixture
async def staff(portal: Portal) -> dict[str, int]:
    roles = {
        "proposer": Role.SUPERVISOR,
        "first": Role.SUPERVISOR,
        "second": Role.ADMINISTRATOR,
        "agent": Role.AGENT,
        "auditor": Role.AUDITOR,
    }
    return {
        name: (await add_officer_account(portal, name, role=role)).staff_id for name, role in roles.items()
    }


async def propose(portal: Portal, staff: dict[str, int], text: str, by: str = "proposer") -> ModelVersion:
    async with portal.writes() as session, session.begin():
        await Shelf().open(session)
        return await versions.propose(session, text=text, staff_id=staff[by], now=portal.clock())


async def try_on_all(portal: Portal, name: str) -> Crossings:
    nothing = lambda done, of: None  # noqa: E731
    tried = await try_version(
        portal, name, started_by="operator", staged=nothing, looked_at=nothing, chunk=40
    )
    async with portal.reads() as session:
        return await crossings(session, dry_run=tried)


async def approve(portal: Portal, staff: dict[str, int], by: str, version: ModelVersion) -> ModelVersion:
    async with portal.writes() as session, session.begin():
        await Shelf().open(session)
        return await versions.approve(
            session, name=version.name, sha256=version.sha256, staff_id=staff[by], now=portal.clock()
        )


async def count(portal: Portal, table: type[SQLModel]) -> int:
    async with portal.reads() as session:
        return (await session.scalar(core_select(func.count()).select_from(table))) or 0


async def homes_of(database: str) -> list[Home]:
    chance = Chance(Random(4))
    homes = [chance.home() for _ in range(HOMES)]
    await write_homes(database, homes, model="older", index="9.5")
    return homes


def by_hand(homes: list[Home], version: ModelVersion) -> tuple[Counter[tuple[str, str]], Decimal, int]:
    """Who crosses what, the money of all, and who loses: household by household, without any SQL."""
    foreseen = [foresee(read(version).content, home.facts) for home in homes]
    changes = [change for each in foreseen for change in each.changes]
    counted = Counter((change.programme, str(change.crossing)) for change in changes)
    return counted, sum((change.gain for change in changes), Decimal(0)), sum(each.loses for each in foreseen)


def told(found: Crossings) -> tuple[Counter[tuple[str, str]], Decimal, int]:
    rows = found.by_programme
    counted = Counter({(row.programme, row.crossing.value): row.households for row in rows})
    return counted, sum((row.monthly_mad for row in rows), Decimal(0)), found.losing


@pytest.mark.parametrize("text", [dearer_model(), json.dumps(next_asd())], ids=["model", "threshold"])
async def test_a_dry_run_finds_who_is_found_by_hand_and_nobody_sees_it(
    portal: Portal, database: str, staff: dict[str, int], text: str
) -> None:
    homes = await homes_of(database)
    nothing = lambda done, of: None  # noqa: E731
    order = Order(model=models()[-1], started_by="operator", pace=10, chunk=40)
    await recompute(portal, order, staged=nothing, published=nothing)
    before = [await count(portal, table) for table in (IndexEvent, Notification, Household)]
    version = await propose(portal, staff, text)
    found = await try_on_all(portal, version.name)
    assert told(found) == by_hand(homes, version)
    assert found.losing > 2
    for parts in (found.by_region, found.by_zone, found.by_type, found.by_size):
        assert sum(row.households for row in parts) == sum(row.households for row in found.by_programme)
        assert sum(row.monthly_mad for row in parts) == sum(row.monthly_mad for row in found.by_programme)
    assert [await count(portal, table) for table in (IndexEvent, Notification, Household)] == before
    async with portal.reads() as session:
        states = core_select(RecomputationStage.state, func.count()).group_by(RecomputationStage.state)
        looked_at = dict((await session.exec(states)).all())  # type: ignore[call-overload]
        assert 0 < looked_at["looked_at"] < HOMES
        report = (await session.exec(select(DryRun))).one().report
    assert sum(place["households"] for place in report["places"]) == HOMES
    again = await try_on_all(portal, version.name)
    assert told(again) == told(found)


async def test_a_dry_run_goes_on_where_it_was_stopped(
    portal: Portal, database: str, staff: dict[str, int]
) -> None:
    homes = await homes_of(database)
    version = await propose(portal, staff, dearer_model())
    content = read(version).content
    async with portal.writes() as session:
        dry_run = await begin_dry_run(
            session, version=version, chunk=40, started_by="operator", now=portal.clock()
        )
        run = await session.get_one(RecomputationRun, dry_run.run_id)
        statement = dry_run_statement(run, content, portal.engine.dialect.name)
        while await stage_next_chunk(session, run=run, statement=statement):
            pass
        await end_staging(session, run_id=run.id, now=portal.clock())
        await look_at_next(session, dry_run=dry_run, content=content, limit=30)
        await session.commit()
        await look_at_next(session, dry_run=dry_run, content=content, limit=30)
        await session.rollback()
    order = Order(model=models()[-1], started_by="operator", pace=10)
    with pytest.raises(AnotherRun, match="dry run"):
        await recompute(portal, order, staged=lambda *_: None, published=lambda *_: None)
    assert told(await try_on_all(portal, NAME)) == by_hand(homes, version)
    assert await count(portal, DryRun) == 1


async def test_a_new_text_begins_a_new_dry_run(portal: Portal, database: str, staff: dict[str, int]) -> None:
    homes = await homes_of(database)
    version = await propose(portal, staff, json.dumps(next_model()))
    async with portal.writes() as session, session.begin():
        await begin_dry_run(session, version=version, chunk=40, started_by="operator", now=portal.clock())
    version = await propose(portal, staff, dearer_model())
    assert told(await try_on_all(portal, NAME)) == by_hand(homes, version)


@pytest.fixture
async def tried(portal: Portal, staff: dict[str, int]) -> ModelVersion:
    version = await propose(portal, staff, dearer_model())
    await try_on_all(portal, version.name)
    return version


async def test_two_people_approve_and_every_process_counts_by_it_from_its_day(
    portal: Portal, staff: dict[str, int], tried: ModelVersion, clock: Clock
) -> None:
    assert (await approve(portal, staff, "first", tried)).status is VersionStatus.DRAFT
    assert (await approve(portal, staff, "second", tried)).status is VersionStatus.APPROVED
    async with portal.reads() as session:
        await Shelf().open(session)
        listed = {known.name: known.phase for known in await known_versions(session, today=date(2026, 3, 2))}
        later = {known.name: known.phase for known in await known_versions(session, today=date(2027, 1, 1))}
    assert model_on(date(2026, 12, 31)).name == "ma-ise-2021"
    assert model_on(date(2027, 1, 1)).name == NAME
    assert (listed[NAME], listed["ma-ise-2021"]) == (Phase.APPROVED, Phase.IN_FORCE)
    assert (later[NAME], later["ma-ise-2021"]) == (Phase.IN_FORCE, Phase.REPLACED)
    async with portal.reads() as session:
        noted = await session.exec(select(AuditEntry).where(AuditEntry.action == "model_approved"))
        assert [entry.details["approvals"] for entry in noted] == [1, 2]


async def test_who_may_not_approve(portal: Portal, staff: dict[str, int], tried: ModelVersion) -> None:
    for by, why in (("proposer", "own_proposal"), ("agent", "not_allowed"), ("auditor", "not_allowed")):
        with pytest.raises(Refused) as refused:
            await approve(portal, staff, by, tried)
        assert refused.value.code == why
    await approve(portal, staff, "first", tried)
    with pytest.raises(Refused) as refused:
        await approve(portal, staff, "first", tried)
    assert refused.value.code == "approved_by_you"
    with pytest.raises(NotAllowed):
        await propose(portal, staff, json.dumps(next_asd()), by="agent")
    assert await count(portal, ModelApproval) == 1


async def test_approvals_at_the_same_moment_have_one_effect(
    portal: Portal, staff: dict[str, int], tried: ModelVersion
) -> None:
    answers = await asyncio.gather(
        *(approve(portal, staff, by, tried) for by in ("first", "second") for _ in range(5)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) == 8
    assert all(isinstance(each, Refused) for each in refused), refused
    assert await count(portal, ModelApproval) == 2
    async with portal.reads() as session:
        found = await session.exec(select(AuditEntry).where(AuditEntry.action == "model_approved"))
        assert len(found.all()) == 2


async def test_another_text_voids_the_approvals_and_needs_another_dry_run(
    portal: Portal, staff: dict[str, int], tried: ModelVersion
) -> None:
    await approve(portal, staff, "first", tried)
    changed = await propose(portal, staff, json.dumps(next_model()))
    assert await count(portal, ModelApproval) == 0
    with pytest.raises(ChangedMeanwhile):
        await approve(portal, staff, "second", tried)
    with pytest.raises(Refused) as refused:
        await approve(portal, staff, "second", changed)
    assert refused.value.code == "no_dry_run"


async def test_the_calendar_may_have_moved_on(
    portal: Portal, staff: dict[str, int], tried: ModelVersion, clock: Clock
) -> None:
    clock.now = clock.now.replace(month=12, day=20)
    with pytest.raises(Refused) as refused:
        await approve(portal, staff, "first", tried)
    assert refused.value.code == "too_soon"


async def withdraw(portal: Portal, staff: dict[str, int], name: str) -> ModelVersion:
    async with portal.writes() as session, session.begin():
        return await versions.withdraw(session, name=name, staff_id=staff["first"], now=portal.clock())


async def test_a_version_is_withdrawn_before_its_day_and_not_after(
    portal: Portal, staff: dict[str, int], tried: ModelVersion, clock: Clock
) -> None:
    for by in ("first", "second"):
        await approve(portal, staff, by, tried)
    with pytest.raises(FileRefused, match="overlaps with ma-ise-2027"):
        await propose(portal, staff, dearer_model().replace(NAME, "ma-ise-2027b"))
    begun = clock.now
    clock.now = begun.replace(month=12, day=31)
    with pytest.raises(Refused):
        await withdraw(portal, staff, NAME)
    clock.now = begun
    assert (await withdraw(portal, staff, NAME)).status is VersionStatus.WITHDRAWN
    async with portal.reads() as session:
        await Shelf().open(session)
    assert model_on(date(2027, 6, 1)).name == "ma-ise-2021"
    again = await propose(portal, staff, dearer_model())
    assert (again.status, await count(portal, ModelApproval)) == (VersionStatus.DRAFT, 0)


async def test_a_programme_approved_earlier_is_part_of_the_later_one(
    portal: Portal, staff: dict[str, int]
) -> None:
    version = await propose(portal, staff, json.dumps(next_asd()))
    await try_on_all(portal, ASD)
    for by in ("first", "second"):
        await approve(portal, staff, by, version)
    with pytest.raises(FileRefused, match="nothing is new"):
        await propose(portal, staff, json.dumps(next_asd()))
    later: Any = next_asd()
    later["rules"].append({"kind": "threshold", "effective_from": "2028-01-01", "at_or_below": "9.5"})
    second = await propose(portal, staff, json.dumps(later))
    await try_on_all(portal, second.name)
    for by in ("first", "second"):
        await approve(portal, staff, by, second)
    with pytest.raises(Refused):
        await withdraw(portal, staff, ASD)
    await withdraw(portal, staff, second.name)
    await withdraw(portal, staff, ASD)
