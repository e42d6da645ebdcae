"""A new telephone bound at a centre: what one officer asks, a second one confirms, and nothing happens in between."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from identity import sessions
from identity.account import phones
from identity.account.phones import HOLD
from identity.desk_tables import BindingReason, BindingStatus, PhoneBinding
from identity.keys import Keys
from identity.people.tables import Person
from identity.proofs.challenges import CodeRefused
from identity.roles import Role
from identity.tables import Account, AuditEntry, KnownBrowser, PhoneChange, Proofing, Staff
from notifications.messages import Template
from notifications.tables import Delivery, Notification
from registry.acts import Act
from registry.centres.officers import NotAllowed, OwnFile
from registry.centres.phone_bindings import (
    WITNESS_WITHIN,
    Asked,
    BindingRefused,
    ask_to_bind,
    hold_number,
    waiting_bindings,
    withdraw_binding,
)
from registry.centres.witnesses import look_as_witness, refuse_binding, witness_binding
from registry.errors import NotFound
from tests.identity.world import last_code
from tests.registry.family import (
    CENTRE_ELSEWHERE,
    add_account,
    add_family,
    add_officer,
    add_person,
    in_parallel,
    rows,
    transaction,
)

KEYS = Keys.from_secret(b"a secret of the tests, long enough")
CENTRE, NEW = "casablanca-anfa", "+212698765432"
EMAIL = "zahra@example.ma"
SECOND = timedelta(seconds=1)


@pytest.fixture
async def zahra(session, now) -> Person:
    return await add_person(session, "Zahra", date(1960, 5, 5))


@pytest.fixture
async def owner(session, zahra, now) -> Account:
    account = await add_account(session, zahra, now)
    account.email, account.email_confirmed_at = EMAIL, now
    return account


@pytest.fixture
async def officers(session, now) -> tuple[int, int]:
    return await add_officer(session, CENTRE, now), await add_officer(session, CENTRE, now)


def asked_for(person: Person, **changed) -> Asked:
    known = Asked(
        document_kind=person.document_kind,
        document_number=person.document_number,
        identifier=None,
        phone=NEW,
        reason=BindingReason.LOST,
        password_lost=False,
    )
    return replace(known, **changed)


async def ask(session, staff_id, asked, now, *, browser="desk", kept_elsewhere=False):
    return await ask_to_bind(
        session,
        staff_id=staff_id,
        asked=asked,
        browser=browser,
        kept_elsewhere=kept_elsewhere,
        keys=KEYS,
        now=now,
    )


async def request(session, staff_id, person, now, browser="desk", **changed) -> PhoneBinding:
    """Asked, and the code read out: it waits for a witness."""
    asked = asked_for(person, **changed)
    challenge = await ask(session, staff_id, asked, now, browser=browser)
    return await hold_number(
        session,
        staff_id=staff_id,
        challenge_id=challenge.id,
        code=await last_code(session, KEYS, address=asked.phone),
        browser=browser,
        keys=KEYS,
        now=now,
    )


async def refusal(work) -> str:
    with pytest.raises(BindingRefused) as refused:
        await work
    return refused.value.code


async def test_until_a_second_officer_confirms_nothing_changes(session, zahra, owner, officers, now):
    old = owner.phone
    binding = await request(session, officers[0], zahra, now)
    assert (owner.phone, owner.phone_hold_until, owner.proofing) == (old, None, Proofing.REGISTER_MATCH)
    assert await rows(session, Notification, col(Notification.template) == Template.PHONE_CHANGED) == 0
    waiting = await waiting_bindings(session, staff_id=officers[1], now=now)
    assert [(each.reference, each.is_own) for each in waiting] == [(binding.reference, False)]


async def test_the_witness_makes_the_number_count_and_every_channel_is_told(
    session, zahra, owner, officers, now
):
    old = owner.phone
    thief = await sessions.open_citizen_session(session, account_id=owner.id, shared_device=False, now=now)
    session.add(KnownBrowser(account_id=owner.id, browser_hash="x", seen_at=now))
    binding = await request(session, officers[0], zahra, now)
    await witness_binding(session, staff_id=officers[1], reference=binding.reference, now=now)
    await session.refresh(owner)
    assert (owner.phone, owner.phone_hold_until) == (NEW, now + HOLD)
    assert (owner.proofing, owner.proofed_at) == (Proofing.IN_PERSON, now)
    told = (
        await session.exec(select(Notification).where(Notification.template == Template.PHONE_CHANGED))
    ).one()
    assert told.in_inbox
    ways = await session.exec(select(Delivery.address).where(Delivery.notification_id == told.id))
    assert set(ways) == {old, EMAIL}
    assert await sessions.find_session(session, token=thief, now=now) is None
    assert await rows(session, KnownBrowser) == 0
    entries = await session.exec(select(AuditEntry).where(AuditEntry.person_id == zahra.id))
    acts = {entry.action: entry for entry in entries}
    assert acts[Act.PHONE_BINDING_ASKED].actor_id == officers[0]
    assert acts[Act.PHONE_BINDING_WITNESSED].actor_id == officers[1]
    assert acts[Act.PHONE_BINDING_WITNESSED].details["asked_by"] == officers[0]


async def test_the_old_number_cancels_it_and_the_earlier_proof_is_true_again(
    session, zahra, owner, officers, now
):
    old, proofed_at = owner.phone, owner.proofed_at
    binding = await request(session, officers[0], zahra, now + timedelta(hours=1))
    await witness_binding(
        session, staff_id=officers[1], reference=binding.reference, now=now + timedelta(hours=1)
    )
    change = await session.get(PhoneChange, binding.phone_change_id)
    later = now + HOLD
    facts = {"browser": "own", "keys": KEYS, "now": later}
    challenge = await phones.start_cancelling(
        session, reference=change.reference, address="192.0.2.1", **facts
    )
    code = await last_code(session, KEYS, address=old)
    await phones.cancel_phone_change(session, challenge_id=challenge.id, code=code, **facts)
    await session.refresh(owner)
    assert (owner.phone, owner.phone_hold_until) == (old, None)
    assert (owner.proofing, owner.proofed_at) == (Proofing.REGISTER_MATCH, proofed_at)


async def test_an_account_without_a_telephone_gets_one(session, zahra, owner, officers, now):
    owner.phone = None
    session.add(owner)
    await session.flush()
    binding = await request(session, officers[0], zahra, now, reason=BindingReason.NEVER_HAD)
    await witness_binding(session, staff_id=officers[1], reference=binding.reference, now=now)
    await session.refresh(owner)
    assert (owner.phone, owner.phone_hold_until) == (NEW, now + HOLD)


async def test_without_an_account_the_number_on_file_is_corrected_and_the_old_one_told(
    session, zahra, officers, now
):
    old = zahra.phone
    binding = await request(session, officers[0], zahra, now, password_lost=True)
    assert not binding.password_lost
    await witness_binding(session, staff_id=officers[1], reference=binding.reference, now=now)
    await session.refresh(zahra)
    assert zahra.phone == NEW
    told = (
        await session.exec(select(Notification).where(Notification.template == Template.PHONE_CORRECTED))
    ).one()
    ways = await session.exec(select(Delivery.address).where(Delivery.notification_id == told.id))
    assert list(ways) == [old]


async def test_a_number_that_another_register_keeps_is_corrected_there(session, zahra, officers, now):
    asked = asked_for(zahra)
    assert await refusal(ask(session, officers[0], asked, now, kept_elsewhere=True)) == "kept_elsewhere"
    await add_account(session, zahra, now)
    assert (await ask(session, officers[0], asked, now, kept_elsewhere=True)).address == NEW


@pytest.mark.parametrize(
    "changed",
    [{"document_number": "ZZ000"}, {"document_kind": "residence_card"}, {"identifier": "0999999999"}],
)
async def test_a_document_that_is_not_the_persons_leads_nowhere(session, zahra, officers, now, changed):
    asked = asked_for(zahra, **changed)
    assert await refusal(ask(session, officers[0], asked, now)) == "unknown_document"
    assert await rows(session, Delivery) == 0
    assert await rows(session, AuditEntry, AuditEntry.action == Act.ACCESS_REFUSED) == 1


async def test_the_desk_is_no_place_to_look_for_people(session, zahra, officers, now):
    for number in range(10):
        asked = asked_for(zahra, document_number=f"ZZ00{number}")
        assert await refusal(ask(session, officers[0], asked, now)) == "unknown_document"
    assert await refusal(ask(session, officers[0], asked_for(zahra), now)) == "wait"
    assert await ask(session, officers[1], asked_for(zahra), now)
    assert await ask(session, officers[0], asked_for(zahra), now + timedelta(hours=1, seconds=61))


async def test_the_dead_and_the_closed_are_not_served(session, zahra, owner, officers, now):
    owner.disabled_at = now
    await session.flush()
    assert await refusal(ask(session, officers[0], asked_for(zahra), now)) == "unknown_document"
    owner.disabled_at, zahra.deceased_on = None, now.date()
    await session.flush()
    assert await refusal(ask(session, officers[0], asked_for(zahra), now)) == "unknown_document"


async def test_the_number_of_today_is_no_change(session, zahra, owner, officers, now):
    assert await refusal(ask(session, officers[0], asked_for(zahra, phone=owner.phone), now)) == "same"


async def test_the_witness_is_somebody_else(session, zahra, owner, officers, now):
    binding = await request(session, officers[0], zahra, now)
    assert (
        await refusal(witness_binding(session, staff_id=officers[0], reference=binding.reference, now=now))
        == "same_officer"
    )
    # Two officers' accounts of one human being are one person.
    human = await add_person(session, "Amina", date(1980, 1, 1))
    for staff_id in officers:
        (await session.get(Staff, staff_id)).person_id = human.id
    await session.flush()
    assert (
        await refusal(witness_binding(session, staff_id=officers[1], reference=binding.reference, now=now))
        == "same_officer"
    )
    assert owner.phone != NEW


async def test_another_centre_sees_nothing_of_it(session, zahra, owner, officers, now):
    binding = await request(session, officers[0], zahra, now)
    elsewhere = await add_officer(session, CENTRE_ELSEWHERE, now)
    assert await waiting_bindings(session, staff_id=elsewhere, now=now) == ()
    for work in (witness_binding, look_as_witness, refuse_binding, withdraw_binding):
        with pytest.raises(NotFound):
            await work(session, staff_id=elsewhere, reference=binding.reference, now=now)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
async def test_other_roles_have_no_part_in_it(session, zahra, officers, now, role):
    binding = await request(session, officers[0], zahra, now)
    other = await add_officer(session, CENTRE, now, role)
    with pytest.raises(NotAllowed):
        await witness_binding(session, staff_id=other, reference=binding.reference, now=now)
    with pytest.raises(NotAllowed):
        await ask(session, other, asked_for(zahra), now)


async def test_nobody_serves_or_witnesses_the_own_family(session, officers, now):
    family = await add_family(session, now)
    for own in (family.fatima, family.hassan):
        relative = await add_officer(session, CENTRE, now, person=own)
        child = family.yassine
        child.document_number = f"ZK{own.id}"
        await session.flush()
        with pytest.raises(OwnFile):
            await ask(session, relative, asked_for(own), now)
        with pytest.raises(OwnFile):
            await ask(session, relative, asked_for(child), now)
        binding = await request(session, officers[0], own, now, browser=f"desk {own.id}")
        with pytest.raises(OwnFile):
            await witness_binding(session, staff_id=relative, reference=binding.reference, now=now)


async def test_a_quarter_of_an_hour_and_not_longer(session, zahra, owner, officers, now):
    binding = await request(session, officers[0], zahra, now)
    late = now + WITNESS_WITHIN
    facts = {"staff_id": officers[1], "reference": binding.reference}
    assert await waiting_bindings(session, staff_id=officers[1], now=late) == ()
    assert await refusal(witness_binding(session, **facts, now=late)) == "over"
    await witness_binding(session, **facts, now=late - SECOND)
    await session.refresh(owner)
    assert owner.phone == NEW


@pytest.mark.parametrize("end", ["withdrawn", "refused", "asked again", "officer left"])
async def test_what_is_over_can_no_longer_be_confirmed(session, zahra, owner, officers, now, end):
    asker, witness = officers
    binding = await request(session, asker, zahra, now)
    facts = {"reference": binding.reference, "now": now}
    match end:
        case "withdrawn":
            await withdraw_binding(session, staff_id=asker, **facts)
        case "refused":
            await refuse_binding(session, staff_id=witness, **facts)
        case "asked again":
            await request(session, asker, zahra, now + timedelta(minutes=2))
        case "officer left":
            (await session.get(Staff, asker)).disabled_at = now
            await session.flush()
    assert await refusal(witness_binding(session, staff_id=witness, **facts)) == "over"
    await session.refresh(owner)
    assert owner.phone != NEW


async def test_only_who_asked_takes_it_back(session, zahra, owner, officers, now):
    binding = await request(session, officers[0], zahra, now)
    with pytest.raises(NotFound):
        await withdraw_binding(session, staff_id=officers[1], reference=binding.reference, now=now)


async def test_the_code_of_one_desk_opens_nothing_at_another(session, zahra, owner, officers, now):
    challenge = await ask(session, officers[0], asked_for(zahra), now)
    with pytest.raises(CodeRefused):
        await hold_number(
            session,
            staff_id=officers[1],
            challenge_id=challenge.id,
            code=await last_code(session, KEYS, address=NEW),
            browser="desk",
            keys=KEYS,
            now=now,
        )
    assert await rows(session, PhoneBinding) == 0


async def test_ten_witnesses_at_once_have_one_effect(sessions, now):
    async with transaction(sessions) as session:
        zahra = await add_person(session, "Zahra", date(1960, 5, 5))
        await add_account(session, zahra, now)
        asker, *witnesses = [await add_officer(session, CENTRE, now) for _ in range(11)]
        binding = await request(session, asker, zahra, now)

    async def confirm(session, turn):
        return await witness_binding(session, staff_id=witnesses[turn], reference=binding.reference, now=now)

    results = await in_parallel(sessions, 10, confirm)
    assert sum(isinstance(result, PhoneBinding) for result in results) == 1
    assert {result.code for result in results if isinstance(result, BindingRefused)} == {"over"}
    async with transaction(sessions) as session:
        assert await rows(session, PhoneChange) == 1
        assert await rows(session, Notification, col(Notification.template) == Template.PHONE_CHANGED) == 1


async def test_two_desks_at_once_leave_one_request(sessions, now):
    async with transaction(sessions) as session:
        zahra = await add_person(session, "Zahra", date(1960, 5, 5))
        desks = [await add_officer(session, CENTRE, now) for _ in range(4)]

    async def ask_there(session, turn):
        return await request(
            session, desks[turn], zahra, now, browser=f"desk {turn}", phone=f"+21261200000{turn}"
        )

    results = await in_parallel(sessions, 4, ask_there)
    assert [result for result in results if isinstance(result, Exception)] == []
    async with transaction(sessions) as session:
        waiting = col(PhoneBinding.status) == BindingStatus.WAITING
        assert await rows(session, PhoneBinding, waiting) == 1
        assert await rows(session, PhoneBinding) == 4
