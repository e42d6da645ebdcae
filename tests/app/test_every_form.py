"""Whatever is sent to any form: a page in the reader's language with the answers kept, or the right result, once."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from app.rights import RIGHTS
from tests.app.addresses import route_of
from tests.app.attacks import Attack, Attacks
from tests.app.rewinding import BESIDE, changed, counts
from tests.app.scenes import TRACES, Scene, Scenes, all_answered, wrongs_of_page

# What a form that may be repeated writes again: another code, another message.
AGAIN = TRACES | {"challenge", "one_time_code", "notification", "delivery", "known_browser"}
REFERENCE = re.compile(r"[A-Z]-[0-9A-Z]{10}")


# Of an upload whose next part cannot be read, Litestar leaves the first part to the garbage collector.
LEFT_OPEN = pytest.mark.filterwarnings(
    "ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"
)
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@only_sqlite
async def test_every_field(scenes: Scenes) -> None:
    await all_answered(scenes, Attacks.on_fields)


@LEFT_OPEN
async def test_every_text(scenes: Scenes) -> None:
    """On both databases: one refuses what the other keeps."""
    await all_answered(scenes, Attacks.on_text)


@only_sqlite
async def test_every_body(scenes: Scenes) -> None:
    await all_answered(scenes, Attacks.on_body)


async def test_every_repetition(scenes: Scenes) -> None:
    """The same form sent again, one after the other or at once, does what it did, once."""
    wrong = []
    async for name, scene in scenes:
        wrong += [f"{name}: {each}" for each in [*await _one_by_one(scene), *await _at_once(scene)]]
    assert not wrong, "\n".join(wrong)


async def _one_by_one(scene: Scene) -> list[str]:
    sound, beside = scene.attacks.sound(), AGAIN if scene.repeatable else BESIDE
    first = await scene.send(sound)
    if not _leads_right(scene, first):
        return [f"the right answers lead to {first.status_code} {first.headers.get('location')}"]
    after_first = await scene.database.contents()
    second = await scene.send(sound)
    after_second = await scene.database.contents()
    await scene.rewind()
    found = list(wrongs_of_page(second, "fr"))
    if touched := changed(after_first, after_second, beside=beside):
        found.append(f"repeated, it changes {sorted(touched)}")
    if not scene.repeatable and second.status_code != 403 and _answer(second) != _answer(first):
        found.append(f"repeated, it leads to {_answer(second)} and not {_answer(first)}")
    return found


async def _at_once(scene: Scene) -> list[str]:
    sound, beside = scene.attacks.sound(), AGAIN if scene.repeatable else BESIDE
    await scene.send(sound)
    once = counts(await scene.database.contents(), beside=beside)
    await scene.rewind()
    answers = await asyncio.gather(*(scene.send(sound) for _ in range(3)))
    twice = counts(await scene.database.contents(), beside=beside)
    await scene.rewind()
    found = [wrong for answer in answers for wrong in wrongs_of_page(answer, "fr")]
    if once != twice:
        found.append(
            f"at once, it leaves {dict(twice.items() - once.items())} and not {dict(once.items() - twice.items())}"
        )
    if not any(_leads_right(scene, answer) for answer in answers):
        found.append("at once, nobody is answered")
    return found


def _leads_right(scene: Scene, response: httpx.Response) -> bool:
    if isinstance(scene.place.to, int):
        return response.status_code == scene.place.to
    wanted = re.escape(scene.visitors.town.fill(scene.place.to)).replace(r"\.\+", ".+")
    return response.status_code == 303 and bool(
        re.fullmatch(f"/fr{wanted}", response.headers["location"].partition("?")[0])
    )


def _answer(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, response.headers.get("location")


@only_sqlite
async def test_every_number_in_arabic_digits(scenes: Scenes) -> None:
    """٤٢ is 42: what is kept is the same."""
    wrong = []
    async for name, scene in scenes:
        western = await _outcome(scene, scene.attacks.sound())
        arabic = await _outcome(scene, scene.attacks.with_arabic_digits())
        wrong += [f"{name}: {arabic} and not {western}"] if arabic != western else []
    assert not wrong, "\n".join(wrong)


async def _outcome(scene: Scene, attack: Attack) -> tuple[int, str, dict[str, int], list[str]]:
    """Where the form leads, how many rows there are then, and the drafts, in which nothing is drawn by lot."""
    response = await scene.send(attack)
    contents = await scene.database.contents()
    await scene.rewind()
    where = REFERENCE.sub("", response.headers.get("location", ""))
    return response.status_code, where, counts(contents), contents["draft"]


@only_sqlite
async def test_every_route_that_takes_a_form_has_a_place(scenes: Scenes) -> None:
    """A new form is attacked like the others, or this fails."""
    taken = {route for route, methods in RIGHTS.items() if "POST" in methods}
    assert taken == {route_of(scene.path, "POST") async for _, scene in scenes}
