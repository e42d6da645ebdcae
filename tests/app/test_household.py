"""My household and its index: what the pages say is what was computed, to the last digit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.i18n.formats import MINUS
from app.requests import Portal
from registry.delays import delays_on
from tests.app.conftest import Clock, Register
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.family import add_account, add_family, answers_of, declare, invite, transaction
from tests.registry.worked_households import DECLARED_ON, urban_home

A1 = "9.6012644"


def points(browser: PageBrowser, class_: str) -> list[Decimal]:
    return [Decimal(each.first("bdi").text.replace(MINUS, "-")) for each in browser.main.all(class_=class_)]


def card(browser: PageBrowser, title: str) -> str:
    return next(each.text for each in browser.main.all("section") if each.first("h2").text == title)


async def test_somebody_without_a_household_is_told_what_can_be_done(
    visitor: PageBrowser, portal: Portal, register: Register, clock: Clock
) -> None:
    person = await register()
    async with transaction(portal.writes) as session:
        await add_account(session, person, clock.now)
    await come_in(portal, visitor, person)
    await visitor.open("/household")
    assert visitor.status == 200
    assert {"/fr/household/declaration", "/fr/simulator"} <= set(visitor.links)
    assert person.identifier in visitor.text
    await visitor.open("/household/index")
    assert visitor.path == "/household"


@pytest.mark.parametrize("lang", ["ar", "fr", "zgh"])
async def test_the_index_stands_unrounded_beside_the_thresholds(
    browser_of, portal: Portal, lang: str
) -> None:
    family, browser = await settle(portal), browser_of(lang)
    await come_in(portal, browser, family.hassan)
    await browser.open("/household")
    assert browser.main.first(class_="figure").text == A1
    scale = browser.main.first(class_="gauge")
    assert {"9.3264284", "9.743001"} <= set(scale.text.split())
    for number in (A1, "9.3264284", "9.743001"):
        assert number in scale.get("aria-label")


async def test_every_member_sees_the_same_index(visitor: PageBrowser, portal: Portal) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.fatima)
    await visitor.open("/household")
    assert visitor.main.first(class_="figure").text == A1
    assert "Hassan Alaoui" in visitor.heading


async def test_the_lines_sum_to_the_index(visitor: PageBrowser, portal: Portal) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index")
    assert sum(points(visitor, "ledger-points")) == Decimal(A1)
    totals = points(visitor, "ledger-total")
    assert sum(totals) == Decimal(A1)
    assert [abs(each) for each in totals[:-1]] == sorted((abs(each) for each in totals[:-1]), reverse=True)


async def test_the_account_of_every_line_adds_up(visitor: PageBrowser, portal: Portal) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index/sum")
    rows = [
        list(row.all("td"))
        for row in visitor.main.first(class_="table-ledger").all("tr")
        if list(row.all("td"))
    ]
    numbers = [[Decimal(cell.text.replace(MINUS, "-")) for cell in cells] for cells in rows]
    total = numbers.pop()
    assert total == [Decimal(A1)]
    assert sum(row[2] for row in numbers) == Decimal(A1)
    assert all(value * coefficient == sum_ for value, coefficient, sum_ in numbers)


async def test_what_it_opens_is_told_with_amount_and_distance(visitor: PageBrowser, portal: Portal) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index")
    programmes = [
        each.text for each in visitor.main.first(class_="programmes").children if not isinstance(each, str)
    ]
    tadamon, direct_support, contribution = programmes
    assert "0.274836" in tadamon
    assert "600" in direct_support
    assert "0.1417366" in direct_support
    assert "176" in contribution
    parts = visitor.main.first(class_="parts")
    assert [each.first("b").text.split()[0] for each in parts.all("li")] == ["300", "300"]


async def test_who_reads_little_is_told_what_made_it_and_what_to_do(
    visitor: PageBrowser, portal: Portal
) -> None:
    """Before any figure of a line: the money of a month, the three heaviest lines in words, the ways on."""
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index")
    assert visitor.says("The lower the index, the more programmes are open to the household.")
    assert "600" in visitor.main.first(class_="card-figure").first("strong").text
    causes = list(visitor.main.first(class_="causes").all("li"))
    assert [each.get("class").rpartition("-")[2] for each in causes] == ["down", "down", "up"]
    ways = {each.get("href") for each in visitor.main.first(class_="ways").all("a")}
    assert ways == {"/fr/household/recomputation", "/fr/household/declaration", "/fr/help"}
    groups = list(visitor.main.all("details", class_="ledger-group"))
    assert len(groups) > 3
    assert not [each for each in groups if "open" in each.attributes]


async def test_a_line_can_be_doubted_and_a_constant_cannot(visitor: PageBrowser, portal: Portal) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index")
    doubted = {link.partition("line=")[2] for link in visitor.links if "line=" in link}
    assert {"U19", "U35", "U24"} <= doubted
    assert not doubted & {"K", "k", "U20", "U22"}


async def test_values_are_told_as_people_count(visitor: PageBrowser, portal: Portal) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index")
    values = " | ".join(each.text for each in visitor.main.all(class_="ledger-value"))
    assert "300" in values, "water and electricity are told as a sum a month"
    assert "1200" not in values


async def test_since_last_time_shows_what_moved_and_the_moves_sum_to_the_change(
    visitor: PageBrowser, portal: Portal, clock: Clock
) -> None:
    family = await settle(portal)
    clock.advance(days=1)
    async with transaction(portal.writes) as session:
        cheaper = urban_home(internet_mad=Decimal(0), mobile_phones=1)
        members = await answers_of(session, family.hassan, clock.now)
        await declare(session, family.hassan, clock.now, home=cheaper, members=members)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index")
    now = Decimal(visitor.main.first(class_="figure").text)
    assert sum(points(visitor, "move-points")) == now - Decimal(A1)
    assert len(points(visitor, "move-points")) == 2
    past = visitor.main.first(class_="history").all("li")
    assert [entry.first("bdi").text for entry in past] == [A1]


async def test_while_somebody_is_awaited_there_is_no_index_and_the_page_says_why(
    visitor: PageBrowser, portal: Portal, clock: Clock
) -> None:
    async with transaction(portal.writes) as session:
        family = await add_family(session, clock.now)
        await invite(session, family, clock.now)
        await declare(session, family.hassan, clock.now)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household")
    assert "/fr/household/members" in visitor.links
    assert not list(visitor.main.all(class_="figure"))
    assert len(list(visitor.main.first(class_="timeline").all("li", **{"aria-current": "step"}))) == 1
    await visitor.open("/household/recomputation")
    assert visitor.status == 200
    assert not list(visitor.main.all("form"))
    await come_in(portal, visitor, family.fatima)
    await visitor.open("/household")
    assert "Hassan Alaoui" in visitor.text
    assert "/fr/household/invitations" in visitor.links


async def test_the_page_says_within_how_many_days_a_change_is_declared(
    visitor: PageBrowser, portal: Portal
) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household")
    assert f" {delays_on(DECLARED_ON).change_report_days} " in visitor.text


@pytest.mark.parametrize("path", ["/household", "/household/index", "/household/recomputation", "/messages"])
async def test_nobody_sees_a_household_without_signing_in(visitor: PageBrowser, path: str) -> None:
    await visitor.open(path)
    assert visitor.path == "/sign-in"


async def test_any_two_indexes_stand_side_by_side_as_one_sum(
    browser_of, portal: Portal, clock: Clock
) -> None:
    family = await settle(portal)
    for changed in ({"mobile_phones": 1}, {"mobile_phones": 4, "bath": False}):
        clock.advance(days=1)
        async with transaction(portal.writes) as session:
            members = await answers_of(session, family.hassan, clock.now)
            await declare(session, family.hassan, clock.now, home=urban_home(**changed), members=members)
    browser = browser_of("fr")
    await come_in(portal, browser, family.hassan)
    await browser.open("/household/index/comparison")
    first, *moved, last = points(browser, "move-points")
    assert first + sum(moved) == last
    assert browser.form().values == {"before": "2", "after": "3"}
    await browser.submit(before="3", after="1")
    first, *moved, last = points(browser, "move-points")
    assert (first, first + sum(moved)) == (Decimal(A1), last)
    assert len(moved) == 2
    assert len(list(browser.main.first(class_="history").all("li"))) == 3
    for hostile in (
        "before=1&after=4",
        "before=2&after=2",
        "before=x&after=1",
        "after=-1",
        "before=9999999999",
    ):
        await browser.open(f"/household/index/comparison?{hostile}")
        assert browser.status == 404
