"""T-13: a session that an attacker chose, planted in a browser before its owner signs in."""

import pytest

from identity import sessions
from tests.app.conftest import BrowserOf, Messages, Register
from tests.app.journeys import claim_account, sign_in

PLANTED = "attacker-chosen-session-0123456789abcdefghij"


async def comes_in_with_a_planted_session(
    browser_of: BrowserOf, register: Register, messages: Messages, way: str
) -> bool:
    """Whether the attacker, who knows the planted value, has the session afterwards."""
    person = await register()
    if way == "sign_in":
        await claim_account(browser_of(), person, messages)
    victim, attacker = browser_of(), browser_of()
    victim.http.cookies.set("session", PLANTED)
    await victim.open("/claim")
    assert victim.http.cookies.get("session") in (PLANTED, None)
    if way == "sign_in":
        await sign_in(victim, person, messages)
    else:
        await claim_account(victim, person, messages)
    attacker.http.cookies.set("session", PLANTED)
    await attacker.open("/account")
    return attacker.path == "/account"


@pytest.mark.parametrize("way", ["claim", "sign_in"])
async def test_a_planted_session_is_never_somebodys(
    browser_of: BrowserOf, register: Register, messages: Messages, way: str
) -> None:
    assert not await comes_in_with_a_planted_session(browser_of, register, messages, way)


async def test_the_same_against_a_portal_that_keeps_the_session_it_is_shown(
    browser_of: BrowserOf, register: Register, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "new_token", lambda: PLANTED)
    assert await comes_in_with_a_planted_session(browser_of, register, messages, "claim")
