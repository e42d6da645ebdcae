"""A recomputation of the country, from the first chunk to the last message, on both databases."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, update
from sqlalchemy import select as core_select
from sqlmodel import SQLModel, col, select

from app.db import Sessions
from app.main import create_portal
from app.national import Order, recompute
from app.requests import Portal
from app.settings import read_settings
from identity.tables import AuditEntry
from notifications.messages import Template
from notifications.tables import Delivery, Notification
from registry.indexes import ledger
from registry.national.publishing import TwoIndexes
from registry.national.runs import AnotherRun, RunRefused, abandon
from registry.national.summary import moves
from registry.national.tables import RecomputationRun, RecomputationStage, RunStatus
from registry.rules.scoring import IndexModel, models
from registry.rules.variables import index_of
from registry.tables import Eligibility, Household, IndexEvent, IndexReason
from registry.versions import read_version
from tests.databases import stop_with_parent
from tests.registry.family import declare, settled_family, told, transaction
from tests.registry.national_register import Chance, later_model, write_homes
from tests.registry.worked_households import urban_home

LATER = later_model()
IN_FORCE = models()[-1]
HOMES = 150
KILLED_HOMES = 300
KILLS = 2
HOMES_OF_PROMISED_KILLS, PROMISED_KILLS = 4_000, 20
AFTER = datetime(2026, 3, 2, 9, 31, tzinfo=UTC)


def environment(database: str, directory: Path) -> dict[str, str]:
    return {
        "TIWIZI_MODE": "demonstration",
        "TIWIZI_DATABASE_URL": database,
        "TIWIZI_DATA_DIR": str(directory),
        "TIWIZI_WORKER": "separate",
    }


@pytest.fixture
async def portal(database: str, tmp_path: Path) -> AsyncIterator[Portal]:
    portal = create_portal(read_settings(environment(database, tmp_path)))
    yield replace(portal, clock=lambda: AFTER)
    await portal.engine.dispose()
    await portal.reading.dispose()


def order(model: IndexModel, **options: Any) -> Order:
    return Order(**{"model": model, "started_by": "operator", "pace": 10, "chunk": 40} | options)


async def run_whole(portal: Portal, model: IndexModel, **options: Any) -> RecomputationRun:
    nothing = lambda done, of: None  # noqa: E731
    return await recompute(portal, order(model, **options), staged=nothing, published=nothing)


async def written(portal: Portal, database: str, homes: int = HOMES) -> None:
    chance = Chance(Random(11))
    await write_homes(database, [chance.home() for _ in range(homes)], model="older", index="9.5")


async def all_rows(portal: Portal, table: type[SQLModel]) -> list[Any]:
    async with portal.reads() as session:
        found = await session.exec(select(table).order_by(table.id))  # type: ignore[attr-defined]
        return list(found)


async def test_a_new_model_gives_the_family_a_new_ledger_and_tells_both_adults(
    portal: Portal, sessions: Sessions, now: datetime
) -> None:
    async with transaction(sessions) as session:
        family = await settled_family(session, now)
        told_before = len(await told(session, family.fatima))
    run = await run_whole(portal, LATER)
    assert run.status is RunStatus.PUBLISHED
    assert run.unfinished is None
    nothing = dict.fromkeys(("same", "unscorable", "changed", "overtaken", "looked_at"), 0)
    assert run.counts == nothing | {"published": 1}
    async with transaction(sessions) as session:
        household = (await session.exec(select(Household))).one()
        event = await session.get_one(IndexEvent, household.current_index_id)
        version = await read_version(session, declaration_id=event.declaration_id)
        assert event.reason is IndexReason.MODEL
        assert event.model == LATER.name
        assert event.computed_at == run.cut_off
        assert event.index == index_of(version.facts(), LATER).index
        assert sum(line.points for line in ledger(event.lines)) == event.index
        decided = await session.exec(
            select(Eligibility).where(Eligibility.index_event_id == event.id).order_by(col(Eligibility.id))
        )
        assert [(each.programme, each.outcome) for each in decided] == [
            (each["programme"], each["outcome"]) for each in event.decisions
        ]
        assert (await told(session, family.fatima))[told_before:][0] == Template.INDEX_RECOMPUTED
        assert len(await told(session, family.hassan)) > 0
        noted = (await session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc()))).first()
        assert noted is not None
        assert noted.details["run"] == run.reference


async def test_only_what_changed_is_written_and_told(portal: Portal, database: str) -> None:
    await written(portal, database)
    first = await run_whole(portal, IN_FORCE)
    assert first.counts["published"] == HOMES
    async with portal.writes() as session:
        changed = [3, 77, HOMES]
        await session.exec(
            update(IndexEvent).where(col(IndexEvent.household_id).in_(changed)).values(index=Decimal("9.7"))
        )
        await session.commit()
    before = len(await all_rows(portal, Notification))
    second = await run_whole(portal, IN_FORCE)
    assert second.counts["published"] == 3
    assert second.counts["same"] == HOMES - 3
    events = await all_rows(portal, IndexEvent)
    assert [event.household_id for event in events[2 * HOMES :]] == changed
    told_again = (await all_rows(portal, Notification))[before:]
    assert {message.person_id for message in told_again} == set(changed)


async def test_a_run_that_ended_does_nothing_again(portal: Portal, database: str) -> None:
    await written(portal, database)
    first = await run_whole(portal, IN_FORCE, cut_off=AFTER)
    state = await final_state(portal)
    again = await run_whole(portal, IN_FORCE, cut_off=AFTER)
    assert again.id == first.id
    another = await run_whole(portal, IN_FORCE, cut_off=AFTER - timedelta(seconds=1))
    assert another.id != first.id
    assert another.counts["overtaken"] == HOMES
    later = await run_whole(portal, IN_FORCE)
    assert later.counts["published"] == 0
    assert await final_state(portal) == state


async def test_what_a_citizen_declares_during_the_run_stays(
    portal: Portal, sessions: Sessions, now: datetime, database: str
) -> None:
    async with transaction(sessions) as session:
        family = await settled_family(session, now)
    run = await run_whole(portal, LATER, stage_only=True)
    assert run.status is RunStatus.STAGED
    assert [event.model for event in await all_rows(portal, IndexEvent)] == [IN_FORCE.name]
    async with transaction(sessions) as session:
        await declare(session, family.hassan, AFTER + timedelta(seconds=5), home=urban_home(cars=1))
    run = await run_whole(portal, LATER)
    assert run.counts["overtaken"] == 1
    assert run.counts["published"] == 0
    household = (await all_rows(portal, Household))[0]
    events = await all_rows(portal, IndexEvent)
    assert household.current_index_id == events[-1].id
    assert [event.reason for event in events] == [IndexReason.FIRST, IndexReason.DECLARATION]


async def test_what_was_declared_after_the_cut_off_is_not_even_staged(
    portal: Portal, sessions: Sessions, now: datetime
) -> None:
    async with transaction(sessions) as session:
        await settled_family(session, now)
    run = await run_whole(portal, LATER, cut_off=now - timedelta(days=1))
    assert run.counts["overtaken"] == 1
    assert len(await all_rows(portal, IndexEvent)) == 1


async def test_messages_keep_the_pace(portal: Portal, database: str) -> None:
    await written(portal, database, 30)
    run = await run_whole(portal, IN_FORCE)
    deliveries = await all_rows(portal, Delivery)
    assert run.messages == len(deliveries) > 30
    instants = sorted(delivery.available_at for delivery in deliveries)
    assert instants == [AFTER + place * timedelta(seconds=1) / run.pace for place in range(len(instants))]
    assert {message.created_at for message in await all_rows(portal, Notification)} == {AFTER}


async def test_one_run_at_a_time_and_none_in_the_future(portal: Portal, database: str) -> None:
    await written(portal, database, 5)
    await run_whole(portal, LATER, stage_only=True)
    with pytest.raises(AnotherRun):
        await run_whole(portal, IN_FORCE)
    with pytest.raises(AnotherRun):
        await run_whole(portal, LATER, cut_off=AFTER - timedelta(days=1))
    async with portal.writes() as session:
        given_up = await abandon(session, now=AFTER)
        await session.commit()
    assert given_up is not None
    assert len(await all_rows(portal, IndexEvent)) == 5
    with pytest.raises(RunRefused, match="still to come"):
        await run_whole(portal, IN_FORCE, cut_off=AFTER + timedelta(days=1))
    assert (await run_whole(portal, IN_FORCE)).status is RunStatus.PUBLISHED


async def test_an_index_that_is_not_the_references_stops_everything(portal: Portal, database: str) -> None:
    await written(portal, database, 5)
    await run_whole(portal, IN_FORCE, stage_only=True)
    async with portal.writes() as session:
        await session.exec(
            update(RecomputationStage)
            .where(col(RecomputationStage.household_id) == 4)
            .values(index=RecomputationStage.index + 1)  # type: ignore[operator]
        )
        await session.commit()
    with pytest.raises(TwoIndexes, match="in the database"):
        await run_whole(portal, IN_FORCE)
    assert len(await all_rows(portal, IndexEvent)) == 5
    assert await all_rows(portal, Notification) == []


async def test_the_summary_counts_who_crosses_a_threshold(portal: Portal, database: str) -> None:
    await written(portal, database)
    run = await run_whole(portal, IN_FORCE)
    events = (await all_rows(portal, IndexEvent))[HOMES:]
    decided = [{each["programme"]: each["outcome"] for each in event.decisions} for event in events]
    async with portal.reads() as session:
        moved = await moves(session, run=run, model=IN_FORCE)
    # All of them stood at 9.5: above the threshold of AMO Tadamon, and below the one of ASD.
    assert {each.programme: (each.opened, each.closed) for each in moved.crossings} == {
        "amo_tadamon": (sum(each["amo_tadamon"] == "open" for each in decided), 0),
        "asd": (0, sum(each["asd"] == "closed" for each in decided)),
        "amo_achamil": (0, sum(each["amo_achamil"] == "closed" for each in decided)),
    }
    assert moved.rising == sum(event.index > Decimal("9.5") for event in events)


async def test_who_has_to_declare_anew_keeps_the_index_and_is_counted(portal: Portal, database: str) -> None:
    chance = Chance(Random(3), missing=0.05)
    await write_homes(database, [chance.home() for _ in range(40)], model="older", index="9.5")
    run = await run_whole(portal, IN_FORCE)
    assert run.counts["unscorable"] > 10
    assert (
        run.counts["published"]
        == 40 - run.counts["unscorable"]
        == len(await all_rows(portal, IndexEvent)) - 40
    )


async def test_several_take_chunks_and_batches_without_taking_one_twice(
    postgresql: str, tmp_path: Path
) -> None:
    portal = replace(create_portal(read_settings(environment(postgresql, tmp_path))), clock=lambda: AFTER)
    try:
        await written(portal, postgresql)
        run = await run_whole(portal, IN_FORCE, connections=4, chunk=7)
        assert run.counts["published"] == HOMES
        assert len(await all_rows(portal, IndexEvent)) == 2 * HOMES
    finally:
        await portal.engine.dispose()


async def final_state(portal: Portal) -> dict[str, list[Any]]:
    """All that anybody can see, without random references and without the order in which ids were given."""
    wanted = {
        Household: ("id", "version"),
        IndexEvent: ("household_id", "model", "index", "lines", "decisions", "reason", "computed_at"),
        Eligibility: ("household_id", "programme", "outcome", "monthly_mad", "rule", "decided_at"),
        Notification: ("person_id", "template", "language", "values", "link"),
        Delivery: ("channel", "address", "language", "status"),
        AuditEntry: ("household_id", "action", "reference", "at"),
    }
    async with portal.reads() as session:
        state = {}
        for table, columns in wanted.items():
            found = await session.exec(core_select(*(getattr(table, column) for column in columns)))
            state[table.__tablename__] = sorted(repr(tuple(row)) for row in found)
        current = core_select(IndexEvent.household_id, IndexEvent.model).join(  # type: ignore[call-overload]
            Household, col(Household.current_index_id) == col(IndexEvent.id)
        )
        state["current"] = sorted(repr(tuple(row)) for row in await session.exec(current))
        return state


def tiwizi_recompute(database: str, directory: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from app.cli import main; main()", "recompute", *options]
    return subprocess.Popen(
        command,
        env=os.environ | environment(database, directory),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=stop_with_parent,
    )


def ended(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


async def one_more_step(portal: Portal, process: subprocess.Popen[str]) -> None:
    before = await steps(portal)
    while process.poll() is None and await steps(portal) == before:  # noqa: ASYNC110 -- in a database.
        await asyncio.sleep(0.01)


async def steps(portal: Portal) -> int:
    async with portal.reads() as session:
        staged = await session.scalar(core_select(func.count()).select_from(RecomputationStage))
        events = await session.scalar(core_select(func.count()).select_from(IndexEvent))
    return (staged or 0) + (events or 0)


async def test_killed_at_any_point_it_ends_as_if_it_had_not_been(
    database: str, portal: Portal, tmp_path: Path, request: pytest.FixtureRequest, full_size: bool
) -> None:
    homes, kills = (HOMES_OF_PROMISED_KILLS, PROMISED_KILLS) if full_size else (KILLED_HOMES, KILLS)
    await written(portal, database, homes)
    options = ("--model", IN_FORCE.name, "--cut-off", "2026-03-02T09:31:00+0000", "--chunk", "20")
    random, killed = Random(5), 0
    while killed < kills:
        process = tiwizi_recompute(database, tmp_path, *options)
        await one_more_step(portal, process)
        try:
            process.wait(timeout=random.random() * 0.3)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
    assert "published" in ended(tiwizi_recompute(database, tmp_path, *options))
    resumed = await final_state(portal)
    assert killed == kills
    fixture = "sqlite_template" if database.startswith("sqlite") else "postgres"
    with request.getfixturevalue(fixture).fresh() as untouched:
        other = create_portal(read_settings(environment(untouched, tmp_path)))
        try:
            await written(other, untouched, homes)
            ended(tiwizi_recompute(untouched, tmp_path, *options))
            undisturbed = await final_state(other)
        finally:
            await other.engine.dispose()
            await other.reading.dispose()
    for table, rows in undisturbed.items():
        assert resumed[table] == rows, table
