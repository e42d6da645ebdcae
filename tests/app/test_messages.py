"""The inbox: what was told is kept, and marked as read only when the reader says so."""

from __future__ import annotations

from sqlalchemy import delete

from app.requests import Portal
from app.routes.messages import MESSAGES_A_PAGE
from identity.account.accounts import recipient
from notifications.messages import Template
from notifications.outbox import inbox, notify
from notifications.tables import Delivery, Notification
from tests.app.conftest import Clock
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.family import transaction


async def tell_many(portal: Portal, person_id: int, clock: Clock, times: int) -> None:
    async with transaction(portal.writes) as session:
        reader = await recipient(session, person_id=person_id)
        for number in range(times):
            await notify(
                session,
                recipient=reader,
                template=Template.REQUEST_DECIDED,
                values={"reference": f"R-{number:08}", "date": clock.now.date()},
                link="/household/recomputation",
                now=clock.now,
            )


async def unread(portal: Portal, person_id: int) -> int:
    async with portal.reads() as session:
        return sum(message.read_at is None for message in await inbox(session, person_id=person_id))


async def test_a_message_has_title_date_text_and_a_way_on(visitor: PageBrowser, portal: Portal) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/messages")
    titles = [each.text for each in visitor.main.all("h2")]
    assert any("indice" in title for title in titles)
    assert "/fr/household/index" in visitor.links
    assert all(
        "2 mars 2026" in each.first(class_="quiet").text for each in visitor.main.all("li", class_="message")
    )


async def test_the_language_is_that_of_the_page(browser_of, portal: Portal) -> None:
    family, arabic = await settle(portal), browser_of("ar")
    await come_in(portal, arabic, family.hassan)
    await arabic.open("/messages")
    assert "مؤشر" in arabic.text


async def test_looking_marks_nothing_and_the_button_marks_all_that_was_shown(
    visitor: PageBrowser, portal: Portal, clock: Clock
) -> None:
    family = await settle(portal)
    person_id = family.hassan.id or 0
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/messages")
    before = await unread(portal, person_id)
    assert before == len(list(visitor.main.all(class_="message-unread"))) > 0
    await tell_many(portal, person_id, clock, 1)
    form = visitor.form("/messages/read")
    await visitor.send(form)
    assert visitor.path == "/messages"
    assert await unread(portal, person_id) == 1, "what came after the page was made stays new"
    assert len(list(visitor.main.all(class_="message-unread"))) == 1


async def test_many_messages_come_page_by_page_and_no_number_is_told(
    visitor: PageBrowser, portal: Portal, clock: Clock
) -> None:
    family = await settle(portal)
    await tell_many(portal, family.hassan.id or 0, clock, 2 * MESSAGES_A_PAGE)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/messages")
    seen: list[str] = []
    for _ in range(3):
        seen += [each.text for each in visitor.main.all("li", class_="message")]
        older = next(iter(visitor.main.all(class_="pagination-older")), None)
        if older is None:
            break
        assert not older.get("href").partition("before=")[2].isdigit()
        await visitor.open(f"!{older.get('href')}")
    assert len(seen) > 2 * MESSAGES_A_PAGE
    assert len({text for text in seen if "R-" in text}) >= 2 * MESSAGES_A_PAGE


async def test_a_place_of_somebody_else_is_no_place(
    visitor: PageBrowser, browser_of, portal: Portal, clock: Clock
) -> None:
    family, other = await settle(portal), browser_of()
    await tell_many(portal, family.hassan.id or 0, clock, MESSAGES_A_PAGE + 1)
    await come_in(portal, visitor, family.hassan)
    await come_in(portal, other, family.fatima)
    await visitor.open("/messages")
    place = visitor.main.first(class_="pagination-older").get("href")
    await other.open(f"!{place}")
    assert other.status == 404
    await other.open("/messages?before=12")
    assert other.status == 404


async def test_an_empty_inbox_says_so(visitor: PageBrowser, portal: Portal) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    async with transaction(portal.writes) as session:
        await session.exec(delete(Delivery))
        await session.exec(delete(Notification))
    await visitor.open("/messages")
    assert visitor.main.first(class_="empty")
    assert not list(visitor.main.all("form"))
