"""Declaring a household by filling in the pages: in town and in the country, in two tabs, by somebody in a hurry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import func
from sqlmodel import SQLModel, col, select

from app.requests import Portal
from identity.people.tables import Person
from registry.tables import Declaration, Draft, IndexEvent
from tests.app.conftest import Clock, Messages, Register
from tests.app.declaring import (
    ANFA,
    PUPIL,
    RURAL,
    RURAL_FES_MEKNES,
    RURAL_HEAD,
    URBAN,
    URBAN_HEAD,
    URBAN_SPOUSE,
    Family,
    add_family,
    answer_home,
    choose_place,
    declare_alone,
    describe,
    member_keys,
    receipt_reference,
    settle_in,
)
from tests.app.journeys import sign_in
from tests.app.pages import PageBrowser

TASKS = "/household/declaration"
CHECK = f"{TASKS}/check"
Browsers = Callable[..., PageBrowser]


@pytest.fixture
async def citizen(visitor: PageBrowser, register: Register, messages: Messages) -> Person:
    """Somebody who lives alone, signed in to `visitor`."""
    person = await register()
    await settle_in(visitor, person, messages)
    return person


@pytest.fixture
async def family(visitor: PageBrowser, register: Register, messages: Messages) -> Family:
    """A couple with two children; Hassan is signed in to `visitor`."""
    family = await add_family(register)
    await settle_in(visitor, family.hassan, messages)
    return family


async def count(portal: Portal, table: type[SQLModel]) -> int:
    async with portal.reads() as session:
        return (await session.exec(select(func.count()).select_from(table))).one()


async def indexes(portal: Portal) -> list[Decimal]:
    async with portal.reads() as session:
        return list(await session.exec(select(col(IndexEvent.index)).order_by(col(IndexEvent.id))))


def asked(browser: PageBrowser) -> set[str]:
    return {control.get("name") for control in browser.form().controls} - {"_csrf", "_key", "seen"}


async def test_a_family_in_town_from_the_task_list_to_its_index(
    visitor: PageBrowser, family: Family, browser_of: Browsers, messages: Messages, portal: Portal
) -> None:
    await visitor.open(TASKS)
    assert f"/fr{TASKS}/dwelling" not in visitor.links
    await answer_home(visitor, ANFA, URBAN)
    for child in (family.yassine, family.salma):
        await visitor.open("/household/members/children?from=declaration")
        await visitor.submit(person_identifier=child.identifier)
        assert visitor.path == f"{TASKS}/members"
    await visitor.open("/household/members/invite?from=declaration")
    await visitor.submit(person_identifier=family.fatima.identifier, birth_year="1988", relation="spouse")
    head, first, second, wife = member_keys(visitor)
    for key, answers in ((head, URBAN_HEAD), (first, PUPIL), (second, PUPIL), (wife, URBAN_SPOUSE)):
        await describe(visitor, key, answers)
        assert visitor.path == f"{TASKS}/members"
    await visitor.open(CHECK)
    await visitor.submit()
    assert receipt_reference(visitor) in visitor.text
    assert "ma-ise-2021" in visitor.text
    assert await indexes(portal) == []

    assert (await messages.to(str(family.fatima.phone)))[0].template == "invitation"
    fatima = browser_of()
    await settle_in(fatima, family.fatima, messages)
    await fatima.open("/household/invitations")
    await fatima.submit(reply="accept")
    assert await indexes(portal) == [Decimal("9.6012644")]
    await visitor.open("/household")
    assert "9.6012644" in visitor.text


async def test_somebody_alone_in_the_country(visitor: PageBrowser, citizen: Person, portal: Portal) -> None:
    await answer_home(visitor, RURAL_FES_MEKNES, RURAL)
    await describe(visitor, "head", RURAL_HEAD)
    await visitor.open(CHECK)
    (shown,) = [element.text for element in visitor.main.all("p", class_="figure")]
    await visitor.submit()
    receipt_reference(visitor)
    assert [str(index) for index in await indexes(portal)] == [shown]


@pytest.mark.parametrize(
    ("place", "home", "head"), [(ANFA, URBAN, URBAN_HEAD), (RURAL_FES_MEKNES, RURAL, RURAL_HEAD)]
)
async def test_only_what_the_zone_uses_is_asked(
    visitor: PageBrowser,
    citizen: Person,
    place: dict[str, str],
    home: dict[str, dict[str, str]],
    head: dict[str, str],
) -> None:
    await choose_place(visitor, place)
    for step, answers in home.items():
        await visitor.open(f"{TASKS}/{step}")
        assert asked(visitor) == set(answers)
    await visitor.open(f"{TASKS}/members/head")
    assert asked(visitor) == set(head)


async def test_no_page_opens_before_the_address(visitor: PageBrowser, citizen: Person) -> None:
    for page in ("dwelling", "spending", "members", "members/head", "check"):
        await visitor.open(f"{TASKS}/{page}")
        assert visitor.path == TASKS


async def test_places_follow_one_another_without_a_script(visitor: PageBrowser, citizen: Person) -> None:
    await visitor.open(f"{TASKS}/address")
    assert "province" not in asked(visitor)
    await visitor.submit(region="06", district="Derb 12")
    await visitor.submit(province="06.141")
    assert "commune" in asked(visitor)
    await visitor.submit(region="03")
    assert visitor.status == 200
    assert visitor.form().values["district"] == "Derb 12"
    assert "commune" not in asked(visitor)
    await visitor.submit(province="03.061")
    await visitor.submit(commune=RURAL_FES_MEKNES["commune"])
    await visitor.open(f"{TASKS}/address")
    assert {name: visitor.form().values[name] for name in RURAL_FES_MEKNES} == RURAL_FES_MEKNES


async def test_a_script_asks_for_the_next_list_alone(visitor: PageBrowser, citizen: Person) -> None:
    await visitor.open(f"{TASKS}/address?region=06&province=06.141", **{"hx-request": "true"})
    assert not list(visitor.page.all("html"))
    values = {option.get("value") for option in visitor.page.all("option")}
    assert ANFA["commune"] in values


async def test_a_place_not_chosen_is_asked_for_in_its_own_words(
    visitor: PageBrowser, citizen: Person
) -> None:
    await visitor.open(f"{TASKS}/address")
    await visitor.submit()
    assert (visitor.status, set(visitor.errors)) == (422, {"region"})
    await visitor.submit(region="06")
    await visitor.submit()
    assert (visitor.status, set(visitor.errors)) == (422, {"province"})
    await visitor.submit(province="06.141")
    await visitor.submit()
    assert (visitor.status, set(visitor.errors)) == (422, {"commune"})


async def test_a_draft_outlives_the_session_and_the_telephone(
    visitor: PageBrowser, citizen: Person, browser_of: Browsers, messages: Messages, clock: Clock
) -> None:
    await choose_place(visitor, ANFA)
    await visitor.submit(**URBAN["dwelling"])
    clock.advance(days=3)
    other = browser_of(address="192.0.2.77")
    await sign_in(other, citizen, messages)
    await other.open(TASKS)
    assert f"/fr{TASKS}/equipment" in other.links
    await other.open(f"{TASKS}/dwelling")
    assert {name: other.form().values[name] for name in URBAN["dwelling"]} == URBAN["dwelling"]


async def test_what_another_tab_saved_is_never_overwritten_silently(
    visitor: PageBrowser, citizen: Person, browser_of: Browsers, messages: Messages, clock: Clock
) -> None:
    await choose_place(visitor, ANFA)
    clock.advance(minutes=5)
    other = browser_of()
    await sign_in(other, citizen, messages)
    for browser in (visitor, other):
        await browser.open(f"{TASKS}/dwelling")
    await visitor.submit(**URBAN["dwelling"])
    await other.submit(**URBAN["dwelling"] | {"rooms": "3"})
    assert other.status == 409
    assert "1" in other.text
    assert "3" in other.text
    await visitor.open(f"{TASKS}/dwelling")
    assert visitor.form().values["rooms"] == "1"
    await other.submit()
    await visitor.open(f"{TASKS}/dwelling")
    assert visitor.form().values["rooms"] == "3"


async def test_two_tabs_on_two_pages_do_not_disturb_each_other(
    visitor: PageBrowser, citizen: Person, browser_of: Browsers, messages: Messages, clock: Clock
) -> None:
    await choose_place(visitor, ANFA)
    clock.advance(minutes=5)
    other = browser_of()
    await sign_in(other, citizen, messages)
    await visitor.open(f"{TASKS}/dwelling")
    await other.open(f"{TASKS}/equipment")
    await visitor.submit(**URBAN["dwelling"])
    await other.submit(**URBAN["equipment"])
    await visitor.open(TASKS)
    assert [task.get("class") for task in visitor.main.all("li", class_="task")].count("task task-done") == 3


@pytest.mark.parametrize(
    ("page", "field", "typed"),
    [
        ("dwelling", "rooms", ""),
        ("dwelling", "rooms", "0"),
        ("dwelling", "rooms", "31"),
        ("dwelling", "rooms", "deux"),
        ("dwelling", "rooms", "9" * 300),
        ("dwelling", "rooms", "\u202e3\u202d"),
        ("equipment", "cars", "-1"),
        ("equipment", "computers", "1,5"),
        ("equipment", "computers", "1.5"),
        ("spending", "water_mad", "20001"),
        ("spending", "water_mad", "1,234"),
        ("spending", "water_mad", "NaN"),
        ("spending", "water_mad", "cent"),
    ],
)
async def test_a_bad_answer_keeps_what_was_typed(
    visitor: PageBrowser, citizen: Person, page: str, field: str, typed: str
) -> None:
    await choose_place(visitor, ANFA)
    await visitor.open(f"{TASKS}/{page}")
    answers = URBAN[page] | {field: typed}
    await visitor.submit(**answers)
    assert (visitor.status, set(visitor.errors)) == (422, {field})
    assert {name: visitor.form().values.get(name, "") for name in answers} == answers
    await visitor.open(f"{TASKS}/{page}")
    assert visitor.form().values.get(field, "") == ""


async def test_digits_of_any_keyboard_are_taken(visitor: PageBrowser, citizen: Person) -> None:
    await choose_place(visitor, ANFA)
    await visitor.submit(**URBAN["dwelling"] | {"rooms": "٣"})
    await visitor.open(f"{TASKS}/spending")
    await visitor.submit(**URBAN["spending"] | {"water_mad": "\u200f١٢٠٫٥٠"})
    await visitor.open(f"{TASKS}/dwelling")
    assert visitor.form().values["rooms"] == "3"
    await visitor.open(f"{TASKS}/spending")
    assert visitor.form().values["water_mad"] == "120.50"


async def test_hidden_characters_are_refused_in_words(visitor: PageBrowser, citizen: Person) -> None:
    await choose_place(visitor, ANFA, district="Derb \u202e21")
    assert (visitor.status, set(visitor.errors)) == (422, {"district"})
    await visitor.submit(district="x" * 201)
    assert (visitor.status, set(visitor.errors)) == (422, {"district"})


async def test_what_was_never_asked_is_refused(visitor: PageBrowser, citizen: Person) -> None:
    await choose_place(visitor, ANFA)
    visitor.fill(**URBAN["dwelling"]).form().values["cows"] = "4"
    await visitor.send(visitor.form())
    assert visitor.status == 422
    visitor.form().values["rooms"] = ["1", "2"]
    await visitor.send(visitor.form())
    assert (visitor.status, "rooms" in visitor.errors) == (422, True)
    visitor.form().values |= {"rooms": "1", "meter": "steam"}
    await visitor.send(visitor.form())
    assert (visitor.status, "meter" in visitor.errors) == (422, True)


async def test_an_unlikely_answer_is_asked_about_once_and_kept(visitor: PageBrowser, citizen: Person) -> None:
    await choose_place(visitor, ANFA)
    await visitor.open(f"{TASKS}/spending")
    await visitor.submit(**URBAN["spending"] | {"butane_mad": "0"})
    assert visitor.path == f"{TASKS}/spending"
    assert list(visitor.main.all(class_="banner-warning"))
    assert visitor.form().values["butane_mad"] == "0"
    assert f"/fr{TASKS}/property" in visitor.links
    await visitor.submit()
    assert visitor.path == f"{TASKS}/property"


async def test_a_change_leads_straight_back_to_the_check(visitor: PageBrowser, citizen: Person) -> None:
    await answer_home(visitor, ANFA, URBAN)
    await describe(visitor, "head", URBAN_HEAD)
    await visitor.open(CHECK)
    before = visitor.main.first("p", class_="figure").text
    assert f"/fr{TASKS}/dwelling?from=check#bath" in visitor.links
    await visitor.open(f"{TASKS}/dwelling?from=check")
    await visitor.submit(bath="no")
    assert visitor.path == CHECK
    assert visitor.main.first("p", class_="figure").text != before
    await visitor.open(f"{TASKS}/spending?from=check")
    await visitor.submit(butane_mad="0")
    assert visitor.path == f"{TASKS}/spending"
    await visitor.submit()
    assert visitor.path == CHECK


async def test_a_move_to_another_zone_shows_what_is_not_answered(
    visitor: PageBrowser, citizen: Person
) -> None:
    await answer_home(visitor, ANFA, URBAN)
    await describe(visitor, "head", URBAN_HEAD)
    await choose_place(visitor, RURAL_FES_MEKNES)
    await visitor.open(CHECK)
    assert not list(visitor.main.all("p", class_="figure"))
    assert not list(visitor.main.all("form"))
    assert f"/fr{TASKS}/dwelling" in visitor.links
    await visitor.post(CHECK, {})
    assert visitor.status == 403


async def test_a_declaration_is_sent_once_however_often_the_button_is_pressed(
    visitor: PageBrowser, citizen: Person, portal: Portal
) -> None:
    await answer_home(visitor, ANFA, URBAN)
    await describe(visitor, "head", URBAN_HEAD)
    await visitor.open(CHECK)
    form = visitor.form()
    await visitor.send(form)
    first = receipt_reference(visitor)
    await visitor.send(form)
    assert receipt_reference(visitor) == first
    assert await count(portal, Declaration) == 1
    assert await count(portal, Draft) == 0


async def test_two_tabs_send_at_once_and_get_the_same_receipt(
    visitor: PageBrowser,
    citizen: Person,
    portal: Portal,
    browser_of: Browsers,
    messages: Messages,
    clock: Clock,
) -> None:
    await answer_home(visitor, ANFA, URBAN)
    await describe(visitor, "head", URBAN_HEAD)
    clock.advance(minutes=5)
    other = browser_of()
    await sign_in(other, citizen, messages)
    for browser in (visitor, other):
        await browser.open(CHECK)
    await asyncio.gather(visitor.submit(), other.submit())
    assert receipt_reference(visitor) == receipt_reference(other)
    assert await count(portal, Declaration) == await count(portal, IndexEvent) == 1


async def test_what_was_not_shown_is_not_sent(
    visitor: PageBrowser,
    citizen: Person,
    portal: Portal,
    browser_of: Browsers,
    messages: Messages,
    clock: Clock,
) -> None:
    await answer_home(visitor, ANFA, URBAN)
    await describe(visitor, "head", URBAN_HEAD)
    clock.advance(minutes=5)
    other = browser_of()
    await sign_in(other, citizen, messages)
    await other.open(CHECK)
    await visitor.open(f"{TASKS}/dwelling")
    await visitor.submit(bath="no")
    await other.submit()
    assert other.status == 409
    assert await count(portal, Declaration) == 0
    await other.submit()
    receipt_reference(other)


async def test_a_new_declaration_begins_from_the_last_one(
    visitor: PageBrowser, citizen: Person, portal: Portal
) -> None:
    first = await declare_alone(visitor)
    await visitor.open(TASKS)
    assert first in visitor.text
    await visitor.open(CHECK)
    assert not list(visitor.main.all("form"))
    await visitor.open(f"{TASKS}/dwelling")
    assert {name: visitor.form().values[name] for name in URBAN["dwelling"]} == URBAN["dwelling"]
    await visitor.submit(bath="no")
    assert visitor.path == CHECK
    (before,) = await indexes(portal)
    assert str(before) in visitor.text
    assert len(list(visitor.main.all("div", class_="programme"))) == 3
    await visitor.submit()
    assert receipt_reference(visitor) != first
    assert len(await indexes(portal)) == 2


async def test_a_draft_is_deleted_after_a_question(
    visitor: PageBrowser, citizen: Person, portal: Portal
) -> None:
    await choose_place(visitor, ANFA)
    await visitor.open(f"{TASKS}/discard")
    assert await count(portal, Draft) == 1
    await visitor.submit()
    assert visitor.path == TASKS
    assert await count(portal, Draft) == 0
    await visitor.open(f"{TASKS}/discard")
    assert visitor.path == TASKS


async def test_a_receipt_is_for_who_declared(
    visitor: PageBrowser, citizen: Person, register: Register, browser_of: Browsers, messages: Messages
) -> None:
    reference = await declare_alone(visitor)
    stranger = browser_of()
    await settle_in(stranger, await register(), messages)
    await stranger.open(f"{TASKS}/receipts/{reference}")
    assert stranger.status == 404
