"""What was being written when the session ran out is there again after signing in, and nowhere else."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from app.kept_answers import KEEPING
from app.requests import Portal
from app.rights import RIGHTS
from registry.declarations.drafts import find_draft
from tests.app.conftest import BrowserOf, Clock
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.family import Family

SPENDING = "/household/declaration/spending"
WRITTEN = {"water_mad": "٧٧", "telephone_mad": "not a number"}
AGAIN = "You were signed out before this page was saved. Here is what you had written: read it again, and send it."
WORDS = "لم يعد عندنا اشتراك في الإنترنت منذ شهر يناير، وهذا ما يقوله العقد. " * 29
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
async def family(portal: Portal, visitor: PageBrowser) -> Family:
    """Settled, and Hassan is signed in."""
    made = await settle(portal)
    await come_in(portal, visitor, made.hassan)
    return made


async def send_too_late(visitor: PageBrowser, clock: Clock, path: str = SPENDING, **written: str) -> None:
    await visitor.open(path)
    visitor.fill(**written or WRITTEN)
    clock.advance(minutes=16)
    await visitor.submit()
    assert visitor.path == "/sign-in"


async def shown(visitor: PageBrowser, path: str = SPENDING) -> bool:
    await visitor.open(path)
    return visitor.says(AGAIN)


async def test_what_was_written_is_there_after_signing_in(
    visitor: PageBrowser, portal: Portal, family: Family, clock: Clock
) -> None:
    await send_too_late(visitor, clock)
    assert unquote(visitor.response.url.query.decode()) == f"next={SPENDING}"
    async with portal.reads() as session:
        assert await find_draft(session, person_id=family.hassan.id or 0) is None, (
            "nothing is saved meanwhile"
        )
    await come_in(portal, visitor, family.hassan)
    assert await shown(visitor)
    assert {name: visitor.form().values[name] for name in WRITTEN} == WRITTEN
    await visitor.submit(telephone_mad="70", water_mad="77")
    assert visitor.path.startswith("/household/declaration/")
    assert not await shown(visitor), "shown once"


@only_sqlite
async def test_two_thousand_letters_of_arabic_are_kept(
    visitor: PageBrowser, portal: Portal, family: Family, clock: Clock
) -> None:
    await send_too_late(visitor, clock, "/household/recomputation?line=U35", words=WORDS.strip())
    assert len(WORDS) > 1_900
    await come_in(portal, visitor, family.hassan)
    assert await shown(visitor, "/household/recomputation")
    assert visitor.form().values["words"] == WORDS.strip()
    assert visitor.form().values["line"] == "U35"


@only_sqlite
@pytest.mark.parametrize("how", ["another account", "too late", "another page"])
async def test_nobody_else_and_no_other_moment(
    visitor: PageBrowser, portal: Portal, family: Family, clock: Clock, how: str
) -> None:
    await send_too_late(visitor, clock)
    if how == "too late":
        clock.advance(minutes=15, seconds=1)
    await come_in(portal, visitor, family.fatima if how == "another account" else family.hassan)
    path = "/household/declaration/equipment" if how == "another page" else SPENDING
    assert not await shown(visitor, "/household/members" if how == "another account" else path)
    assert "٧٧" not in visitor.response.text
    if how == "another account":
        sealed = visitor.http.cookies["answers"]
        assert WRITTEN["telephone_mad"] not in sealed


@only_sqlite
@pytest.mark.parametrize("how", ["no token", "a token of before", "another site", "signed out", "unknown"])
async def test_words_of_somebody_else_are_not_kept(
    visitor: PageBrowser, browser_of: BrowserOf, portal: Portal, family: Family, clock: Clock, how: str
) -> None:
    await visitor.open(SPENDING)
    values = dict(visitor.form().values) | WRITTEN
    stranger = await browser_of().open("/claim")
    values |= {
        "no token": {"_csrf": ""},
        "a token of before": {"_csrf": stranger.form().values["_csrf"]},
    }.get(how, {})
    if how == "signed out":
        form = visitor.form("/sign-out")
        token = visitor.http.cookies["session"]
        await visitor.send(form)
        visitor.http.cookies.set("session", token)
    if how == "unknown":
        visitor.http.cookies.set("session", "of-nobody")
    clock.advance(minutes=16)
    await visitor.post(
        SPENDING, values, **({"origin": "https://evil.example"} if how == "another site" else {})
    )
    assert visitor.path == "/sign-in"
    assert "answers" not in visitor.http.cookies


def test_no_page_that_asks_for_a_secret_keeps_answers() -> None:
    assert {route for route, methods in RIGHTS.items() if "POST" in methods} >= KEEPING
    secret = ("sign-in", "code", "password", "account", "claim", "recovery", "prove", "staff", "not-me")
    assert not [route for route in KEEPING if any(word in route for word in secret)]
