"""Whatever is sent to any form: a page in the reader's language with the answers kept, or the right result, once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from itertools import cycle

import httpx
import pytest
from litestar import Litestar

from app.i18n.locales import LOCALES
from app.requests import Portal
from app.rights import RIGHTS
from tests.app.addresses import route_of
from tests.app.attacks import Attack, Attacks, Kind
from tests.app.places import NOBODY, PLACES
from tests.app.rewinding import BESIDE, Rewinding, changed, counts, rewinding
from tests.app.scenes import Scene, wrongs_of_page, wrongs_of_refusal
from tests.app.standing import Visitors
from tests.app.town import Town, build_town

# What a refused post may leave: that somebody tried, and that an officer looked.
TRACES = BESIDE | {"wait", "audit_entry"}
# What a form that may be repeated writes again: another code, another message.
AGAIN = TRACES | {"challenge", "one_time_code", "notification", "delivery", "known_browser"}
REFERENCE = re.compile(r"[A-Z]-[0-9A-Z]{10}")
Scenes = AsyncIterator[tuple[str, Scene]]


@pytest.fixture
async def town(portal: Portal) -> Town:
    return await build_town(portal)


@pytest.fixture
async def rewound(database: str, town: Town) -> AsyncIterator[Rewinding]:
    async with rewinding(database) as found:
        yield found


@pytest.fixture
def visitors(app: Litestar, portal: Portal, town: Town) -> Visitors:
    return Visitors(app, portal, town)


@pytest.fixture
async def scenes(visitors: Visitors, rewound: Rewinding) -> Scenes:
    """Every place one after the other, each in the town as it was at first."""

    async def one_by_one() -> Scenes:
        beginning = await rewound.remember()
        for name, place in PLACES.items():
            await rewound.rewind(beginning)
            browser, form = await visitors.stand(place)
            moment = await rewound.remember()
            yield name, Scene(place, visitors, rewound, browser, form, moment)
            await browser.close()

    return one_by_one()


# Of an upload whose next part cannot be read, Litestar leaves the first part to the garbage collector.
LEFT_OPEN = pytest.mark.filterwarnings(
    "ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"
)
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def answered(scene: Scene, attacks: Iterator[Attack]) -> list[str]:
    """Every attack in turn, each in another language, and what was wrong with the answers."""
    wrong = []
    before = await scene.database.contents()
    for attack, lang in zip(attacks, cycle(LOCALES), strict=False):
        response = await scene.send(attack, lang)
        found = [*wrongs_of_page(response, lang), *_wrongs_of_kind(scene, attack, response)]
        touched = changed(before, await scene.database.contents(), beside=TRACES)
        if response.status_code >= 400 and touched:
            found.append(f"is refused, and yet changes {sorted(touched)}")
        wrong += [f"{attack.name} ({lang}, {response.status_code}): {each}" for each in found]
        await scene.rewind()
    return wrong


def _wrongs_of_kind(scene: Scene, attack: Attack, response: httpx.Response) -> Iterator[str]:
    if attack.refused and response.status_code < 400 and not scene.place.only_shows:
        yield "is taken"
    elif response.status_code == 422:
        yield from wrongs_of_refusal(scene, attack, response)


async def all_answered(scenes: Scenes, kind: Kind) -> None:
    wrong = []
    async for name, scene in scenes:
        wrong += [f"{name}: {each}" for each in await answered(scene, kind(scene.attacks))]
    assert not wrong, "\n".join(wrong)


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


@only_sqlite
async def test_every_token(scenes: Scenes, visitors: Visitors) -> None:
    """A form is taken from the page that was shown to this visitor, and from nowhere else."""
    wrong = []
    async for name, scene in scenes:
        wrong += [f"{name}: {each}" for each in await _taken_from_elsewhere(scene, visitors)]
    assert not wrong, "\n".join(wrong)


async def _taken_from_elsewhere(scene: Scene, visitors: Visitors) -> list[str]:
    attacks, before = scene.attacks, await scene.database.contents()
    other = visitors.browser("samira" if scene.place.who != "samira" else "hassan")
    nobody = visitors.browser(NOBODY)
    foreign, earlier = [
        str((await each.open(path)).form(action).values["_csrf"])
        for each, path, action in ((other, "/household", "/sign-out"), (nobody, "/claim", None))
    ]
    await scene.rewind()
    tries = {
        "no token": (attacks.with_keys(_csrf=None), {}),
        "the token of somebody else": (attacks.with_keys(_csrf=foreign), {}),
        "the token of before signing in": (attacks.with_keys(_csrf=earlier), {}),
        "another site": (attacks.sound(), {"origin": "https://evil.example"}),
        "another port": (attacks.sound(), {"origin": "http://127.0.0.1:9000"}),
        "a frame of nobody": (attacks.sound(), {"origin": "null"}),
        "across sites": (attacks.sound(), {"sec-fetch-site": "cross-site"}),
        "a neighbour": (attacks.sound(), {"sec-fetch-site": "same-site"}),
    }
    if not scene.repeatable:
        tries["no key"] = (attacks.with_keys(_key=None), {})
        tries["a key that is too long"] = (attacks.with_keys(_key="k" * 65), {})
    found = []
    for (how, (attack, headers)), lang in zip(tries.items(), cycle(LOCALES), strict=False):
        response = await scene.send(attack, lang, **headers)
        wrongs = list(wrongs_of_page(response, lang))
        if response.status_code != 403 or changed(before, await scene.database.contents()):
            wrongs.append("is taken")
        found += [f"{how} ({lang}, {response.status_code}): {each}" for each in wrongs]
        await scene.rewind()
    return found


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
