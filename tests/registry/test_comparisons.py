"""Two indexes of a household: the moves sum to the change, whatever happened between, and each has its reason."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from sqlmodel import select

from registry.comparisons import Cause, all_indexes, compare_indexes, ledger_between
from registry.declarations.invitations import invite_adult
from registry.errors import NotFound
from registry.facts import Relation
from registry.households import find_household
from registry.requests.asking import request_recomputation
from registry.requests.decisions import correct_facts
from registry.rules.moves import compare
from registry.rules.scoring import model_on
from registry.rules.variables import index_of
from registry.tables import IndexEvent, RequestReason
from tests.registry.family import add_officer, add_person, answer, answers_of, declare, settled_family
from tests.registry.national_register import later_model
from tests.registry.worked_households import BENI_MELLAL, DECLARED_ON, complete_facts, urban_home

MODEL = model_on(DECLARED_ON)
LATER = later_model()


@given(complete_facts(), complete_facts())
def test_the_moves_of_any_two_households_and_two_formulas_sum_to_the_change(first, last):
    old, new = index_of(first, MODEL), index_of(last, LATER)
    between = ledger_between(old.lines, MODEL, last, new.lines, LATER)
    moved = sum(
        (move.moved for part in ((old.lines, between), (between, new.lines)) for move in compare(*part)),
        Decimal(0),
    )
    assert moved == new.index - old.index
    # What the formula moved is not said to be the household's doing.
    assert not compare(
        index_of(first, MODEL).lines, ledger_between(old.lines, MODEL, first, new.lines, LATER)
    )


async def compared(session, person, before=None, after=None):
    household = await find_household(session, person_id=person.id)
    indexes = await all_indexes(session, household_id=household.id)
    comparison = await compare_indexes(
        session, indexes=indexes, before=before or len(indexes) - 1, after=after or len(indexes)
    )
    moves = [*comparison.by_facts, *comparison.by_formula]
    assert sum((move.moved for move in moves), Decimal(0)) == comparison.change
    return comparison


def causes(comparison):
    return {code: [reason.cause for reason in reasons] for code, reasons in comparison.causes.items()}


async def test_what_was_declared_and_where_one_lives(session, now):
    family = await settled_family(session, now)
    home = urban_home(commune=BENI_MELLAL, mobile_phones=3)
    members = await answers_of(session, family.hassan, now)
    await declare(session, family.hassan, now + timedelta(days=1), home=home, members=members)
    found = await compared(session, family.hassan)
    assert causes(found) == {"k": [Cause.ADDRESS], "U30": [Cause.DECLARATION]}
    assert found.causes["U30"][0].on == date(2026, 3, 3)


async def test_a_birthday_is_no_declaration(session, now):
    """Two years later Yassine is 14 and Salma 10, and their parents two years older; nothing else was answered."""
    family = await settled_family(session, now)
    later = now + timedelta(days=731)
    members = await answers_of(session, family.hassan, later)
    await declare(session, family.hassan, later, members=members)
    found = await compared(session, family.hassan)
    assert causes(found) == {"U21": [Cause.BIRTHDAY], "U22": [Cause.BIRTHDAY]}


async def test_who_came_and_what_an_officer_corrected(session, now):
    family = await settled_family(session, now)
    request = await request_recomputation(
        session, person_id=family.hassan.id, reason=RequestReason.OTHER, words="Look again.", now=now
    )
    agent = await add_officer(session, request.centre_code, now)
    await correct_facts(
        session,
        staff_id=agent,
        reference=request.reference,
        changed={"water_mad": "60"},
        words="Seen.",
        now=now,
    )
    sister = await add_person(session, "Hind", date(1990, 1, 1))
    invitation = await invite_adult(
        session,
        person_id=family.hassan.id,
        identifier=sister.identifier,
        birth_year=1990,
        relation=Relation.SIBLING,
        now=now,
    )
    home = urban_home(water_mad=Decimal(60))
    members = await answers_of(session, family.hassan, now)
    await declare(session, family.hassan, now, home=home, members=members)
    await answer(session, sister, invitation, now)
    found = await compared(session, family.hassan, before=1, after=3)
    assert [each.number for each in (found.before, found.after)] == [1, 3]
    # The bill of water was corrected, and is divided among one more since.
    assert causes(found)["U34"] == [Cause.MEMBERS, Cause.CORRECTION]
    assert causes(found)["U19"] == [Cause.MEMBERS]


@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 1), (0, 1), (1, 3), (-1, 1)])
async def test_numbers_that_name_no_two_indexes(session, now, before, after):
    family = await settled_family(session, now)
    await declare(
        session,
        family.hassan,
        now,
        members=await answers_of(session, family.hassan, now),
        home=urban_home(rooms=2),
    )
    indexes = await all_indexes(
        session, household_id=(await find_household(session, person_id=family.hassan.id)).id
    )
    assert [each.change is None for each in indexes] == [True, False]
    with pytest.raises(NotFound):
        await compare_indexes(session, indexes=indexes, before=before, after=after)


async def test_a_formula_that_is_no_longer_known_is_told_as_the_formulas(session, now):
    family = await settled_family(session, now)
    event = (await session.exec(select(IndexEvent))).one()
    event.model = "older"
    session.add(event)
    members = await answers_of(session, family.hassan, now)
    await declare(session, family.hassan, now, members=members, home=urban_home(mobile_phones=1))
    found = await compared(session, family.hassan)
    assert not found.by_facts
    assert [move.code for move in found.by_formula] == ["U30"]
