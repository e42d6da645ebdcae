"""The register of the benchmarks is written in SQL: it has to fit the tables as they are, in every column."""

from pathlib import Path

import asyncpg
from sqlmodel import select

from app.main import create_portal
from app.national import Order, recompute
from app.sources import ask_about
from benchmarks.national_register import CHANGED_ONE_IN, fill
from benchmarks.recompute import dsn_of
from benchmarks.worlds import settings_for
from registry.national.runs import count_states
from registry.national.tables import StageState
from registry.rules.scoring import models
from registry.sources.files import HEADER, FileSource
from registry.sources.tables import Contradiction, FactMarks
from registry.versions import read_version

HOUSEHOLDS = 200


async def test_the_register_is_recomputed_and_asked_about(postgresql: str, tmp_path: Path) -> None:
    model = models()[-1]
    connection = await asyncpg.connect(**dsn_of(postgresql))
    await fill(connection, households=HOUSEHOLDS, model=model, everybody=True)
    await connection.close()
    portal = create_portal(settings_for(postgresql, tmp_path))
    unseen = lambda done, of: None  # noqa: E731
    order = Order(model=model, started_by="operator", pace=1, stage_only=True)
    run = await recompute(portal, order, staged=unseen, published=unseen)
    async with portal.reads() as session:
        states = await count_states(session, run_id=run.id)
        version = await read_version(session, declaration_id=1)
    changed = HOUSEHOLDS // CHANGED_ONE_IN
    assert states[StageState.CHANGED.value] == changed
    assert states[StageState.SAME.value] == HOUSEHOLDS - changed
    assert version.facts().members[0].person_id == 1
    path = tmp_path / "vehicles.csv"
    lines = [HEADER, *((f"{n:010}", "cars", "9", "2024-01-01", f"V-{n}") for n in range(1, HOUSEHOLDS + 1))]
    path.write_text("".join(f"{','.join(cells)}\n" for cells in lines), "utf-8")
    source = FileSource("vehicles", path)
    done = await ask_about(portal, {"vehicles": source}, household=None, again=False, show=unseen)
    async with portal.reads() as session:
        marks = (await session.exec(select(FactMarks))).all()
        found = (await session.exec(select(Contradiction))).all()
    assert (done["answered"], done["failed"], len(marks)) == (HOUSEHOLDS, 0, HOUSEHOLDS)
    assert done["contradictions"] == len(found) > HOUSEHOLDS / 3, "where cars count, nine contradict"
    await portal.engine.dispose()
