"""Two people do the same thing at once: one effect, and a clear answer for the other."""

import asyncio
from datetime import date

import pytest

from identity.tables import AuditEntry
from registry.acts import Act
from registry.declarations.drafts import save_draft
from registry.declarations.invitations import answer_invitation, invite_adult
from registry.declarations.sending import NothingToSend
from registry.errors import AlreadyInHousehold, ChangedMeanwhile
from registry.facts import Relation
from registry.household_views import household_view
from registry.members import ChildUnavailable, add_child
from registry.requests.asking import AlreadyOpen, request_recomputation
from registry.requests.decisions import AlreadyDecided, correct_facts, refuse_request
from registry.requests.reviews import open_request
from registry.tables import (
    Declaration,
    Eligibility,
    Household,
    IndexEvent,
    Membership,
    MembershipStatus,
    RecomputationRequest,
    RequestReason,
    RequestStatus,
)
from tests.registry.family import (
    add_family,
    add_officer,
    add_person,
    declare,
    in_parallel,
    rows,
    settled_family,
    transaction,
)

ROUNDS = 50
ACTIVE = Membership.status == MembershipStatus.ACTIVE


async def test_two_heads_add_one_child(sessions, now):
    for _ in range(ROUNDS):
        async with transaction(sessions) as session:
            family = await add_family(session, now)

        async def claim(session, turn, family=family):
            parent = family.fatima if turn else family.hassan
            return await add_child(session, person_id=parent.id, identifier=family.salma.identifier, now=now)

        results = await in_parallel(sessions, 2, claim)
        assert [type(result) for result in results if not isinstance(result, str)] == [ChildUnavailable]
        async with transaction(sessions) as session:
            assert await rows(session, Membership, ACTIVE, Membership.person_id == family.salma.id) == 1


async def test_one_head_begins_in_two_tabs(sessions, now):
    async with transaction(sessions) as session:
        family = await add_family(session, now)
    children = (family.yassine.identifier, family.salma.identifier)

    async def add(session, turn):
        return await add_child(session, person_id=family.hassan.id, identifier=children[turn % 2], now=now)

    await in_parallel(sessions, 6, add)
    async with transaction(sessions) as session:
        assert await rows(session, Household) == 1
        assert await rows(session, Membership, ACTIVE) == 3


async def test_one_draft_is_sent_once(sessions, now):
    async with transaction(sessions) as session:
        family = await add_family(session, now)
        await save_draft(session, person_id=family.hassan.id, answers={}, version=0, now=now)

    async def send(session, _turn):
        return await declare(session, family.hassan, now, draft_version=1)

    results = await in_parallel(sessions, 8, send)
    assert [type(result) for result in results].count(NothingToSend) == 7
    async with transaction(sessions) as session:
        assert await rows(session, Declaration) == 1
        assert await rows(session, IndexEvent) == 1
        assert await rows(session, Household) == 1


async def test_declarations_sent_at_once_are_numbered_one_after_the_other(sessions, now):
    async with transaction(sessions) as session:
        family = await add_family(session, now)

    async def send(session, _turn):
        return (await declare(session, family.hassan, now)).declaration.number

    assert sorted(await in_parallel(sessions, 5, send)) == [1, 2, 3, 4, 5]


async def test_one_request_is_open(sessions, now):
    async with transaction(sessions) as session:
        family = await settled_family(session, now)

    async def ask(session, turn):
        person = family.hassan if turn % 2 else family.fatima
        return await request_recomputation(
            session, person_id=person.id, reason=RequestReason.OTHER, words="Look again.", now=now
        )

    results = await in_parallel(sessions, 8, ask)
    assert [type(result) for result in results].count(AlreadyOpen) == 7
    async with transaction(sessions) as session:
        assert await rows(session, RecomputationRequest) == 1


async def test_a_request_is_decided_once(sessions, now):
    async with transaction(sessions) as session:
        family = await settled_family(session, now)
        request = await request_recomputation(
            session, person_id=family.hassan.id, reason=RequestReason.OTHER, words="Look again.", now=now
        )
        officers = [await add_officer(session, request.centre_code, now) for _ in range(2)]
        for staff_id in officers:
            review = await open_request(session, staff_id=staff_id, reference=request.reference, now=now)

    async def decide(session, turn):
        decision = {
            "staff_id": officers[turn % 2],
            "reference": request.reference,
            "words": "Decided.",
            "now": now,
        }
        if turn % 2:
            return await refuse_request(session, **decision)
        return await correct_facts(
            session, changed={"bath": False}, household_version=review.household_version, **decision
        )

    results = await in_parallel(sessions, 8, decide)
    refusals = [type(result) for result in results if isinstance(result, Exception)]
    assert len(refusals) == 7
    assert set(refusals) <= {AlreadyDecided, ChangedMeanwhile}
    async with transaction(sessions) as session:
        corrected = await rows(
            session, RecomputationRequest, RecomputationRequest.status == RequestStatus.CORRECTED
        )
        assert await rows(session, IndexEvent) == 1 + corrected
        assert await rows(session, Eligibility) == 3 * (1 + corrected)


async def test_one_person_accepts_two_invitations(sessions, now):
    async with transaction(sessions) as session:
        heads = [await add_person(session, f"Head {turn}", date(1970, 1, 1)) for turn in range(4)]
        guest = await add_person(session, "Guest", date(1990, 1, 1))
        invitations = [
            await invite_adult(
                session,
                person_id=head.id,
                identifier=guest.identifier,
                birth_year=1990,
                relation=Relation.OTHER,
                now=now,
            )
            for head in heads
        ]

    async def accept(session, turn):
        await answer_invitation(
            session, person_id=guest.id, reference=invitations[turn], accept=True, now=now
        )

    results = await in_parallel(sessions, 4, accept)
    assert [type(result) for result in results].count(AlreadyInHousehold) == 3
    async with transaction(sessions) as session:
        assert await rows(session, Membership, ACTIVE, Membership.person_id == guest.id) == 1


async def test_the_last_two_answers_at_once_compute_one_index(sessions, now):
    async with transaction(sessions) as session:
        head = await add_person(session, "Head", date(1970, 1, 1))
        guests = [await add_person(session, f"Guest {turn}", date(1990, 1, 1)) for turn in range(2)]
        invitations = [
            await invite_adult(
                session,
                person_id=head.id,
                identifier=guest.identifier,
                birth_year=1990,
                relation=Relation.SIBLING,
                now=now,
            )
            for guest in guests
        ]
        await declare(session, head, now)

    async def accept(session, turn):
        await answer_invitation(
            session, person_id=guests[turn].id, reference=invitations[turn], accept=True, now=now
        )

    async def accept_meanwhile():
        async with transaction(sessions) as session:
            await accept(session, 1)

    # The second answers before the first is committed: it has to wait, or neither would see that it is the last.
    async with transaction(sessions) as session:
        await accept(session, 0)
        second = asyncio.create_task(accept_meanwhile())
        await asyncio.sleep(0.2)
    await second
    async with transaction(sessions) as session:
        assert await rows(session, IndexEvent) == 1
        view = await household_view(session, person_id=head.id, now=now)
        assert (view.members, view.complete) == (3, True)


async def test_a_losing_claim_leaves_a_trace_when_it_is_kept(sessions, now):
    async with transaction(sessions) as session:
        family = await add_family(session, now)
        await add_child(session, person_id=family.hassan.id, identifier=family.salma.identifier, now=now)
    async with transaction(sessions) as session:
        with pytest.raises(ChildUnavailable):
            await add_child(session, person_id=family.fatima.id, identifier=family.salma.identifier, now=now)
    async with transaction(sessions) as session:
        assert await rows(session, AuditEntry, AuditEntry.action == Act.CHILD_CLAIMED_TWICE) == 1
