"""A telephone that changes: told, on hold, cancelled from the old one, or taken off the accounts of strangers."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from identity import sessions
from identity.account import phones, strangers
from identity.account.phones import HOLD, PhoneRefused
from identity.people.tables import Person
from identity.proofs.challenges import CodeRefused
from identity.tables import Account
from notifications.messages import Template
from notifications.tables import Channel, Delivery, Notification
from tests.identity.world import (
    ADDRESS,
    BROWSER,
    PHONE,
    add_account,
    add_person,
    count,
    last_code,
    other_than,
)

NEW = "+212698765432"
EMAIL = "fatima@example.ma"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def owner(session, fatima, hasher, keys, now):
    opened = await add_account(session, hasher, keys, now)
    opened.account.email, opened.account.email_confirmed_at = EMAIL, now
    return opened.account


@pytest.fixture
def change(session, owner, keys, now):
    async def change_phone(here: str = ""):
        challenge = await phones.start_phone_change(
            session, account_id=owner.id, phone=NEW, browser=BROWSER, keys=keys, now=now
        )
        return await phones.confirm_phone_change(
            session,
            account_id=owner.id,
            challenge_id=challenge.id,
            code=await last_code(session, keys, address=NEW),
            browser=BROWSER,
            here=here,
            keys=keys,
            now=now,
        )

    return change_phone


@pytest.fixture
def cancel(session, keys):
    async def cancel_change(reference, now):
        started = {"browser": BROWSER, "address": ADDRESS, "keys": keys, "now": now}
        challenge = await phones.start_cancelling(session, reference=reference, **started)
        code = await last_code(session, keys, address=PHONE) if challenge.address else "000000"
        return await phones.cancel_phone_change(
            session, challenge_id=challenge.id, code=code, browser=BROWSER, keys=keys, now=now
        )

    return cancel_change


async def test_the_old_number_the_address_and_the_inbox_are_told(session, owner, change, now):
    changed = await change()
    assert (owner.phone, owner.phone_hold_until) == (NEW, now + HOLD)
    told = (
        await session.exec(select(Notification).where(Notification.template == Template.PHONE_CHANGED))
    ).one()
    assert told.in_inbox
    assert told.values["reference"] == changed.reference
    ways = await session.exec(select(Delivery.address).where(Delivery.notification_id == told.id))
    assert set(ways) == {PHONE, EMAIL}


async def test_every_other_session_ends(session, owner, change, now):
    here, other = [
        await sessions.open_citizen_session(session, account_id=owner.id, shared_device=True, now=now)
        for _ in range(2)
    ]
    await change(here=sessions.hash_token(here))
    assert await sessions.find_session(session, token=other, now=now) is None
    found = await sessions.find_session(session, token=here, now=now)
    assert found.phone_hold_until == now + HOLD


async def test_the_same_number_is_no_change(session, owner, keys, now):
    with pytest.raises(PhoneRefused, match="same"):
        await phones.start_phone_change(
            session, account_id=owner.id, phone=PHONE, browser=BROWSER, keys=keys, now=now
        )


async def test_the_old_number_cancels_while_the_hold_lasts(session, owner, change, cancel, now):
    changed = await change()
    thief = await sessions.open_citizen_session(session, account_id=owner.id, shared_device=True, now=now)
    await cancel(changed.reference, now + HOLD - MINUTE)
    await session.refresh(owner)
    assert (owner.phone, owner.phone_hold_until) == (PHONE, None)
    assert await sessions.find_session(session, token=thief, now=now) is None
    told = col(Notification.template) == Template.PHONE_CHANGE_CANCELLED
    assert await count(session, Notification, told) == 1


async def test_after_the_hold_it_is_too_late(session, owner, change, cancel, now):
    changed = await change()
    with pytest.raises(CodeRefused):
        await cancel(changed.reference, now + HOLD + MINUTE)
    assert owner.phone == NEW


async def test_it_is_cancelled_once(owner, change, cancel, now):
    changed = await change()
    await cancel(changed.reference, now + 2 * MINUTE)
    with pytest.raises(CodeRefused):
        await cancel(changed.reference, now + 4 * MINUTE)


async def test_a_reference_that_nobody_has_is_asked_alike_and_sends_nothing(session, owner, keys, now):
    before = await count(session, Delivery)
    challenge = await phones.start_cancelling(
        session, reference="P-00000000", browser=BROWSER, address=ADDRESS, keys=keys, now=now
    )
    assert challenge.address is None
    assert await count(session, Delivery) == before


async def remove(session, phone, keys, now, *, code=None):
    challenge = await strangers.start_removal(
        session, phone=phone, language="fr", browser=BROWSER, address=ADDRESS, keys=keys, now=now
    )
    return await strangers.remove_from_strangers(
        session,
        challenge_id=challenge.id,
        code=code or await last_code(session, keys, address=phone),
        browser=BROWSER,
        keys=keys,
        now=now,
    )


async def test_a_recycled_number_leaves_the_account_and_its_owner_is_told_elsewhere(
    session, owner, keys, now
):
    await remove(session, PHONE, keys, now)
    await session.refresh(owner)
    assert owner.phone is None
    assert await count(session, Person, col(Person.phone) == PHONE) == 0
    told = (
        await session.exec(select(Notification).where(Notification.template == Template.PHONE_REMOVED))
    ).one()
    assert told.in_inbox
    ways = list(await session.exec(select(Delivery).where(Delivery.notification_id == told.id)))
    assert [(way.channel, way.address) for way in ways] == [(Channel.EMAIL, EMAIL)]


async def test_a_wrong_code_takes_nothing_off(session, owner, keys, now):
    challenge = await strangers.start_removal(
        session, phone=PHONE, language="fr", browser=BROWSER, address=ADDRESS, keys=keys, now=now
    )
    with pytest.raises(CodeRefused):
        await strangers.remove_from_strangers(
            session,
            challenge_id=challenge.id,
            code=other_than(await last_code(session, keys)),
            browser=BROWSER,
            keys=keys,
            now=now,
        )
    assert (await session.get(Account, owner.id)).phone == PHONE


async def test_a_number_that_we_do_not_write_to_receives_nothing(session, owner, keys, now):
    before = await count(session, Delivery)
    with pytest.raises(CodeRefused):
        await remove(session, "+212600000001", keys, now, code="000000")
    assert await count(session, Delivery) == before


async def test_one_number_of_several_people_leaves_them_all(session, owner, hasher, keys, now):
    await add_person(session, identifier="0000000002", document_number="CD1", phone=PHONE)
    second = await add_account(session, hasher, keys, now + timedelta(days=1), document_number="CD1")
    await remove(session, PHONE, keys, now + timedelta(days=2))
    for account in (owner, second.account):
        await session.refresh(account)
        assert account.phone is None
