"""Who may be added, by whom, and what a head learns about other people: nothing."""

from dataclasses import asdict
from datetime import date, timedelta

import pytest

from identity.people.numbers import InvalidNumber
from identity.people.tables import Gender
from identity.tables import AuditEntry
from registry.acts import Act
from registry.declarations.invitations import (
    INVITATIONS_A_DAY,
    InvitationOver,
    NotAdult,
    TooManyInvitations,
    answer_invitation,
    expire_invitations,
    invitations_of,
    invite_adult,
    withdraw_invitation,
)
from registry.errors import AlreadyInHousehold, NotFound, NotHead
from registry.facts import Relation
from registry.households import find_household
from registry.members import (
    AlreadyMember,
    ChildUnavailable,
    add_child,
    children_to_add,
    list_members,
    members_to_declare,
)
from tests.registry.family import add_family, add_person, answer, gather_members, invite, rows, told

NOBODY = "0999999999"


async def test_the_register_offers_the_children_of_the_declarant(session, now):
    family = await add_family(session, now)
    await add_person(session, "Grown", date(2000, 1, 1), father_id=family.hassan.id)
    await add_person(
        session, "Late", date(2012, 1, 1), father_id=family.hassan.id, deceased_on=date(2020, 1, 1)
    )
    offered = await children_to_add(session, person_id=family.hassan.id, now=now)
    assert [child.person_id for child in offered] == [family.yassine.id, family.salma.id]
    await add_child(session, person_id=family.hassan.id, identifier=family.yassine.identifier, now=now)
    offered = await children_to_add(session, person_id=family.hassan.id, now=now)
    assert [child.person_id for child in offered] == [family.salma.id]


async def test_a_child_of_the_spouse_is_added_once_the_spouse_is_a_member(session, now):
    family = await add_family(session, now)
    hers = await add_person(session, "Nour", date(2015, 5, 5), mother_id=family.fatima.id)
    with pytest.raises(ChildUnavailable):
        await add_child(session, person_id=family.hassan.id, identifier=hers.identifier, now=now)
    await answer(session, family.fatima, await invite(session, family, now), now)
    assert await add_child(session, person_id=family.hassan.id, identifier=hers.identifier, now=now)


async def test_every_child_that_cannot_be_added_gives_one_answer(session, now):
    family = await add_family(session, now)
    stranger = await add_person(session, "Omar", date(1980, 1, 1), gender=Gender.MALE)
    theirs = await add_person(session, "Aya", date(2015, 1, 1), father_id=stranger.id)
    grown = await add_person(session, "Grown", date(2008, 3, 2), father_id=family.hassan.id)
    taken = await add_person(
        session, "Shared", date(2015, 1, 1), father_id=family.hassan.id, mother_id=stranger.id
    )
    await add_child(session, person_id=stranger.id, identifier=taken.identifier, now=now)
    for identifier in (NOBODY, "12", theirs.identifier, grown.identifier, taken.identifier):
        with pytest.raises(ChildUnavailable):
            await add_child(session, person_id=family.hassan.id, identifier=identifier, now=now)
    assert await rows(session, AuditEntry, AuditEntry.action == Act.CHILD_CLAIMED_TWICE) == 1


async def test_a_child_is_one_until_the_day_before_the_eighteenth_birthday(session, now):
    family = await add_family(session, now)
    child = await add_person(session, "Almost", date(2008, 3, 3), father_id=family.hassan.id)
    assert await add_child(session, person_id=family.hassan.id, identifier=child.identifier, now=now)
    with pytest.raises(AlreadyMember):
        await add_child(session, person_id=family.hassan.id, identifier=child.identifier, now=now)


async def test_only_the_head_changes_the_list(session, now):
    family = await add_family(session, now)
    await answer(session, family.fatima, await invite(session, family, now), now)
    for change in (
        add_child(session, person_id=family.fatima.id, identifier=family.salma.identifier, now=now),
        members_to_declare(session, person_id=family.fatima.id, now=now),
        withdraw_invitation(session, person_id=family.fatima.id, reference="M-00000000", now=now),
    ):
        with pytest.raises(NotHead):
            await change


async def test_a_head_cannot_tell_whom_a_number_belongs_to(session, now):
    family = await add_family(session, now)
    await add_person(session, "Dead", date(1970, 1, 1), identifier="0888888881", deceased_on=date(2024, 1, 1))
    await add_person(session, "Right", date(1970, 1, 1), identifier="0888888882")
    await add_person(session, "Other year", date(1971, 1, 1), identifier="0888888883")
    for identifier in ("0888888881", "0888888882", "0888888883", NOBODY):
        await invite_adult(
            session,
            person_id=family.hassan.id,
            identifier=identifier,
            birth_year=1970,
            relation=Relation.OTHER,
            now=now,
        )
    household = await find_household(session, person_id=family.hassan.id)
    listed = await list_members(session, household_id=household.id, now=now)
    shown = [asdict(member) for member in listed if member.awaited]
    assert len(shown) == 4
    for line in shown:
        line["identifier"] = line["reference"] = line["membership_id"] = None
    assert all(line == shown[0] for line in shown)
    assert shown[0]["person"] is None


async def test_an_invitation_needs_an_adult_and_a_number_and_is_made_once(session, now):
    family = await add_family(session, now)
    invitation = {"person_id": family.hassan.id, "relation": Relation.OTHER, "now": now}
    with pytest.raises(NotAdult):
        await invite_adult(session, identifier=NOBODY, birth_year=2009, **invitation)
    with pytest.raises(InvalidNumber):
        await invite_adult(session, identifier="12", birth_year=1970, **invitation)
    await invite_adult(session, identifier=NOBODY, birth_year=1970, **invitation)
    with pytest.raises(AlreadyMember):
        await invite_adult(session, identifier=NOBODY, birth_year=1970, **invitation)
    for number in range(INVITATIONS_A_DAY - 1):
        await invite_adult(session, identifier=f"098888888{number}", birth_year=1970, **invitation)
    with pytest.raises(TooManyInvitations):
        await invite_adult(session, identifier="0977777777", birth_year=1970, **invitation)


async def test_the_invited_person_alone_is_told_and_answers_once(session, now):
    family = await add_family(session, now)
    reference = await invite(session, family, now)
    [invitation] = await invitations_of(session, person_id=family.fatima.id, now=now)
    assert (invitation.reference, invitation.head_given_name_latin) == (reference, "Hassan")
    assert await told(session, family.fatima) == ["invitation"]
    with pytest.raises(NotFound):
        await answer(session, family.hassan, reference, now)
    await answer(session, family.fatima, reference, now)
    assert await invitations_of(session, person_id=family.fatima.id, now=now) == ()
    with pytest.raises(InvitationOver):
        await answer(session, family.fatima, reference, now, accept=False)


async def test_somebody_active_elsewhere_cannot_accept_and_can_refuse(session, now):
    family = await add_family(session, now)
    other = await add_person(session, "Omar", date(1980, 1, 1))
    first = await invite(session, family, now)
    second = await invite_adult(
        session,
        person_id=other.id,
        identifier=family.fatima.identifier,
        birth_year=1988,
        relation=Relation.SIBLING,
        now=now,
    )
    await answer(session, family.fatima, first, now)
    with pytest.raises(AlreadyInHousehold):
        await answer(session, family.fatima, second, now)
    await answer(session, family.fatima, second, now, accept=False)
    assert (await find_household(session, person_id=family.fatima.id)).head_person_id == family.hassan.id


async def test_an_invitation_ends_by_itself(session, now):
    family = await add_family(session, now)
    reference = await gather_members(session, family, now)
    late = now + timedelta(days=14)
    assert await expire_invitations(session, now=late - timedelta(seconds=1)) == 0
    with pytest.raises(InvitationOver):
        await answer_invitation(
            session, person_id=family.fatima.id, reference=reference, accept=True, now=late
        )
    assert await expire_invitations(session, now=late) == 1
    assert await expire_invitations(session, now=late) == 0
