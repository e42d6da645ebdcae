"""Somebody before a form that is filled in, and what can be wrong with the answer to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final

import httpx

from app.forms.base import LONGEST_ANSWER
from app.i18n.catalogues import gettext
from app.i18n.locales import LOCALES
from tests.app.addresses import handler_of
from tests.app.attacks import KEYS, Attack, Attacks, Kind, Text
from tests.app.headers import check_headers
from tests.app.pages import Element, FilledForm, PageBrowser, Value, read_html
from tests.app.places import PLACES, Place
from tests.app.questions import Question
from tests.app.rewinding import BESIDE, Rewinding, changed
from tests.app.standing import Visitors, target

# What a refused post may leave: that somebody tried, and that an officer looked.
TRACES: Final = BESIDE | {"wait", "audit_entry"}
ERROR_TITLE: Final = "Error: %(page_title)s – Tiwizi"


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
            transport=self.browser.http._transport,
            base_url="http://127.0.0.1:8000",
            event_hooks={"response": [check_headers]},
        ) as http:
            return await http.post(f"/{lang}{self.path}", content=attack.body, headers=sent)

    @property
    def _cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.browser.http.cookies.jar)


Scenes = AsyncIterator[tuple[str, Scene]]


async def every_scene(visitors: Visitors, rewound: Rewinding, places: Mapping[str, Place] = PLACES) -> Scenes:
    """Every place one after the other, each in the town as it was at first."""
    beginning = await rewound.remember()
    for name, place in places.items():
        await rewound.rewind(beginning)
        browser, form = await visitors.stand(place)
        moment = await rewound.remember()
        yield name, Scene(place, visitors, rewound, browser, form, moment)
        await browser.close()


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
    if typed.isprintable() and typed[:LONGEST_ANSWER].strip() != str(shown or "").strip():
        yield f"forgets {question.name}: {typed[:40]!r} is {str(shown)[:40]!r}"


def _astray(page: Element, summary: Element, asked: set[str]) -> Iterator[str]:
    """A line of the summary leads to its question; what is wrong with a forged field can lead nowhere."""
    ids = {element.get("id") for element in page.all() if element.get("id")}
    for link in summary.all("a"):
        name = link.get("href").removeprefix("#")
        if name not in ids and (name in asked or name == "form"):
            yield f"leads to #{name}, which is not there"
