"""Who is in the household: children, invitations and answers, by filling in the pages."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

import pytest
from sqlmodel import col, select

from app.requests import Portal
from identity.people.tables import Person
from registry.tables import Membership, MembershipStatus
from tests.app.conftest import Clock, Messages, Register
from tests.app.declaring import Family, add_family, settle_in
from tests.app.journeys import READ_AGAIN, sign_in
from tests.app.pages import PageBrowser

MEMBERS = "/household/members"
CHILDREN = f"{MEMBERS}/children"
INVITE = f"{MEMBERS}/invite"
INVITATIONS = "/household/invitations"
Browsers = Callable[..., PageBrowser]


@pytest.fixture
async def family(visitor: PageBrowser, register: Register, messages: Messages) -> Family:
    """A couple with two children; Hassan is signed in to `visitor`."""
    family = await add_family(register)
    await settle_in(visitor, family.hassan, messages)
    return family


@pytest.fixture
async def fatima(family: Family, browser_of: Browsers, messages: Messages) -> PageBrowser:
    browser = browser_of()
    await settle_in(browser, family.fatima, messages)
    return browser


async def statuses(portal: Portal, person: Person) -> list[MembershipStatus]:
    async with portal.reads() as session:
        found = (
            select(col(Membership.status))
            .where(Membership.person_id == person.id)
            .order_by(col(Membership.id))
        )
        return list(await session.exec(found))


async def invite(browser: PageBrowser, person: Person, **changed: str) -> None:
    await browser.open(INVITE)
    answers = {"person_identifier": person.identifier, "birth_year": "1988", "relation": "spouse"}
    await browser.submit(**answers | changed)


async def test_somebody_alone_is_one_member(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    await settle_in(visitor, await register(), messages)
    await visitor.open(MEMBERS)
    assert "Bennani" in visitor.text
    assert len(list(visitor.main.all("dt"))) == 1


async def test_children_of_the_register_are_added_with_one_press(
    visitor: PageBrowser, family: Family, portal: Portal
) -> None:
    await visitor.open(CHILDREN)
    assert "Yassine" in visitor.text
    assert "Salma" in visitor.text
    await visitor.submit()
    assert visitor.path == MEMBERS
    await visitor.open(CHILDREN)
    await visitor.submit()
    assert "Yassine" in visitor.text
    assert "Salma" in visitor.text
    assert await statuses(portal, family.yassine) == [MembershipStatus.ACTIVE]
    await visitor.open(CHILDREN)
    assert "Yassine" not in visitor.text


async def test_a_child_is_added_by_its_identifier_in_any_digits(
    visitor: PageBrowser, family: Family, portal: Portal
) -> None:
    await visitor.open(CHILDREN)
    form = visitor.form()
    form.values["person_identifier"] = family.salma.identifier.translate(
        str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    )
    await visitor.send(form)
    assert await statuses(portal, family.salma) == [MembershipStatus.ACTIVE]


async def test_a_child_of_others_and_one_that_nobody_has_get_the_same_answer(
    visitor: PageBrowser, family: Family, register: Register
) -> None:
    other = await register(birth_date=dt.date(2015, 5, 5), document_kind=None, document_number=None)
    answers = []
    for identifier in (other.identifier, "0999999993", family.fatima.identifier):
        await visitor.open(CHILDREN)
        form = visitor.form()
        form.values["person_identifier"] = identifier
        await visitor.send(form)
        answers.append((visitor.status, visitor.errors))
    assert answers[0][0] == 422
    assert answers == [answers[0]] * 3


async def test_a_child_whom_two_parents_claim_at_once_is_in_one_household(
    visitor: PageBrowser, family: Family, fatima: PageBrowser, portal: Portal
) -> None:
    for browser in (visitor, fatima):
        await browser.open(CHILDREN)
    await asyncio.gather(*(browser.submit() for browser in (visitor, fatima)))
    assert sorted([visitor.status, fatima.status]) == [200, 422]
    assert await statuses(portal, family.yassine) == [MembershipStatus.ACTIVE]


async def test_an_invitation_is_accepted_from_the_other_account(
    visitor: PageBrowser, family: Family, fatima: PageBrowser, portal: Portal
) -> None:
    await invite(visitor, family.fatima)
    assert visitor.path == MEMBERS
    assert family.fatima.identifier in visitor.text
    assert "Fatima" not in visitor.text
    await fatima.open(MEMBERS)
    assert f"/fr{INVITATIONS}" in fatima.links
    await fatima.open(INVITATIONS)
    assert "Hassan Bennani" in fatima.text
    assert {control.get("name") for control in fatima.form().controls} == {"_csrf", "_key", "reply"}
    await fatima.submit(reply="accept")
    assert fatima.path == MEMBERS
    assert await statuses(portal, family.fatima) == [MembershipStatus.ACTIVE]
    await visitor.open(MEMBERS)
    assert "Fatima" in visitor.text


async def test_an_invitation_is_refused_without_a_reason(
    visitor: PageBrowser, family: Family, fatima: PageBrowser, portal: Portal
) -> None:
    await invite(visitor, family.fatima)
    await fatima.open(INVITATIONS)
    address = fatima.path
    await fatima.submit(reply="refuse")
    assert await statuses(portal, family.fatima) == [MembershipStatus.REFUSED]
    await visitor.open(MEMBERS)
    (_, refused) = visitor.main.first("dl", class_="summary").all("dd")
    assert list(refused.all("span", class_="tag"))
    assert "Fatima" not in visitor.text
    assert not [link for link in visitor.links if link.endswith("/withdraw")]
    await fatima.open(address)
    assert fatima.status == 404


async def test_no_answer_is_no_answer(visitor: PageBrowser, family: Family, fatima: PageBrowser) -> None:
    await invite(visitor, family.fatima)
    await fatima.open(INVITATIONS)
    await fatima.submit()
    assert (fatima.status, set(fatima.errors)) == (422, {"reply"})


async def test_an_invitation_says_the_same_whether_or_not_anybody_has_the_number(
    visitor: PageBrowser, family: Family
) -> None:
    shown = []
    for identifier in (family.fatima.identifier, "0999999993"):
        await invite(visitor, family.fatima, person_identifier=identifier)
        assert visitor.path == MEMBERS
        shown.append(
            next(row.text.replace(identifier, "N") for row in visitor.main.all("dl", class_="summary"))
        )
        await visitor.open(next(link for link in visitor.links if link.endswith("/withdraw"))[3:])
        await visitor.submit()
        assert identifier not in visitor.text
    assert shown[0] == shown[1]


async def test_an_invitation_ends_by_itself(
    visitor: PageBrowser,
    family: Family,
    fatima: PageBrowser,
    clock: Clock,
    messages: Messages,
    portal: Portal,
) -> None:
    await invite(visitor, family.fatima)
    await fatima.open(INVITATIONS)
    address = fatima.path
    clock.advance(days=15)
    await sign_in(fatima, family.fatima, messages)
    await fatima.open(address)
    assert fatima.status == 404
    await fatima.open(INVITATIONS)
    assert not list(fatima.main.all("form"))


async def test_an_answer_sent_twice_is_given_once(
    visitor: PageBrowser, family: Family, fatima: PageBrowser, portal: Portal
) -> None:
    await invite(visitor, family.fatima)
    await fatima.open(INVITATIONS)
    form = fatima.form().fill(reply="accept")
    for _ in range(2):
        await fatima.send(form)
        assert fatima.path == MEMBERS
    assert await statuses(portal, family.fatima) == [MembershipStatus.ACTIVE]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("person_identifier", ""),
        ("person_identifier", "12345"),
        ("person_identifier", "12345678901"),
        ("person_identifier", "\u202e0000000028"),
        ("birth_year", ""),
        ("birth_year", "88"),
        ("birth_year", "2020"),
        ("birth_year", "MCMLXXXVIII"),
    ],
)
async def test_a_bad_answer_keeps_what_was_typed(
    visitor: PageBrowser, family: Family, field: str, typed: str
) -> None:
    await invite(visitor, family.fatima, **{field: typed})
    if typed.startswith("\u202e"):
        assert visitor.path == MEMBERS
        return
    assert (visitor.status, set(visitor.errors)) == (422, {field})
    assert visitor.form().values[field] == typed
    assert visitor.form().values["relation"] == "spouse"


async def test_a_doubtful_number_is_read_again_and_sent_as_it_is(
    visitor: PageBrowser, family: Family
) -> None:
    await invite(visitor, family.fatima, person_identifier="0999999990")
    assert (visitor.path, visitor.status) == (INVITE, 200)
    assert visitor.says(READ_AGAIN)
    typed = visitor.form().values
    assert (typed["person_identifier"], typed["birth_year"]) == ("0999999990", "1988")
    await visitor.submit(person_identifier="0999999991")
    assert (visitor.path, visitor.status) == (INVITE, 200), "another doubtful number is asked about again"
    await visitor.submit()
    assert visitor.path == MEMBERS


async def test_who_is_on_the_list_is_not_invited_again(visitor: PageBrowser, family: Family) -> None:
    await invite(visitor, family.fatima)
    await invite(visitor, family.fatima)
    assert (visitor.status, set(visitor.errors)) == (422, {"person_identifier"})


async def test_one_household_a_person(
    visitor: PageBrowser, family: Family, fatima: PageBrowser, portal: Portal
) -> None:
    await fatima.open(CHILDREN)
    await fatima.submit()
    await invite(visitor, family.fatima)
    await fatima.open(INVITATIONS)
    await fatima.submit(reply="accept")
    assert (fatima.status, set(fatima.errors)) == (422, {"reply"})
    await fatima.open("/household/leave")
    await fatima.submit()
    assert fatima.status == 422


async def test_a_member_sees_the_list_and_changes_nothing_but_leaving(
    visitor: PageBrowser, family: Family, fatima: PageBrowser, portal: Portal
) -> None:
    await visitor.open(CHILDREN)
    await visitor.submit()
    child = next(link for link in visitor.links if link.endswith("/remove"))[3:]
    await invite(visitor, family.fatima)
    await fatima.open(INVITATIONS)
    await fatima.submit(reply="accept")
    assert "Yassine" in fatima.text
    assert not [link for link in fatima.links if link.endswith(("/remove", "/invite", "/children"))]
    for page in (child, INVITE, CHILDREN, "/household/declaration", "/household/declaration/check"):
        await fatima.open(page)
        assert fatima.status == 403, page
    await fatima.open("/household/leave")
    await fatima.submit()
    assert await statuses(portal, family.fatima) == [MembershipStatus.LEFT]


async def test_a_child_is_taken_off_the_list_after_a_question(
    visitor: PageBrowser, family: Family, portal: Portal
) -> None:
    await visitor.open(CHILDREN)
    await visitor.submit()
    await visitor.open(next(link for link in visitor.links if link.endswith("/remove"))[3:])
    assert await statuses(portal, family.yassine) == [MembershipStatus.ACTIVE]
    await visitor.submit()
    assert visitor.path == MEMBERS
    assert await statuses(portal, family.yassine) == [MembershipStatus.REMOVED]


async def test_what_belongs_to_others_is_not_found(
    visitor: PageBrowser, family: Family, fatima: PageBrowser
) -> None:
    await invite(visitor, family.fatima)
    withdraw = next(link for link in visitor.links if link.endswith("/withdraw"))[3:]
    await fatima.open(withdraw)
    assert fatima.status == 404
    await visitor.open(f"{INVITATIONS}/M-00000000")
    assert visitor.status == 404
