"""T-08: every later step of every flow, asked for when only an earlier one is done; and the code in no answer.

No answer of the whole suite has a code that was sent: `tests/app/headers.py` looks at each of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest
from sqlmodel import select

from app.requests import Portal
from app.routes import claim as claim_pages
from identity.entering import claims
from identity.proofs.challenges import bound, read_challenge
from identity.proofs.tables import Challenge, Purpose, Step
from identity.tables import Account
from tests.app.conftest import BrowserOf, Messages, Register
from tests.app.headers import SENT_CODES, check_headers
from tests.app.journeys import PASSWORD, start_claim
from tests.app.pages import PageBrowser, Value
from tests.app.places import PLACES
from tests.app.rewinding import BESIDE, Rewinding, changed
from tests.app.standing import Visitors
from tests.threats.conftest import SQLITE


@dataclass(frozen=True)
class At:
    """A step: the form that is sent there, or a page that only shows (no place)."""

    path: str
    place: str | None = None


CLAIM = (
    At("/claim", "claim"),
    At("/claim/code", "claim code"),
    At("/claim/account", "claim account"),
    At("/claim/done", "claim done"),
)
SIGN_IN = (At("/sign-in", "sign in"), At("/sign-in/code", "sign in code"), At("/household"))
BY_AUTHENTICATOR = (SIGN_IN[0], At("/sign-in/authenticator", "sign in by authenticator"), At("/household"))
BY_RECOVERY_CODE = (
    SIGN_IN[0],
    At("/sign-in/recovery-code", "sign in by recovery code"),
    At("/account/recovery-code"),
)
NEW_PASSWORD = At("/recovery/password", "recovery password")
FLOWS: Mapping[str, tuple[At, ...]] = {
    "claim": CLAIM,
    "sign in": SIGN_IN,
    "sign in by authenticator": BY_AUTHENTICATOR,
    "sign in by recovery code": BY_RECOVERY_CODE,
    "recovery": (At("/recovery", "recovery"), At("/recovery/code", "recovery code"), NEW_PASSWORD),
    "recovery by authenticator": (
        At("/recovery", "recovery"),
        At("/recovery/authenticator", "recovery by authenticator"),
        NEW_PASSWORD,
    ),
    "recovery after a visit": (
        At("/recovery/centre", "recovery, centre"),
        At("/recovery/centre/code", "recovery, centre code"),
        At("/recovery/centre/password", "recovery, centre password"),
    ),
    "phone change": (At("/account/phone", "account phone"), At("/account/phone/code", "account phone code")),
    "pre-registration": (
        At("/pre-registration", "pre-registration"),
        At("/pre-registration/code", "pre-registration code"),
        At("/pre-registration/file"),
        At("/pre-registration/appointment", "appointment"),
    ),
    "coming back to a pre-registration": (
        At("/pre-registration/return", "pre-registration return"),
        At("/pre-registration/return/code", "pre-registration return code"),
        At("/pre-registration/file"),
        At("/pre-registration/cancel", "appointment cancel"),
    ),
    "enrolment": (
        At("/staff/enrol", "enrol"),
        At("/staff/enrol/authenticator", "enrol, secrets"),
        At("/staff"),
    ),
    "visit": (
        At("/staff/visits", "visits"),
        At("/staff/visits/code", "visit code"),
        At("/household"),
    ),
    "not me": (At("/not-me", "not me"), At("/not-me/code", "not me code")),
    "not my change": (
        At("/not-me/change", "not me, change"),
        At("/not-me/change/code", "not me, change code"),
    ),
}
TRACES = BESIDE | {"wait", "audit_entry"}


async def test_a_step_is_reached_from_the_one_before_it_alone(
    portal: Portal, visitors: Visitors, rewound: Rewinding
) -> None:
    """For every ordered pair of the steps: neither the address nor the form, sent there, leads anywhere."""
    beginning, reached, pairs = await rewound.remember(), [], 0
    for name, steps in FLOWS.items():
        for done in range(len(steps)):
            ahead = steps[done + 1 :]
            here = steps[done].place
            if here is None or not ahead:
                continue
            await rewound.rewind(beginning)
            browser, _form = await visitors.stand(PLACES[here])
            moment = await rewound.remember()
            for step in ahead:
                pairs += 1
                await rewound.rewind(moment)
                reached += [
                    f"{name}, {done} done: {way}" for way in await jump(visitors, rewound, browser, step)
                ]
            await browser.close()
    assert reached == []
    assert pairs > 30


async def jump(visitors: Visitors, rewound: Rewinding, browser: PageBrowser, step: At) -> list[str]:
    """From a page where a form waits to be sent: what opened, and what was changed."""
    token = str(browser.form().values["_csrf"])
    session = browser.http.cookies.get("session")
    before = await rewound.contents()
    reached = []
    shown = await browser.http.get(f"/fr{step.path}", follow_redirects=False)
    if shown.status_code == 200:
        reached.append(f"{step.path} is shown")
    keys = {"_csrf": token, "_key": secrets.token_hex(16)}
    answers = {name: _any(value) for name, value in PLACES[step.place].answers.items()} if step.place else {}
    sent = await browser.http.post(f"/fr{step.path}", data=keys | answers, follow_redirects=False)
    if touched := changed(before, await rewound.contents(), beside=TRACES):
        reached.append(f"{step.path} changes {sorted(touched)}")
    if "session" in sent.cookies or browser.http.cookies.get("session") != session:
        reached.append(f"{step.path} gives a session")
    return reached


def _any(value: Value) -> str:
    """A code is one that nobody was sent: whoever jumps has none."""
    text = value if isinstance(value, str) else ""
    return "000000" if text.startswith(("{code", "{totp")) else text


@SQLITE
async def test_the_same_jump_against_steps_that_the_browser_tells(
    portal: Portal,
    browser_of: BrowserOf,
    register: Register,
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The positive control: whoever asks for the page of the account is believed to have proven the claim."""

    async def believed(request: object, purpose: Purpose) -> Challenge | None:
        challenge = await current(request, purpose)  # type: ignore[arg-type]
        if challenge is not None:
            challenge.step = Step.PROVEN
        return challenge

    async def any_step(
        session: object, *, challenge_id: str, browser: str, keys: object, now: object
    ) -> Challenge | None:
        return await read_challenge(session, bound(challenge_id, Purpose.CLAIM, browser, keys))  # type: ignore[arg-type]

    current = claim_pages.current_challenge
    monkeypatch.setattr(claim_pages, "current_challenge", believed)
    monkeypatch.setattr(claims, "_proven_claim", any_step)
    person, browser = await register(), browser_of()
    await start_claim(browser, person)
    await browser.open("/claim/account")
    await browser.submit(new_password=PASSWORD)
    async with portal.reads() as session:
        assert len((await session.exec(select(Account.id))).all()) == 1


@SQLITE
async def test_an_answer_with_the_code_that_was_sent_is_caught(
    browser_of: BrowserOf, register: Register, messages: Messages
) -> None:
    person, browser = await register(), browser_of()
    await start_claim(browser, person)
    code = await messages.code_to(str(person.phone))
    assert code in SENT_CODES
    headers = dict(browser.response.headers) | {"content-encoding": "identity"}
    request = browser.response.request
    for words in (f"<p>Le code {code}.</p>", f'{{"code": "{code}"}}', f'value="{code}"'):
        with pytest.raises(AssertionError, match="a code that was sent"):
            await check_headers(httpx.Response(200, text=words, headers=headers, request=request))
    await check_headers(httpx.Response(200, text=f"<p>1{code}9</p>", headers=headers, request=request))
