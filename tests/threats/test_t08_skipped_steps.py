"""T-08: every later step of a flow, asked for when only an earlier one is done."""

from collections.abc import Sequence

import pytest
from sqlmodel import select

from app.requests import Portal
from app.routes import claim as claim_pages
from identity.entering import claims
from identity.people.tables import Person
from identity.proofs.challenges import bound, read_challenge
from identity.proofs.tables import Challenge, Purpose, Step
from identity.tables import Account
from tests.app.conftest import BrowserOf, Messages, Register
from tests.app.journeys import PASSWORD, claim_account, give_password, start_claim
from tests.app.pages import PageBrowser

FLOWS = {
    "claim": ("/claim", "/claim/code", "/claim/account", "/claim/done"),
    "sign_in": ("/sign-in", "/sign-in/code", "/household"),
    "recovery": ("/recovery", "/recovery/code", "/recovery/password", "/account/recovery-code"),
}
PAIRS = [
    (flow, done, asked)
    for flow, steps in FLOWS.items()
    for done in range(len(steps))
    for asked in range(done + 2, len(steps))
]
ANSWERS = {"new_password": PASSWORD, "code": "123456", "language": "fr", "sms_language": "fr"}


async def do(
    browser: PageBrowser, person: Person, flow: str, done: int, code: str, messages: Messages
) -> None:
    """The first `done` steps, as they should be."""
    if done >= 1:
        if flow == "claim":
            await start_claim(browser, person)
        if flow == "sign_in":
            await browser.open("/sign-in")
            await give_password(browser, person)
        if flow == "recovery":
            await browser.open("/recovery")
            await browser.submit(identifier=person.identifier, recovery_code=code)
    if done >= 2:
        await browser.submit(code=await messages.code_to(str(person.phone)))


async def jump(browser: PageBrowser, steps: Sequence[str], asked: int) -> None:
    """By the address, and by the form of another page sent there."""
    await browser.open(steps[asked])
    assert browser.path != steps[asked] or browser.status >= 400, steps[asked]
    await browser.open("/claim")
    tokens = {"_csrf": str(browser.form().values["_csrf"]), "_key": f"a key of {asked}"}
    await browser.post(steps[asked], tokens | ANSWERS)


async def accounts(portal: Portal) -> list[tuple[int | None, str]]:
    async with portal.reads() as session:
        return [(row.id, row.password_hash) for row in await session.exec(select(Account))]


@pytest.mark.parametrize(("flow", "done", "asked"), PAIRS)
async def test_a_step_is_reached_from_the_one_before_it_alone(
    portal: Portal,
    browser_of: BrowserOf,
    register: Register,
    messages: Messages,
    flow: str,
    done: int,
    asked: int,
) -> None:
    person, code = await register(), ""
    if flow != "claim":
        code = await claim_account(browser_of(), person, messages)
    before = await accounts(portal)
    browser = browser_of()
    await do(browser, person, flow, done, code, messages)
    await jump(browser, FLOWS[flow], asked)
    assert await accounts(portal) == before
    assert "session" not in browser.http.cookies


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
    await do(browser, person, "claim", 1, "", messages)
    await browser.open("/claim/account")
    await browser.submit(new_password=PASSWORD)
    assert len(await accounts(portal)) == 1
