"""Whatever is sent to any form: a page in the reader's language with the answers kept, or the right result, once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.i18n.catalogues import gettext
from app.i18n.locales import LOCALES
from app.requests import Portal
from app.rights import RIGHTS
from tests.app.attacks import KEYS, Attack, Attacks, Kind, Question, Text
from tests.app.pages import Element, FilledForm, PageBrowser, Value, read_html
from tests.app.places import NOBODY, PLACES, Place, Visitors, handler_of, route_of, target
from tests.app.rewinding import BESIDE, Rewinding, changed, counts, rewinding
from tests.app.town import Town, build_town

# What a refused post may leave: that somebody tried, and that an officer looked.
TRACES = BESIDE | {"wait", "audit_entry"}
# What a form that may be repeated writes again: another code, another message.
AGAIN = TRACES | {"challenge", "one_time_code", "notification", "delivery", "known_browser"}
# `LONGEST_ANSWER` of the forms.
KEPT = 10_000
REFERENCE = re.compile(r"[A-Z]-[0-9A-Z]{8}")
ERROR_TITLE = "Error: %(page_title)s – Tiwizi"
Scenes = AsyncIterator[tuple[str, "Scene"]]


@dataclass
class Scene:
    """Somebody stands before a form that is filled in rightly. Every post is sent at this same moment."""

    place: Place
    visitors: Visitors
    database: Rewinding
    browser: PageBrowser
    form: FilledForm
    moment: Any

    @property
    def attacks(self) -> Attacks:
        return Attacks(self.form)

    @property
    def path(self) -> str:
        return target(self.browser, self.form)

    @property
    def repeatable(self) -> bool:
        """Whether the route takes the same form as often as it is sent."""
        return bool(handler_of(self.visitors.app, self.path, "POST").opt.get("repeatable"))

    async def rewind(self) -> None:
        await self.database.rewind(self.moment)

    async def send(self, attack: Attack, lang: str = "fr", **headers: str) -> httpx.Response:
        """The cookies stay as they were when the page was opened."""
        sent = {"content-type": attack.media_type, "cookie": self._cookies, **headers}
        async with httpx.AsyncClient(
            transport=self.browser.http._transport, base_url="http://127.0.0.1:8000"
        ) as http:
            return await http.post(f"/{lang}{self.path}", content=attack.body, headers=sent)

    @property
    def _cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.browser.http.cookies.jar)


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


def wrongs_of_page(response: httpx.Response, lang: str) -> Iterator[str]:
    """What is wrong with an answer, whatever was sent: it failed, or it refuses in no language of the reader's."""
    if response.status_code >= 500:
        yield f"fails with {response.status_code}"
    if response.status_code < 400:
        return
    if not response.headers["content-type"].startswith("text/html"):
        yield f"answers {response.headers['content-type']}"
        return
    page = read_html(response.text)
    html = page.first("html")
    if (html.get("lang"), html.get("dir")) != (lang, LOCALES[lang].dir):
        yield f"is in {html.get('lang')}, {html.get('dir')}"
    if len(list(page.all("h1"))) != 1:
        yield "has not one heading"
    summary = next(page.all(class_="error-summary"), None)
    opening = gettext(lang, ERROR_TITLE).partition("%(")[0]
    if summary is not None and not page.first("title").text.startswith(" ".join(opening.split())):
        yield f"has the title {page.first('title').text!r}"
    if summary is not None and not summary.text:
        yield "says that something is wrong, and not what"


def wrongs_of_refusal(scene: Scene, attack: Attack, response: httpx.Response) -> Iterator[str]:
    """A form with errors says so, leads to each of them, and shows again what was typed."""
    if response.status_code != 422 or not scene.attacks.asked:
        return
    page = read_html(response.text)
    summary = next(page.all(class_="error-summary"), None)
    if summary is None:
        yield "says nothing of an error"
        return
    forms = [FilledForm(form) for form in page.first("main").all("form") if form.get("method") == "post"]
    shown = next(
        (form for form in forms if form.values.keys() & scene.form.values.keys() - set(KEYS)), forms[0]
    )
    for question in scene.attacks.asked:
        if question.name not in scene.place.follow:
            yield from _lost(question, attack.sent(question.name), shown.values.get(question.name))
    yield from _astray(page, summary, {question.name for question in scene.attacks.asked})
    told = {link.get("href")[1:] for link in summary.all("a")}
    if silent := attack.wrong - told - scene.place.follow:
        yield f"says nothing of {sorted(silent)}"


def _lost(question: Question, sent: list[Text], shown: Value | None) -> Iterator[str]:
    """The first of several answers is enough; the end of a text that is far too long is not kept."""
    if question.type == "password":
        if shown:
            yield f"repeats the password in {question.name}"
        return
    typed = next((each for each in sent if isinstance(each, str)), "")
    offered = question.offered if question.is_choice else None
    if (
        not sent
        or isinstance(sent[0], bytes)
        or question.type in ("file", "checkbox")
        or question.is_code
        or (offered and typed not in offered)
    ):
        return
    if typed.isprintable() and typed[:KEPT].strip() != str(shown or "").strip():
        yield f"forgets {question.name}: {typed[:40]!r} is {str(shown)[:40]!r}"


def _astray(page: Element, summary: Element, asked: set[str]) -> Iterator[str]:
    """A line of the summary leads to its question; what is wrong with a forged field can lead nowhere."""
    ids = {element.get("id") for element in page.all() if element.get("id")}
    for link in summary.all("a"):
        name = link.get("href").removeprefix("#")
        if name not in ids and (name in asked or name == "form"):
            yield f"leads to #{name}, which is not there"


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
