"""Entering the register from outside it: at home, by the pages, as a foreigner, a stranger and somebody in a hurry."""

from __future__ import annotations

from tests.app.conftest import Messages
from tests.app.entering import CHOOSE, FILE, PHONE, choose, pre_register
from tests.app.pages import PageBrowser


async def test_from_a_short_form_to_an_appointment_with_a_receipt(
    visitor: PageBrowser, messages: Messages
) -> None:
    reference = await pre_register(visitor, messages)
    assert visitor.says("Your residence card. The passport alone is not enough.")
    told = [message.template for message in await messages.to(PHONE)]
    assert told == ["pre_registered", "pre_registration_code"]
    await visitor.follow("Choisir un rendez-vous")
    await visitor.submit(province="06.141")
    await visitor.follow("Voir les jours libres de ce centre")
    assert visitor.path == CHOOSE
    await choose(visitor)
    assert visitor.path == FILE
    assert visitor.says("Change the appointment")
    newest = (await messages.to(PHONE))[0]
    assert newest.template == "appointment_booked"
    assert reference in newest.body
