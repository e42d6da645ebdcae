"""T-22, SQL in answers: nothing that a visitor sends ever becomes part of a statement.

The proof is exact: every statement that reaches the database is looked at, while a mark is sent through every address,
every parameter of an address and every field of every form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import event, text

from app.requests import Portal
from app.rights import RIGHTS
from tests.app.access_table import ACCESS
from tests.app.attacks import KEYS, Attack, encoded
from tests.app.scenes import Scene, Scenes
from tests.app.standing import Visitors
from tests.app.test_every_route import read_from_addresses
from tests.app.town import Town

MARK = "zq9canary"
HOSTILE = (
    f"{MARK}' OR '1'='1",
    f"{MARK}'; DROP TABLE person; --",
    f'{MARK}" UNION SELECT * FROM staff --',
    f"{MARK}\\' OR 1=1 /*",
    f"0) OR {MARK}(1",
    f"%' AND {MARK} LIKE '%",
)
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@contextmanager
def statements(portal: Portal) -> Iterator[list[str]]:
    seen: list[str] = []

    def look(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engines = [portal.engine.sync_engine, portal.reading.sync_engine]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", look)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", look)


def threes() -> Iterator[tuple[str, ...]]:
    """Half of the texts for one form, and half for the next."""
    return cycle((HOSTILE[:3], HOSTILE[3:]))


def marked(seen: list[str]) -> list[str]:
    return [statement for statement in seen if MARK in statement]


@only_sqlite
async def test_no_address_becomes_a_statement(portal: Portal, visitors: Visitors, town: Town) -> None:
    with statements(portal) as seen:
        for route, value in (
            (route, value) for route, values in zip(RIGHTS, threes(), strict=False) for value in values
        ):
            if route.startswith("!") or "GET" not in RIGHTS[route]:
                continue
            who = "officer" if route.startswith("/staff") else ACCESS[route].owner
            path = "/".join(quote(value, safe="") if "{" in part else part for part in route.split("/"))
            asked = "&".join(f"{name}={quote(value)}" for name in read_from_addresses())
            async with visitors.browser(who).http as http:
                answer = await http.get(f"/fr{path}?{asked}", follow_redirects=False)
            assert answer.status_code < 500, route
    assert len(seen) > 100
    assert marked(seen) == []


def hostile(scene: Scene, value: str) -> Attack:
    """The form with the same text in every field, but for what lets it in."""
    pairs = [(name, each if name in KEYS else value) for name, each in scene.attacks.pairs]
    body, media_type = encoded(pairs, upload=scene.form.is_upload)
    return Attack("hostile", body, media_type, tuple(pairs))


@only_sqlite
async def test_no_answer_becomes_a_statement(portal: Portal, scenes: Scenes) -> None:
    with statements(portal) as seen:
        values = 0
        turns = threes()
        async for _, scene in scenes:
            for value in next(turns):
                response = await scene.send(hostile(scene, value))
                assert response.status_code < 500, (scene.path, value)
                values += 1
            await scene.rewind()
    assert values > 200
    assert marked(seen) == []


@only_sqlite
async def test_a_statement_made_of_text_is_caught(portal: Portal) -> None:
    async def naive(name: str) -> None:
        async with portal.reads() as session:
            await (await session.connection()).execute(text(f"SELECT id FROM person WHERE phone = '{name}'"))

    ask: Callable[[str], Any] = naive
    with statements(portal) as seen:
        await ask(HOSTILE[0])
    assert len(marked(seen)) == 1
