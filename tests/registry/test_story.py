"""The whole story of a household in terms of the domain, on both databases."""

from datetime import timedelta
from decimal import Decimal

from sqlmodel import select

from notifications.tables import Notification
from registry.accesses import accesses
from registry.declarations.receipts import receipt
from registry.household_views import history, household_view
from registry.requests.asking import request_recomputation
from registry.requests.decisions import correct_facts, refuse_request
from registry.requests.reviews import open_request, queue
from registry.requests.timelines import requests_of
from registry.tables import IndexReason, Origin, RequestReason, RequestStatus
from tests.registry.family import (
    add_family,
    add_officer,
    answer,
    declare,
    gather_members,
    settled_family,
    told,
)

A1 = Decimal("9.6012644")


async def test_from_declaration_to_index(session, now):
    family = await add_family(session, now)
    invitation = await gather_members(session, family, now)
    sent = await declare(session, family.hassan, now)
    waiting = await household_view(session, person_id=family.hassan.id, now=now)
    assert sent.declaration.number == 1
    assert not sent.declaration.complete
    assert (waiting.members, waiting.awaited, waiting.index, waiting.complete) == (3, 1, None, False)
    assert await household_view(session, person_id=family.fatima.id, now=now) is None

    await answer(session, family.fatima, invitation, now + timedelta(hours=1))
    view = await household_view(session, person_id=family.fatima.id, now=now)
    assert view.index == A1
    assert not view.is_head
    assert (view.members, view.awaited, view.complete, view.reason) == (4, 0, True, IndexReason.FIRST)
    assert sum(Decimal(line["points"]) for line in view.lines) == A1
    outcomes = {decision["programme"]: decision["outcome"] for decision in view.decisions}
    assert outcomes == {"amo_tadamon": "closed", "asd": "open", "amo_achamil": "open"}

    assert await told(session, family.hassan) == [
        "declaration_received",
        "invitation_answered",
        "index_computed",
        "eligibility_decided",
    ]
    assert await told(session, family.fatima) == ["invitation", "index_computed", "eligibility_decided"]


async def test_a_receipt_reads_the_same_after_everything_that_follows(session, now):
    family = await add_family(session, now)
    invitation = await gather_members(session, family, now)
    sent = await declare(session, family.hassan, now)
    reference = sent.declaration.reference
    before = await receipt(session, reference=reference, person_id=family.hassan.id)
    assert [member.person is None for member in before.members] == [False, False, False, True]
    assert before.members[3].identifier == family.fatima.identifier
    await answer(session, family.fatima, invitation, now)
    session.expunge_all()
    after = await receipt(session, reference=reference, person_id=family.hassan.id)
    assert (after.members, after.household, after.declared_at) == (
        before.members,
        before.household,
        before.declared_at,
    )
    assert not after.is_current


async def test_a_correction_gives_a_new_version_a_new_index_and_an_answer(session, now):
    family = await settled_family(session, now)
    request = await request_recomputation(
        session,
        person_id=family.fatima.id,
        reason=RequestReason.WRONG_LINE,
        line_code="U4",
        fact="bath",
        proposed_value="false",
        words="There is no bath.",
        now=now,
    )
    agent = await add_officer(session, request.centre_code, now)
    assert [entry.reference for entry in await queue(session, staff_id=agent, now=now)] == [request.reference]
    review = await open_request(session, staff_id=agent, reference=request.reference, now=now)
    assert review.request.status is RequestStatus.IN_REVIEW
    assert (review.declared.bath, review.request.proposed_value, review.current.bath) == (True, "false", True)

    correction = await correct_facts(
        session,
        staff_id=agent,
        reference=request.reference,
        changed={"bath": False},
        words="Seen.",
        household_version=review.household_version,
        now=now,
    )
    assert correction.version.declaration.origin is Origin.CORRECTION
    assert correction.index.index == A1 - Decimal("0.096")
    [timeline] = await requests_of(session, person_id=family.fatima.id)
    assert (timeline.status, timeline.decision_words) == (RequestStatus.CORRECTED, "Seen.")
    assert (timeline.index_before, timeline.index_after) == (A1, A1 - Decimal("0.096"))
    assert await queue(session, staff_id=agent, now=now) == ()
    [last, first] = await history(session, household_id=correction.index.household_id)
    assert sum(move.moved for move in last.moves) == last.change == last.index - first.index
    assert [move.code for move in last.moves] == ["U4"]
    assert (await told(session, family.fatima))[-3:] == [
        "index_computed",
        "eligibility_decided",
        "request_decided",
    ]


async def test_a_refusal_leaves_facts_and_index(session, now):
    family = await settled_family(session, now)
    request = await request_recomputation(
        session, person_id=family.hassan.id, reason=RequestReason.OTHER, words="Too high.", now=now
    )
    agent = await add_officer(session, request.centre_code, now)
    await refuse_request(session, staff_id=agent, reference=request.reference, words="It is right.", now=now)
    view = await household_view(session, person_id=family.hassan.id, now=now)
    assert (view.index, view.request_reference) == (A1, None)
    [timeline] = await requests_of(session, person_id=family.hassan.id)
    assert (timeline.status, timeline.index_after) == (RequestStatus.REFUSED, None)
    [for_fatima] = await requests_of(session, person_id=family.fatima.id)
    assert (for_fatima.words, for_fatima.decision_words) == (None, None)


async def test_a_notice_is_in_the_language_of_each_person(session, now):
    family = await settled_family(session, now)
    found = await session.exec(
        select(Notification.person_id, Notification.language).where(Notification.template == "index_computed")
    )
    assert sorted(found) == [(family.hassan.id, "fr"), (family.fatima.id, "ar")]


async def test_everybody_in_a_file_sees_who_opened_it(session, now):
    family = await settled_family(session, now)
    request = await request_recomputation(
        session, person_id=family.hassan.id, reason=RequestReason.OTHER, words="Look.", now=now
    )
    agent = await add_officer(session, request.centre_code, now)
    await open_request(session, staff_id=agent, reference=request.reference, now=now)
    for person in (family.hassan, family.fatima, family.salma):
        [access] = await accesses(session, person_id=person.id)
        assert (access.action, access.reference) == ("request_opened", request.reference)
