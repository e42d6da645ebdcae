"""What is approved and still to come: whoever would lose is told before, once; the past stays explained by its own."""

import asyncio
import json
from datetime import date, timedelta

from sqlmodel import col, select

from app.coming_changes import tell_who_would_lose
from app.national import Order, recompute
from app.requests import Portal
from identity.roles import Role
from notifications.messages import Template
from notifications.tables import Delivery, Notification
from registry.model_life.coming import tell_next
from registry.model_life.shelf import Shelf
from registry.model_life.tables import ModelNotice, ModelVersion
from registry.rules.scoring import model_on
from registry.tables import IndexEvent
from tests.app.conftest import Clock
from tests.app.officers import add_officer_account
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.app.test_model_life import ASD, NAME, approve, propose, try_on_all
from tests.registry.family import declare
from tests.registry.test_model_files import next_asd, next_model
from tests.registry.worked_households import urban_home

PAGE = "/household/coming-changes"
STRICTER = json.dumps(next_asd()).replace('"9.6"', '"9.5"')


def dearer() -> str:
    """The family of the tests, at 9.6012644, would be at 9.8012644 and out of the aid."""
    document = next_model()
    document["zones"]["urban"]["constant"] = "10.025"
    return json.dumps(document)


async def approved(portal: Portal, text: str) -> ModelVersion:
    roles = {"proposer": Role.SUPERVISOR, "first": Role.SUPERVISOR, "second": Role.ADMINISTRATOR}
    staff = {
        name: (await add_officer_account(portal, name, role=role)).staff_id for name, role in roles.items()
    }
    version = await propose(portal, staff, text)
    await try_on_all(portal, version.name)
    assert await tell_who_would_lose(portal) == 0, "a draft concerns nobody yet"
    for by in ("first", "second"):
        version = await approve(portal, staff, by, version)
    portal.shelf.forget()
    return version


async def notices(portal: Portal) -> list[Notification]:
    async with portal.reads() as session:
        found = select(Notification).where(Notification.template == Template.RULES_CHANGE)
        return list(await session.exec(found.order_by(col(Notification.id))))


async def test_each_adult_of_a_household_that_would_lose_is_told_once(portal: Portal, clock: Clock) -> None:
    family = await settle(portal)
    await approved(portal, STRICTER)
    looked_at = await asyncio.gather(*(tell_who_would_lose(portal) for _ in range(4)))
    assert sum(looked_at) == 1
    told = await notices(portal)
    assert {each.person_id for each in told} == {family.hassan.id, family.fatima.id}
    assert len(told) == 2
    assert {each.link for each in told} == {PAGE}
    assert told[0].values == {"date": {"date": "2027-01-01"}}
    async with portal.reads() as session:
        wanted = select(Delivery.available_at).where(
            col(Delivery.notification_id).in_([each.id for each in told])
        )
        instants = sorted(await session.exec(wanted))
    assert [each - instants[0] for each in instants] == [
        place * timedelta(seconds=1) / 20 for place in range(len(instants))
    ]
    await try_on_all(portal, ASD)
    assert await tell_who_would_lose(portal) == 0
    assert len(await notices(portal)) == 2


async def test_who_loses_nothing_any_more_is_told_nothing(portal: Portal, clock: Clock) -> None:
    family = await settle(portal)
    await approved(portal, STRICTER)
    clock.advance(minutes=5)
    async with portal.writes() as session, session.begin():
        await declare(session, family.hassan, clock.now, home=urban_home(internet_mad="0", mobile_phones=0))
    assert await tell_who_would_lose(portal) == 1
    assert await notices(portal) == []
    async with portal.reads() as session:
        notice = (await session.exec(select(ModelNotice))).one()
    assert (notice.is_told, notice.looked_at) == (False, clock.now)


async def test_nobody_is_told_of_what_was_withdrawn_or_has_begun(portal: Portal, clock: Clock) -> None:
    await settle(portal)
    await approved(portal, STRICTER)
    clock.now = clock.now.replace(year=2027)
    assert await tell_who_would_lose(portal) == 0
    assert await notices(portal) == []


async def test_the_page_tells_what_changes_and_nothing_else(
    portal: Portal, visitor: PageBrowser, clock: Clock
) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.fatima)
    await visitor.open(PAGE)
    assert visitor.says("No change is decided for the time to come.")
    await approved(portal, dearer())
    await visitor.open("/household")
    assert f"/fr{PAGE}" in visitor.links
    await visitor.open("/household/index")
    assert f"/fr{PAGE}" in visitor.links
    await visitor.open(PAGE)
    assert visitor.status == 200
    for words in ("1er janvier 2027", "9.6012644", "9.8012644", "+0.2"):
        assert words in visitor.text, words
    assert visitor.says("You have made no mistake: the rules change for everybody.")


async def test_the_past_stays_explained_by_the_model_that_computed_it(
    portal: Portal, visitor: PageBrowser, clock: Clock
) -> None:
    """The old index by the old model after the day, and beside the new one after the recomputation."""
    family = await settle(portal)
    await approved(portal, dearer())
    clock.now = clock.now.replace(year=2027, month=1, day=2)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index/sum")
    assert visitor.status == 200
    assert "ma-ise-2021" in visitor.text
    assert NAME not in visitor.text
    assert "9.6012644" in visitor.text
    async with portal.reads() as session:
        await Shelf().open(session)
    order = Order(model=model_on(date(2027, 1, 2)), started_by="operator", pace=20)
    assert order.model.name == NAME
    await recompute(portal, order, staged=lambda *_: None, published=lambda *_: None)
    await visitor.open("/household/index/sum")
    assert NAME in visitor.text
    assert "9.8012644" in visitor.text
    await visitor.open("/household/index/comparison")
    for words in ("ma-ise-2021", NAME, "9.6012644", "9.8012644"):
        assert words in visitor.text, words
    async with portal.reads() as session:
        events = list(await session.exec(select(IndexEvent).order_by(col(IndexEvent.id))))
    assert [(event.model, str(event.index)) for event in events] == [
        ("ma-ise-2021", "9.6012644"),
        (NAME, "9.8012644"),
    ]


async def test_one_step_takes_no_more_than_it_is_let(portal: Portal, clock: Clock) -> None:
    for _ in range(3):
        await settle(portal)
    await approved(portal, STRICTER)
    for left in (1, 1, 1, 0):
        async with portal.writes() as session, session.begin():
            await portal.shelf.open(session)
            assert await tell_next(session, now=clock.now, limit=1) == left
    assert len(await notices(portal)) == 6
