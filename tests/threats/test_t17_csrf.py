"""T-17, forged requests: a change is taken from the page that was shown to this visitor, and from nowhere else.

Every form of the site map is tried, and none is chosen: a route without a place fails `test_every_form.py`. That no
page changes anything by being looked at is shown route by route in `test_every_route.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle

import pytest

from app.i18n.locales import LOCALES
from tests.app.attacks import FORM, Attack, encoded
from tests.app.places import NOBODY, PLACES
from tests.app.rewinding import Rewinding, changed
from tests.app.scenes import Scene, Scenes, every_scene, wrongs_of_page
from tests.app.standing import Visitors

Headers = dict[str, str]
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ALL_SEEN = (
    "no token",
    "the token of somebody else",
    "the token of before signing in",
    "another site",
    "across sites",
    "as plain text",
    "JSON called plain text",
)
FEW = ("account languages", "leave", "recomputation, send", "visits")
# A body without fields has no key either: only a form that asks for no key shows that the token is what refuses it.
WITHOUT_KEY = {"as plain text", "JSON called plain text"}
REPEATABLE = {"visits"}


@dataclass(frozen=True)
class Tokens:
    """Tokens that this portal gave, to somebody else and before signing in."""

    foreign: str
    earlier: str


async def taken_from_elsewhere(scene: Scene, visitors: Visitors) -> list[str]:
    before, tokens = await scene.database.contents(), await _other_tokens(scene, visitors)
    await scene.rewind()
    found = []
    for (how, attack, headers), lang in zip(_forged(scene, tokens), cycle(LOCALES), strict=False):
        response = await scene.send(attack, lang, **headers)
        wrongs = list(wrongs_of_page(response, lang))
        if response.status_code != 403 or changed(before, await scene.database.contents()):
            wrongs.append("is taken")
        found += [f"{how} ({lang}, {response.status_code}): {each}" for each in wrongs]
        await scene.rewind()
    return found


async def _other_tokens(scene: Scene, visitors: Visitors) -> Tokens:
    other = visitors.browser("samira" if scene.place.who != "samira" else "hassan")
    nobody = visitors.browser(NOBODY)
    foreign, earlier = [
        str((await each.open(path)).form(action).values["_csrf"])
        for each, path, action in ((other, "/household", "/sign-out"), (nobody, "/claim", None))
    ]
    return Tokens(foreign, earlier)


def _forged(scene: Scene, tokens: Tokens) -> Iterator[tuple[str, Attack, Headers]]:
    attacks, sound = scene.attacks, scene.attacks.sound()
    yield "no token", attacks.with_keys(_csrf=None), {}
    yield "the token of somebody else", attacks.with_keys(_csrf=tokens.foreign), {}
    yield "the token of before signing in", attacks.with_keys(_csrf=tokens.earlier), {}
    yield "another site", sound, {"origin": "https://evil.example"}
    yield "another port", sound, {"origin": "http://127.0.0.1:9000"}
    yield "a frame of nobody", sound, {"origin": "null"}
    yield "across sites", sound, {"sec-fetch-site": "cross-site"}
    yield "a neighbour", sound, {"sec-fetch-site": "same-site"}
    yield "as htmx, across sites", sound, {"sec-fetch-site": "cross-site", "hx-request": "true"}
    # What a foreign page can send without being asked first: these three kinds of bodies.
    yield "as plain text", replace(sound, media_type="text/plain"), {}
    plain, _ = encoded(list(attacks.pairs), upload=False)
    yield "a form called plain text", replace(sound, body=plain, media_type=f"text/plain; {FORM}"), {}
    answers = {name: value for name, value in attacks.pairs if isinstance(value, str)}
    yield (
        "JSON called plain text",
        replace(sound, body=json.dumps(answers).encode(), media_type="text/plain"),
        {},
    )
    if not scene.repeatable:
        yield "no key", attacks.with_keys(_key=None), {}
        yield "a key that is too long", attacks.with_keys(_key="k" * 65), {}


async def all_forged(scenes: Scenes, visitors: Visitors) -> list[str]:
    return [
        f"{name}: {each}"
        async for name, scene in scenes
        for each in await taken_from_elsewhere(scene, visitors)
    ]


@only_sqlite
async def test_every_form_is_taken_from_its_own_page_alone(scenes: Scenes, visitors: Visitors) -> None:
    wrong = await all_forged(scenes, visitors)
    assert not wrong, "\n".join(wrong)


@only_sqlite
async def test_a_portal_that_does_not_ask_for_the_token_is_caught(
    visitors: Visitors, rewound: Rewinding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.conversation.check_form_token", lambda request, token: None)
    few = {name: PLACES[name] for name in FEW}
    wrong = await all_forged(every_scene(visitors, rewound, few), visitors)
    for name in FEW:
        for how in ALL_SEEN if name in REPEATABLE else set(ALL_SEEN) - WITHOUT_KEY:
            assert any(each.startswith(f"{name}: {how} ") and each.endswith("is taken") for each in wrong)
