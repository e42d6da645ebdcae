"""Entering the register from outside it: at home, by the pages, as a newcomer, a stranger and somebody in a hurry."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlmodel import col, select

from app.requests import Portal
from identity.people.tables import DocumentKind
from identity.proofs.tables import Challenge, OneTimeCode, Purpose
from notifications.tables import Delivery
from registry.appointments.booking import book
from registry.appointments.pre_registrations import forget_pre_registrations
from registry.appointments.slots import bookable_slots
from registry.appointments.tables import Appointment, AppointmentStatus, PreRegistration
from registry.centres.directory import centre
from registry.dates import country_time
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.entering import CENTRE, CHOOSE, FILE, MARIAMA, PHONE, START, choose, pre_register
from tests.app.pages import PageBrowser
from tests.registry.newcomers import add_pre_registration

RETURN = f"{START}/return"


async def test_from_a_short_form_to_an_appointment_with_a_receipt(
    visitor: PageBrowser, messages: Messages, portal: Portal
) -> None:
    reference = await pre_register(visitor, messages, email="Mariama@Example.MA")
    assert visitor.says("Your residence card. The passport alone is not enough.")
    assert [message.template for message in await messages.to(PHONE)][-1] == "pre_registration_code"
    await visitor.follow("Choisir un rendez-vous")
    await visitor.submit(province="06.141")
    await visitor.follow("Voir les jours libres de ce centre")
    assert visitor.path == CHOOSE
    at = await choose(visitor)
    assert visitor.path == FILE
    assert at.partition("T")[2] in visitor.text
    newest = (await messages.to(PHONE))[0]
    assert (newest.template, reference in newest.body) == ("appointment_booked", True)
    by_email = await messages.to("Mariama@example.ma")
    assert {message.template for message in by_email} == {"pre_registered", "appointment_booked"}
    async with portal.reads() as session:
        challenge = (await session.exec(select(Challenge))).one()
    assert set(challenge.data) == {"language", "sms_language", "pre_registration"}


async def test_an_appointment_is_changed_and_cancelled_from_another_telephone(
    visitor: PageBrowser, browser_of: BrowserOf, messages: Messages, clock: Clock, portal: Portal
) -> None:
    reference = await pre_register(visitor, messages)
    first = await choose(visitor, day=3)
    clock.advance(minutes=2)
    borrowed = browser_of("ar", "192.0.2.77")
    await borrowed.open(RETURN)
    await borrowed.submit(pre_registration=f" {reference.lower().replace('-', ' ')} ", phone="+212661234567")
    await borrowed.submit(code=await messages.code_to(PHONE))
    assert borrowed.path == FILE
    second = await choose(borrowed, day=4)
    assert first != second
    assert (await messages.to(PHONE))[0].template == "appointment_booked"
    await borrowed.open(f"{START}/cancel")
    await borrowed.submit()
    assert borrowed.path == FILE
    assert borrowed.says("You have no appointment yet. Choose a centre, a day and a time.")
    assert (await messages.to(PHONE))[0].template == "appointment_cancelled"
    async with portal.reads() as session:
        rows = await session.exec(select(Appointment.status).order_by(col(Appointment.id)))
        assert list(rows) == [AppointmentStatus.MOVED, AppointmentStatus.CANCELLED]
    clock.advance(days=6)
    assert "appointment_reminder" not in [message.template for message in await messages.to(PHONE)]


async def test_whoever_closes_the_page_has_to_prove_the_telephone_again(
    visitor: PageBrowser, messages: Messages, clock: Clock
) -> None:
    await pre_register(visitor, messages)
    kept = dict(visitor.http.cookies)
    visitor.form(f"{START}/leave")
    await visitor.submit()
    assert visitor.path == RETURN
    visitor.http.cookies.update(kept)
    for path in (FILE, CHOOSE, f"{START}/cancel"):
        await visitor.open(path)
        assert visitor.path == RETURN


async def test_half_an_hour_later_the_page_is_closed(
    visitor: PageBrowser, messages: Messages, clock: Clock
) -> None:
    await pre_register(visitor, messages)
    clock.advance(minutes=31)
    await visitor.open(FILE)
    assert visitor.path == RETURN


@pytest.mark.parametrize("wrong", ["reference", "phone", "expired", "closed"])
async def test_nobody_learns_whether_a_reference_and_a_telephone_belong_together(
    visitor: PageBrowser,
    browser_of: BrowserOf,
    messages: Messages,
    portal: Portal,
    clock: Clock,
    wrong: str,
) -> None:
    """The same pages, the same rows written, and the same refusals of wrong codes; only nobody is sent anything."""
    now = portal.clock()
    expires_at = now + dt.timedelta(days=-1 if wrong == "expired" else 60)
    async with portal.writes() as session, session.begin():
        real = await add_pre_registration(session, now, phone="+212661111111")
        state = {"status": "closed"} if wrong == "closed" else {}
        other = await add_pre_registration(
            session, now, phone="+212662222222", expires_at=expires_at, **state
        )
    guess = {
        "reference": ("B-7K2M9QXZ4D", "0661111111"),
        "phone": (real.reference, "0663333333"),
    }.get(wrong, (other.reference, "0662222222"))
    stranger = browser_of("fr", "192.0.2.66")
    counts = []
    for browser, (reference, phone) in ((visitor, (real.reference, "0661111111")), (stranger, guess)):
        before = await _written(portal)
        await browser.open(RETURN)
        await browser.submit(pre_registration=reference, phone=phone)
        counts.append(
            [after - earlier for after, earlier in zip(await _written(portal), before, strict=True)]
        )
    assert counts[0][:2] == counts[1][:2] == [1, 1]
    assert (counts[0][2], counts[1][2]) == (1, 0)
    assert _without_chance(visitor) == _without_chance(stranger)
    for code in ("000000", "111111"):
        await visitor.submit(code=code)
        await stranger.submit(code=code)
        assert (visitor.status, _without_chance(visitor)) == (stranger.status, _without_chance(stranger))


async def _written(portal: Portal) -> list[int]:
    async with portal.reads() as session:
        return [len(list(await session.exec(select(rows.id)))) for rows in (Challenge, OneTimeCode, Delivery)]


def _without_chance(browser: PageBrowser) -> str:
    """The page without what differs between any two: the tokens of its forms and its reference."""
    return re.sub(r'name="_(csrf|key)" value="\w+"', "", browser.response.text)


async def test_the_form_answers_alike_whoever_is_in_the_register(
    visitor: PageBrowser, browser_of: BrowserOf, register: Register, messages: Messages
) -> None:
    await register(
        document_kind=DocumentKind.RESIDENCE_CARD,
        given_name_latin="Mariama",
        family_name_latin="Camara",
        birth_date=dt.date(1991, 11, 9),
        phone=PHONE,
    )
    stranger = browser_of("fr", "192.0.2.66")
    for browser, phone in ((visitor, "0661234567"), (stranger, "0669999999")):
        await browser.open(START)
        await browser.submit(**(MARIAMA | {"phone": phone}))
    assert _without_chance(visitor) == _without_chance(stranger)
    assert len(await messages.to(PHONE)) == len(await messages.to("+212669999999")) == 1


async def test_what_was_typed_without_ever_giving_the_code_does_not_stay(
    visitor: PageBrowser, portal: Portal, clock: Clock
) -> None:
    await visitor.open(START)
    await visitor.submit(**MARIAMA)
    kept = []
    for minutes in (29, 2):
        clock.advance(minutes=minutes)
        async with portal.writes() as session, session.begin():
            await forget_pre_registrations(session, now=clock.now)
        async with portal.reads() as session:
            kept.append("name" in (await session.exec(select(Challenge.data))).one())
    assert kept == [True, False]
    await visitor.open(f"{START}/code")
    assert visitor.path == START


@pytest.mark.parametrize("step", [FILE, CHOOSE, f"{CHOOSE}?centre={CENTRE}", f"{START}/cancel"])
async def test_no_step_can_be_skipped(visitor: PageBrowser, step: str) -> None:
    await visitor.open(START)
    await visitor.submit(**MARIAMA)
    assert visitor.path == f"{START}/code"
    await visitor.open(step)
    assert visitor.path == RETURN


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"given_name_latin": "", "family_name_latin": ""}, "given_name_ar"),
        ({"given_name_latin": "مريم"}, "given_name_latin"),
        ({"given_name_latin": "Mari\u202eama"}, "given_name_latin"),
        ({"phone": "+33 6 12 34 56 78"}, "phone"),
        ({"phone": "0522123456"}, "phone"),
        ({"members": "0"}, "members"),
        ({"birth_date_year": "2030"}, "birth_date_year"),
        ({"birth_date_month": "2", "birth_date_day": "31"}, "birth_date_day"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_no_code_is_sent(
    visitor: PageBrowser, portal: Portal, changed: dict[str, str], field: str
) -> None:
    await visitor.open(START)
    await visitor.submit(**(MARIAMA | changed))
    assert (visitor.status, list(visitor.errors)) == (422, [field])
    assert await _written(portal) == [0, 0, 0]


async def test_the_last_desk_of_a_time_goes_to_one_and_the_other_is_shown_what_is_left(
    visitor: PageBrowser, messages: Messages, portal: Portal
) -> None:
    await pre_register(visitor, messages)
    await visitor.open(f"{CHOOSE}?centre=05.091-1")
    slot = bookable_slots(centre("05.091-1"), now=portal.clock())[20]
    at = f"{slot.starts_at.astimezone(country_time()):%Y-%m-%dT%H:%M}"
    await visitor.open(f"{CHOOSE}?centre=05.091-1&at={at}")
    assert visitor.form().values["at"] == at
    async with portal.writes() as session, session.begin():
        for _ in range(slot.desks):
            faster = await add_pre_registration(session, portal.clock())
            await book(
                session, kept=faster, centre_code="05.091-1", starts_at=slot.starts_at, now=portal.clock()
            )
    await visitor.submit()
    assert visitor.status == 409
    assert visitor.says("This time has just been taken. Nothing was changed: choose another one.")
    assert not [link for link in visitor.links if link.endswith(at)]


async def test_one_telephone_makes_eight_pre_registrations_and_no_more(
    browser_of: BrowserOf, messages: Messages, clock: Clock, portal: Portal
) -> None:
    for number in range(8):
        await pre_register(browser_of("fr", f"192.0.2.{number}"), messages)
        clock.advance(hours=6)
    ninth = browser_of("fr", "192.0.2.99")
    await ninth.open(START)
    await ninth.submit(**MARIAMA)
    await ninth.submit(code=await messages.code_to(PHONE))
    assert (ninth.status, list(ninth.errors)) == (429, ["phone"])
    async with portal.reads() as session:
        assert len(list(await session.exec(select(PreRegistration.id)))) == 8


async def test_a_code_for_one_of_the_two_ways_in_does_not_open_the_other(
    visitor: PageBrowser, messages: Messages, portal: Portal
) -> None:
    """T-04: what was sent to prove a telephone is worth nothing for coming back, and the other way round."""
    async with portal.writes() as session, session.begin():
        kept = await add_pre_registration(session, portal.clock(), phone=PHONE)
    await visitor.open(RETURN)
    await visitor.submit(pre_registration=kept.reference, phone="0661234567")
    code = await messages.code_to(PHONE)
    await visitor.open(START)
    await visitor.submit(**MARIAMA)
    await visitor.submit(code=code)
    assert list(visitor.errors) == ["code"]
    async with portal.reads() as session:
        proven = await session.exec(select(Challenge.purpose).where(Challenge.step == "proven"))
        assert list(proven) == []
        assert Purpose.APPOINTMENT in list(await session.exec(select(Challenge.purpose)))
