"""What a declaration waits for, what it counts, and that nothing of it is ever overwritten."""

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import SQLModel, col, select

from registry.declarations.departures import leave_household, publish_departures, remove_child
from registry.declarations.drafts import find_draft, forget_drafts, save_draft
from registry.declarations.invitations import expire_invitations, withdraw_invitation
from registry.declarations.receipts import receipt
from registry.declarations.sending import (
    AwaitedIncomplete,
    MembersChanged,
    NothingToSend,
    facts_to_ask,
    prepare,
    send_declaration,
)
from registry.delays import delays_on
from registry.errors import ChangedMeanwhile, NotFound, Refused
from registry.facts import HouseholdFacts, IncompleteFacts, MemberFacts, Relation
from registry.household_views import household_view
from registry.members import add_child, list_members
from registry.tables import Declaration, Household, IndexEvent, IndexReason, Membership, Origin
from registry.versions import MemberAnswers, read_version
from tests.registry.family import (
    HEAD,
    add_family,
    add_person,
    answer,
    answers_of,
    declare,
    gather_members,
    invite,
    rows,
    settled_family,
)
from tests.registry.test_story import A1
from tests.registry.worked_households import ANFA, rural_home, urban_home


def test_every_fact_has_its_column():
    columns = SQLModel.metadata.tables["declaration"].columns.keys()
    assert set(HouseholdFacts.model_fields) <= set(columns)
    known = {"person_id", "relation", "birth_date", "birth_precision"}
    assert set(MemberFacts.model_fields) - known == set(MemberAnswers.model_fields)
    assert set(MemberFacts.model_fields) <= set(SQLModel.metadata.tables["declared_member"].columns.keys())


async def test_a_pending_adult_does_not_count_accepting_does(session, now):
    family = await add_family(session, now)
    await declare(session, family.hassan, now)
    alone = await household_view(session, person_id=family.hassan.id, now=now)
    invitation = await invite(session, family, now)
    pending = await household_view(session, person_id=family.hassan.id, now=now)
    assert (pending.index, pending.computed_at) == (alone.index, alone.computed_at)
    await declare(session, family.hassan, now)
    waiting = await household_view(session, person_id=family.hassan.id, now=now)
    assert (waiting.index, waiting.complete) == (alone.index, False)
    await answer(session, family.fatima, invitation, now)
    together = await household_view(session, person_id=family.hassan.id, now=now)
    assert together.complete
    assert together.index != alone.index
    assert together.reason is IndexReason.MEMBERSHIP


@pytest.mark.parametrize("end", ["refuse", "withdraw", "expire"])
async def test_an_adult_who_does_not_come_is_dropped(session, now, end):
    family = await add_family(session, now)
    await declare(session, family.hassan, now)
    alone = (await household_view(session, person_id=family.hassan.id, now=now)).index
    invitation = await invite(session, family, now)
    await declare(session, family.hassan, now)
    later = now + timedelta(days=20)
    if end == "refuse":
        await answer(session, family.fatima, invitation, now, accept=False)
    elif end == "withdraw":
        await withdraw_invitation(session, person_id=family.hassan.id, reference=invitation, now=now)
    else:
        await expire_invitations(session, now=later)
    view = await household_view(session, person_id=family.hassan.id, now=later)
    assert (view.index, view.members, view.awaited, view.complete) == (alone, 1, 0, True)
    current = await session.get_one(Household, view.household_id)
    version = await read_version(session, declaration_id=current.current_declaration_id)
    assert version.declaration.origin is Origin.MEMBERSHIP
    assert [member.person_id for member in version.members] == [family.hassan.id]


async def test_a_number_of_nobody_is_waited_for_like_any_other(session, now):
    family = await add_family(session, now)
    family.fatima.identifier, right = "0777777771", family.fatima.identifier
    await invite(session, family, now)
    family.fatima.identifier = right
    sent = await declare(session, family.hassan, now)
    [awaited] = [member for member in sent.members if member.awaited]
    assert not sent.declaration.complete
    assert (awaited.person_id, awaited.birth_date) == (None, None)


async def test_ages_are_those_of_the_day_on_which_the_facts_were_stated(session, now):
    """Salma turns six while her mother's answer is awaited: nobody was asked for her schooling."""
    family = await add_family(session, now)
    family.salma.birth_date = date(2020, 3, 5)
    invitation = await gather_members(session, family, now)
    answers = await answers_of(session, family.hassan, now)
    listed = await list_members(session, household_id=1, now=now)
    [salma] = [member for member in listed if member.person and member.person.person_id == family.salma.id]
    assert "schooling" not in facts_to_ask(salma, commune=ANFA, on=now.date())
    answers[salma.key] = MemberAnswers(health_cover="none")
    await declare(session, family.hassan, now, members=answers)
    await answer(session, family.fatima, invitation, now + timedelta(days=5))
    view = await household_view(session, person_id=family.hassan.id, now=now)
    assert view.index is not None


async def test_what_a_rule_needs_must_be_answered(session, now):
    family = await add_family(session, now)
    with pytest.raises(IncompleteFacts):
        await declare(session, family.hassan, now, home=urban_home(rooms=None))
    with pytest.raises(IncompleteFacts):
        await declare(session, family.hassan, now, members={})
    await invite(session, family, now)
    with pytest.raises(AwaitedIncomplete):
        await declare(session, family.hassan, now, members={"head": HEAD})


async def test_what_no_rule_uses_is_not_kept(session, now):
    family = await add_family(session, now)
    sent = await declare(session, family.hassan, now, home=urban_home(cows=3))
    assert sent.declaration.cows is None


async def test_somebody_who_came_or_went_meanwhile_sends_the_declarant_back(session, now):
    family = await add_family(session, now)
    prepared = await prepare(
        session, person_id=family.hassan.id, household=urban_home(), members={"head": HEAD}, now=now
    )
    await add_child(session, person_id=family.hassan.id, identifier=family.salma.identifier, now=now)
    with pytest.raises(MembersChanged):
        await send_declaration(
            session, person_id=family.hassan.id, facts=prepared.facts, language="ar", now=now
        )


async def test_a_birth_date_is_the_registers_whatever_is_sent(session, now):
    family = await add_family(session, now)
    prepared = await prepare(
        session, person_id=family.hassan.id, household=urban_home(), members={"head": HEAD}, now=now
    )
    [head] = prepared.facts.members
    older = prepared.facts.model_copy(
        update={"members": (head.model_copy(update={"birth_date": date(1950, 1, 1)}),)}
    )
    with pytest.raises(MembersChanged):
        await send_declaration(session, person_id=family.hassan.id, facts=older, language="ar", now=now)


async def test_a_draft_survives_is_never_overwritten_unseen_and_is_used_up(session, now):
    family = await add_family(session, now)
    person_id = family.hassan.id
    assert (
        await save_draft(session, person_id=person_id, answers={"home": {"rooms": "2"}}, version=0, now=now)
        == 1
    )
    with pytest.raises(ChangedMeanwhile):
        await save_draft(session, person_id=person_id, answers={}, version=0, now=now)
    assert (
        await save_draft(session, person_id=person_id, answers={"home": {"rooms": "٣"}}, version=1, now=now)
        == 2
    )
    with pytest.raises(ChangedMeanwhile):
        await save_draft(session, person_id=person_id, answers={}, version=1, now=now)
    draft = await find_draft(session, person_id=person_id)
    assert (draft.answers, draft.version) == ({"home": {"rooms": "٣"}}, 2)
    with pytest.raises(NothingToSend):
        await declare(session, family.hassan, now, draft_version=1)
    await declare(session, family.hassan, now, draft_version=2)
    assert await find_draft(session, person_id=person_id) is None
    with pytest.raises(NothingToSend):
        await declare(session, family.hassan, now, draft_version=2)


async def test_a_draft_that_nobody_touches_is_deleted(session, now):
    family = await add_family(session, now)
    await save_draft(session, person_id=family.hassan.id, answers={}, version=0, now=now)
    kept = delays_on(now.date()).draft_days
    await save_draft(session, person_id=family.fatima.id, answers={}, version=0, now=now + timedelta(hours=1))
    assert await forget_drafts(session, now=now + timedelta(days=kept, seconds=-1)) == 0
    assert await forget_drafts(session, now=now + timedelta(days=kept)) == 1
    assert await find_draft(session, person_id=family.hassan.id) is None
    assert await find_draft(session, person_id=family.fatima.id)


async def test_a_receipt_is_for_who_declared(session, now):
    family = await settled_family(session, now)
    reference = (await session.exec(select(Declaration.reference).order_by(col(Declaration.id)))).first()
    with pytest.raises(NotFound):
        await receipt(session, reference=reference, person_id=family.fatima.id)
    with pytest.raises(NotFound):
        await receipt(session, reference="D-00000000", person_id=family.hassan.id)


async def test_amounts_keep_their_last_digit(session, now):
    family = await add_family(session, now)
    sent = await declare(session, family.hassan, now, home=urban_home(water_mad=Decimal("123.40")))
    session.expunge_all()
    again = await read_version(session, declaration_id=sent.declaration.id)
    assert str(again.household.water_mad) == "123.40"
    stored = await session.scalar(text('SELECT "index" FROM index_event'))
    event = (await session.exec(select(IndexEvent))).one()
    assert isinstance(stored, str)
    assert event.index == Decimal(stored) == sum(Decimal(line["points"]) for line in event.lines)


async def test_removing_a_child_makes_a_new_version_without_the_child(session, now):
    family = await settled_family(session, now)
    view = await household_view(session, person_id=family.hassan.id, now=now)
    listed = await list_members(session, household_id=view.household_id, now=now)
    [salma] = [member for member in listed if member.identifier == family.salma.identifier]
    await remove_child(session, person_id=family.hassan.id, reference=salma.reference, now=now)
    after = await household_view(session, person_id=family.hassan.id, now=now)
    assert after.members == 3
    assert after.index != view.index == A1
    with pytest.raises(NotFound):
        await remove_child(session, person_id=family.hassan.id, reference=salma.reference, now=now)


async def test_an_adult_leaves_at_once_and_the_household_learns_it_with_the_week(session, now):
    family = await settled_family(session, now)
    before = await household_view(session, person_id=family.hassan.id, now=now)
    listed = await list_members(session, household_id=before.household_id, now=now)
    await leave_household(session, person_id=family.fatima.id, now=now)
    assert await household_view(session, person_id=family.fatima.id, now=now) is None
    same_week, next_week = now + timedelta(days=3), now + timedelta(days=7)
    assert await publish_departures(session, now=same_week) == 0
    unchanged = await household_view(session, person_id=family.hassan.id, now=same_week)
    assert (unchanged.index, unchanged.members) == (before.index, 4)
    assert await list_members(session, household_id=before.household_id, now=same_week) == listed
    # She is free at once all the same.
    await declare(session, family.fatima, same_week)
    assert await publish_departures(session, now=next_week) == 1
    assert await publish_departures(session, now=next_week) == 0
    after = await household_view(session, person_id=family.hassan.id, now=next_week)
    assert after.members == 3
    assert after.index != before.index


async def test_a_head_alone_ends_the_household(session, now):
    family = await add_family(session, now)
    await declare(session, family.hassan, now)
    await leave_household(session, person_id=family.hassan.id, now=now)
    assert await household_view(session, person_id=family.hassan.id, now=now) is None
    await declare(session, family.hassan, now)
    assert await rows(session, Household) == 2


HISTORY = (Declaration, IndexEvent)


async def _try(session, family, step, now):
    """A step that is refused is a step too."""
    with suppress(Refused):
        await STEPS[step](session, family, now)


async def _declare_rural(session, family, now):
    keys = await answers_of(session, family.hassan, now)
    await declare(session, family.hassan, now, home=rural_home(), members=dict.fromkeys(keys, RURAL))


async def _answer_all(session, family, now, accept):
    waiting = await session.exec(select(Membership.reference).where(Membership.status == "invited"))
    for reference in waiting.all():
        await answer(session, family.fatima, reference, now, accept)


async def _remove_children(session, family, now):
    view = await household_view(session, person_id=family.hassan.id, now=now)
    for member in await list_members(session, household_id=view.household_id if view else 0, now=now):
        if member.relation is Relation.CHILD:
            await remove_child(session, person_id=family.hassan.id, reference=member.reference, now=now)


STEPS = {
    "declare urban": lambda session, family, now: declare(session, family.hassan, now),
    "declare rural": _declare_rural,
    "add": lambda session, family, now: add_child(
        session, person_id=family.hassan.id, identifier=family.salma.identifier, now=now
    ),
    "invite": invite,
    "accept": lambda session, family, now: _answer_all(session, family, now, True),
    "refuse": lambda session, family, now: _answer_all(session, family, now, False),
    "remove": _remove_children,
    "leave": lambda session, family, now: leave_household(session, person_id=family.fatima.id, now=now),
    "publish": lambda session, family, now: publish_departures(session, now=now),
    "expire": lambda session, family, now: expire_invitations(session, now=now + timedelta(days=15)),
}
RURAL = MemberAnswers(
    education="none",
    diploma="none",
    literate=True,
    occupation="farmer",
    schooling="public",
    health_cover="none",
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=4, max_size=12))
async def test_history_only_grows(sessions, now, steps):
    """Whatever a family does in whatever order: what was declared and computed stays as it was written."""
    async with sessions() as session:
        family = await add_family(session, now)
        seen: dict[tuple[type[SQLModel], int], dict[str, object]] = {}
        for step in steps:
            now += timedelta(days=1)
            await _try(session, family, step, now)
            for table in HISTORY:
                for row in (
                    await session.exec(select(table).execution_options(populate_existing=True))
                ).all():
                    kept = row.model_dump()
                    assert seen.setdefault((table, row.id), kept) == kept
            kept_ids = {key for key in seen if key[0] is Declaration}
            assert await rows(session, Declaration) == len(kept_ids)
            active = select(Membership.person_id).where(Membership.status == "active")
            people = (await session.exec(active)).all()
            assert len(people) == len(set(people))
        await session.rollback()


async def test_two_strangers_learn_nothing_of_each_other(session, now):
    stranger = await add_person(session, "Omar", date(1980, 1, 1))
    await settled_family(session, now)
    assert await household_view(session, person_id=stranger.id, now=now) is None
