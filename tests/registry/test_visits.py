"""Visits: opened by a code that the person reads out, for half an hour, with a receipt for both."""

import json
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from identity.keys import Keys
from identity.proofs.challenges import CodeRefused
from identity.roles import Role
from identity.tables import AuditEntry
from notifications.outbox import seal_context
from notifications.tables import Delivery
from registry.accesses import accesses
from registry.centres.officers import NotAllowed, OwnFile
from registry.centres.tables import Visit, VisitPurpose
from registry.centres.visit_receipts import officers_receipt, visit_receipt, visits_of_officer
from registry.centres.visits import (
    VISIT_LENGTH,
    end_visit,
    end_visits_over,
    open_visit,
    record_read,
    request_visit_code,
    running_visit,
)
from registry.declarations.receipts import receipt
from registry.errors import NotFound
from registry.household_views import household_view
from tests.registry.family import HEAD, add_family, add_officer, add_person, declare, rows, told

KEYS = Keys.from_secret(b"a secret of the tests, long enough")
CENTRE = "casablanca-anfa"


async def ask(session, staff_id, person, now, browser="desk"):
    return await request_visit_code(
        session,
        staff_id=staff_id,
        identifier=person.identifier,
        purpose=VisitPurpose.DECLARATION,
        browser=browser,
        keys=KEYS,
        now=now,
    )


async def code_sent_to(session, phone) -> str:
    """The code as the person's telephone shows it."""
    found = await session.exec(
        select(Delivery).where(Delivery.address == phone).order_by(col(Delivery.id).desc())
    )
    delivery = found.first()
    opened = KEYS.sealer.unseal_text(delivery.sealed, seal_context(delivery.reference))
    return json.loads(opened)["code"]


async def visit(session, staff_id, person, now):
    challenge = await ask(session, staff_id, person, now)
    code = await code_sent_to(session, person.phone)
    return await open_visit(
        session, staff_id=staff_id, challenge_id=challenge.id, code=code, browser="desk", keys=KEYS, now=now
    )


async def test_an_officer_declares_for_a_person_who_is_present(session, now):
    family = await add_family(session, now)
    agent = await add_officer(session, CENTRE, now)
    opened = await visit(session, agent, family.hassan, now)
    running = await running_visit(session, visit_id=opened.id, staff_id=agent, now=now)
    assert running.person.person_id == family.hassan.id
    await record_read(session, visit=running, page="/household", now=now)
    sent = await declare(session, family.hassan, now, members={"head": HEAD}, actor=running.actor)
    paper = await receipt(session, reference=sent.declaration.reference, person_id=family.hassan.id)
    assert paper.officer == ("موظف", "Agent")
    ended = await end_visit(session, visit_id=opened.id, staff_id=agent, now=now + timedelta(minutes=5))
    done = ["file_read", "household_created", "declaration_sent"]
    assert [act.action for act in ended.acts] == done
    assert ended == await visit_receipt(session, reference=opened.reference, person_id=family.hassan.id)
    assert ended == await officers_receipt(session, reference=opened.reference, staff_id=agent)
    assert [act.page for act in ended.acts] == ["/household", None, None]
    assert [each.reference for each in await visits_of_officer(session, staff_id=agent)] == [opened.reference]
    colleague = await add_officer(session, CENTRE, now)
    with pytest.raises(NotFound):
        await officers_receipt(session, reference=opened.reference, staff_id=colleague)
    assert [access.action for access in await accesses(session, person_id=family.hassan.id)] == [
        "visit_ended",
        *reversed(done),
        "visit_opened",
    ]
    notices = await told(session, family.hassan)
    assert [notice for notice in notices if notice.startswith("visit")] == [
        "visit_code",
        "visit_opened",
        "visit_ended",
    ]
    assert await household_view(session, person_id=family.hassan.id, now=now)


async def test_a_visit_ends_once_and_by_itself(session, now):
    family = await add_family(session, now)
    agent = await add_officer(session, CENTRE, now)
    opened = await visit(session, agent, family.hassan, now)
    over = now + VISIT_LENGTH
    assert await running_visit(session, visit_id=opened.id, staff_id=agent, now=over - timedelta(seconds=1))
    assert await running_visit(session, visit_id=opened.id, staff_id=agent, now=over) is None
    assert await end_visits_over(session, now=over + timedelta(hours=1)) == 1
    assert await end_visits_over(session, now=over + timedelta(hours=1)) == 0
    late = await end_visit(session, visit_id=opened.id, staff_id=agent, now=over + timedelta(hours=2))
    assert late.ended_at == over
    assert await rows(session, AuditEntry, AuditEntry.action == "visit_ended") == 1


async def test_a_new_visit_ends_the_officers_last_one(session, now):
    family = await add_family(session, now)
    agent = await add_officer(session, CENTRE, now)
    first = await visit(session, agent, family.hassan, now)
    await visit(session, agent, family.fatima, now)
    assert await running_visit(session, visit_id=first.id, staff_id=agent, now=now) is None
    assert await rows(session, Visit, col(Visit.ended_at).is_(None)) == 1


async def test_nobody_serves_himself_his_family_or_his_household(session, now):
    family = await add_family(session, now)
    himself = await add_officer(session, CENTRE, now, person=family.hassan)
    daughter = await add_person(session, "Hind", date(2000, 1, 1), mother_id=family.fatima.id)
    of_family = await add_officer(session, CENTRE, now, person=daughter)
    for staff_id, person in ((himself, family.hassan), (of_family, family.fatima), (himself, family.salma)):
        with pytest.raises(OwnFile):
            await ask(session, staff_id, person, now)
    assert await ask(session, of_family, family.hassan, now)


async def test_only_the_right_officer_browser_and_code_open_a_visit(session, now):
    family = await add_family(session, now)
    agent, colleague = await add_officer(session, CENTRE, now), await add_officer(session, CENTRE, now)
    challenge = await ask(session, agent, family.hassan, now)
    code = await code_sent_to(session, family.hassan.phone)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    async def attempt(staff_id, code, browser):
        return await open_visit(
            session,
            staff_id=staff_id,
            challenge_id=challenge.id,
            code=code,
            browser=browser,
            keys=KEYS,
            now=now,
        )

    for staff_id, tried, browser in ((agent, wrong, "desk"), (agent, code, "other")):
        with pytest.raises(CodeRefused):
            await attempt(staff_id, tried, browser)
    await attempt(agent, code, "desk")
    with pytest.raises(CodeRefused):
        await attempt(agent, code, "desk")
    second = await ask(session, agent, family.fatima, now)
    with pytest.raises(CodeRefused):
        await open_visit(
            session,
            staff_id=colleague,
            challenge_id=second.id,
            code=await code_sent_to(session, family.fatima.phone),
            browser="desk",
            keys=KEYS,
            now=now,
        )


async def test_an_unknown_number_gives_the_same_answer_and_no_visit(session, now):
    family = await add_family(session, now)
    agent = await add_officer(session, CENTRE, now)
    family.hassan.identifier = "0666666666"
    challenge = await ask(session, agent, family.hassan, now)
    family.hassan.identifier = "0555555555"
    await session.flush()
    unknown = await ask(session, agent, type("Somebody", (), {"identifier": "0666666667"}), now, "second")
    assert challenge.step == unknown.step
    with pytest.raises(CodeRefused):
        await open_visit(
            session,
            staff_id=agent,
            challenge_id=unknown.id,
            code="000000",
            browser="second",
            keys=KEYS,
            now=now,
        )


async def test_other_roles_and_other_people_are_refused(session, now):
    family = await add_family(session, now)
    agent = await add_officer(session, CENTRE, now)
    administrator = await add_officer(session, CENTRE, now, role=Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        await ask(session, administrator, family.hassan, now)
    opened = await visit(session, agent, family.hassan, now)
    assert await running_visit(session, visit_id=opened.id, staff_id=administrator, now=now) is None
    with pytest.raises(NotFound):
        await end_visit(session, visit_id=opened.id, staff_id=administrator, now=now)
    with pytest.raises(NotFound):
        await visit_receipt(session, reference=opened.reference, person_id=family.fatima.id)
