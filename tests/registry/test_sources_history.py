"""Whatever citizens, sources, officers and the clock do, in whatever order: no past value is removed or changed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import create_engine, session_factory
from registry.indexes import score_version
from registry.requests.asking import request_recomputation
from registry.requests.corrections import NothingChanged
from registry.requests.decisions import correct_facts
from registry.requests.source_decisions import count_sources, use_source
from registry.sources.answering import receive
from registry.sources.contradictions import contradictions_of
from registry.sources.port import Answer
from registry.sources.queue import ask_everybody, take
from registry.sources.tables import ContradictionStatus
from registry.tables import Household, IndexEvent, RequestReason
from registry.versions import read_version
from tests.conftest import NOW
from tests.databases import run_apart
from tests.registry.family import Family, add_officer, declare, settled_family
from tests.registry.worked_households import urban_home

KEPT = ("declaration", "declared_member", "source_fact", "index_event", "eligibility")
CARS = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("declare"), CARS),
    st.tuples(st.just("source"), CARS),
    st.tuples(st.just("use"), st.none()),
    st.tuples(st.just("correct"), CARS),
    st.tuples(st.just("wait"), st.none()),
)


async def everything(session: AsyncSession) -> set[tuple[Any, ...]]:
    kept = set()
    for table in KEPT:
        rows = await session.exec(text(f"SELECT * FROM {table}"))  # type: ignore[call-overload]
        kept |= {(table, *(str(value) for value in row)) for row in rows}
    return kept


async def step(session: AsyncSession, family: Family, what: str, cars: int | None, now: datetime) -> None:
    hassan = family.hassan.id
    match what:
        case "declare":
            await declare(session, family.hassan, now, home=urban_home(cars=cars))
        case "source":
            await ask_everybody(session, source="vehicles", now=now, again=True)
            for taken in await take(session, source="vehicles", now=now):
                answer = Answer(family.hassan.identifier, "cars", str(cars), date(2026, 2, 20), "V-1")
                said = [answer] if answer.identifier in taken.people else []
                await receive(session, source="vehicles", taken=[taken], answers=said, now=now)
        case "use":
            household = await of(session, family)
            for row in await contradictions_of(session, household_id=household.id):
                if row.status is ContradictionStatus.OPEN:
                    await use_source(
                        session, person_id=hassan, reference=row.reference, language="fr", now=now
                    )
        case "correct":
            await correct(session, family, cars, now)
        case "wait":
            await count_sources(session, now=now)


async def correct(session: AsyncSession, family: Family, cars: int | None, now: datetime) -> None:
    request = await request_recomputation(
        session, person_id=family.hassan.id, reason=RequestReason.OTHER, words="Look.", now=now
    )
    agent = await add_officer(session, request.centre_code, now)
    decided = {"staff_id": agent, "reference": request.reference, "words": "Seen.", "now": now}
    try:
        await correct_facts(session, changed={"cars": cars}, **decided)
    except NothingChanged:
        await correct_facts(session, changed={"cars": cars, "rooms": now.day % 29 + 1}, **decided)


async def of(session: AsyncSession, family: Family) -> Household:
    found = await session.exec(
        Household.__table__.select().where(Household.head_person_id == family.hassan.id)  # type: ignore
    )
    return await session.get_one(Household, found.one().id, populate_existing=True)


async def live(address: str, steps: Sequence[tuple[str, int | None]]) -> None:
    engine = create_engine(address)
    try:
        async with session_factory(engine)() as session, session.begin():
            family = await settled_family(session, NOW)
            before = await everything(session)
            for number, (what, cars) in enumerate(steps, start=1):
                now = NOW + number * timedelta(days=40)
                index_before = (await of(session, family)).current_index_id
                await step(session, family, what, cars, now)
                await session.flush()
                after = await everything(session)
                assert before <= after, f"{what} removed or changed {before - after}"
                before = after
                household = await of(session, family)
                if what == "source":
                    assert household.current_index_id == index_before, "a source alone changes no index"
                event = await session.get_one(IndexEvent, household.current_index_id)
                version = await read_version(session, declaration_id=household.current_declaration_id or 0)
                assert (event.declaration_id, event.index) == (
                    version.declaration.id,
                    score_version(version, now)[0].index,
                )
            await session.rollback()
    finally:
        await engine.dispose()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=1, max_size=5))
def test_no_sequence_removes_a_past_value(database: str, steps: list[tuple[str, int | None]]) -> None:
    run_apart(lambda: live(database, steps))
