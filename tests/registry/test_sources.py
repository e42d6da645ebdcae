"""What sources say, beside what was declared: never instead of it, never silently, and never half."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from registry.errors import NotFound, NotHead
from registry.household_views import history, household_view
from registry.requests.asking import request_recomputation
from registry.requests.decisions import correct_facts, refuse_request
from registry.requests.source_decisions import (
    AlreadyAnswered,
    contest_source,
    count_sources,
    effect_of,
    use_source,
)
from registry.sources.answering import receive
from registry.sources.configuration import rules_on, sources
from registry.sources.findings import findings
from registry.sources.marks import read_marks
from registry.sources.port import Answer, SourceWrong, checked
from registry.sources.queue import ask_everybody, note_failure, take, waiting
from registry.sources.tables import (
    Contradiction,
    ContradictionStatus,
    FactMarks,
    Outcome,
    SourceFact,
    SourceInquiry,
)
from registry.tables import Declaration, Household, IndexReason, Origin, RequestReason
from registry.versions import MEMBER_FACTS, MemberAnswers, Version, VersionMember
from tests.registry.family import add_officer, declare, rows, settled_family, told
from tests.registry.worked_households import couple_with_pupils, urban_home

A1 = Decimal("9.6012644")
DAY = date(2026, 2, 20)
# One car registered: the coefficient of the line.
ONE_CAR = Decimal("0.226")


def said(person, fact, value, as_of=DAY, reference="V-1"):
    return Answer(person.identifier, fact, value, as_of, reference)


async def hear(session, now, source, *answers):
    """The worker's turn with one source: take what is due, and hand over what it says about each household."""
    taken = await take(session, source=source, now=now)
    received = await receive(session, source=source, taken=taken, answers=answers, now=now)
    return list(received.contradictions)


async def marks(session, household_id):
    row = await session.get(FactMarks, household_id, populate_existing=True)
    return {name: (mark.kind.value, mark.source) for name, mark in read_marks(row.marks).items()}


async def household_of(session, person):
    found = await session.exec(select(Household).where(Household.head_person_id == person.id))
    return found.one()


async def all_contradictions(session):
    found = await session.exec(
        select(Contradiction).order_by(col(Contradiction.id)).execution_options(populate_existing=True)
    )
    return found.all()


async def test_every_source_is_asked_once_there_is_an_index(session, now):
    await settled_family(session, now)
    assert await waiting(session, names=set(sources()), now=now) == len(sources())
    [taken] = await take(session, source="vehicles", now=now)
    assert len(taken.people) == 4
    assert await take(session, source="vehicles", now=now) == ()


async def test_what_agrees_is_confirmed_and_what_is_unknown_is_said_to_be(session, now):
    family = await settled_family(session, now)
    await hear(session, now, "vehicles", said(family.hassan, "cars", "0"), said(family.fatima, "cars", "0"))
    household = await household_of(session, family.hassan)
    known = await marks(session, household.id)
    assert known["cars"] == ("confirmed", "vehicles")
    assert known["motorcycles"] == ("unanswered", "vehicles")
    assert "rooms" not in known
    assert await all_contradictions(session) == []


async def test_a_contradiction_is_told_and_changes_nothing(session, now):
    family = await settled_family(session, now)
    [row] = await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    assert (row.fact, row.declared_value, row.source_value, row.status) == ("cars", "0", "1", "open")
    assert row.counts_from == date(2026, 4, 1)
    view = await household_view(session, person_id=family.hassan.id, now=now)
    assert (view.index, view.contradictions) == (A1, 1)
    assert (await told(session, family.hassan))[-1] == "source_contradicts"
    assert "source_contradicts" not in await told(session, family.fatima)


@pytest.mark.parametrize(
    ("fact", "of_hassan", "of_fatima", "contradicts"),
    [
        ("cars", "1", None, True),
        ("cars", "0", None, False),
        ("mobile_phones", "1", None, False),
        ("mobile_phones", "1", "0", True),
        ("mobile_phones", "1", "1", False),
        ("mobile_phones", "3", None, True),
        ("meter", "individual", "shared", False),
        ("meter", "shared", None, False),
        ("meter", "shared", "none", True),
        ("electricity_mad", "239.99", "0", False),
        ("electricity_mad", "240.01", "0", True),
        ("landline", "false", "false", False),
        ("landline", "true", None, True),
    ],
)
def test_what_a_source_knows_of_some_is_the_least_there_is(fact, of_hassan, of_fatima, contradicts):
    facts, rule = couple_with_pupils(), rules_on(DAY)[fact]
    version = Version(
        Declaration(facts_on=facts.declared_on),
        facts.household,
        tuple(
            VersionMember(
                each.person_id,
                each.relation,
                MemberAnswers.model_validate({name: getattr(each, name) for name in MEMBER_FACTS}),
                each.person_id,
                each.birth_date,
                each.birth_precision,
            )
            for each in facts.members
        ),
    )
    adults = [each.person_id for each in facts.members if facts.age(each) >= 18]
    told_of = zip(adults, (of_hassan, of_fatima), strict=True)
    rows_told = [
        SourceFact(id=n, person_id=person, source=rule.answered_by, fact=fact, value=value, as_of=DAY)
        for n, (person, value) in enumerate(told_of)
        if value is not None
    ]
    names = {each.membership_id: f"M-{each.membership_id}" for each in version.members}
    [found] = findings(version, rows_told, names, DAY)
    assert found.contradicts == contradicts


async def test_the_head_uses_what_the_source_says(session, now):
    family = await settled_family(session, now)
    [row] = await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    effect = await effect_of(session, contradiction=row, now=now)
    assert effect.index.index == A1 + ONE_CAR
    with pytest.raises(NotHead):
        await use_source(session, person_id=family.fatima.id, reference=row.reference, language="ar", now=now)
    used = {"person_id": family.hassan.id, "reference": row.reference, "language": "fr", "now": now}
    version = await use_source(session, **used)
    assert (version.declaration.origin, version.household.cars) == (Origin.SOURCE, 1)
    [last, _] = await history(session, household_id=row.household_id)
    assert (last.index, last.reason) == (A1 + ONE_CAR, IndexReason.SOURCE)
    assert [move.code for move in last.moves] == ["U31"]
    assert (await marks(session, row.household_id))["cars"] == ("confirmed", "vehicles")
    with pytest.raises(AlreadyAnswered):
        await use_source(session, **used)


async def test_a_stranger_finds_no_contradiction(session, now):
    family = await settled_family(session, now)
    other = await settled_family(session, now)
    [row] = await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    with pytest.raises(NotFound):
        await use_source(session, person_id=other.hassan.id, reference=row.reference, language="fr", now=now)


async def test_a_source_counts_only_after_the_delay_and_says_so(session, now):
    family = await settled_family(session, now)
    [row] = await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    assert await count_sources(session, now=now + timedelta(days=30)) == 0
    later = now + timedelta(days=31)
    assert await count_sources(session, now=later) == 1
    assert await count_sources(session, now=later) == 0
    view = await household_view(session, person_id=family.hassan.id, now=later)
    assert (view.index, view.reason, view.contradictions) == (A1 + ONE_CAR, IndexReason.SOURCE, 0)
    assert (await marks(session, row.household_id))["cars"] == ("counted", "vehicles")
    assert "source_counted" in await told(session, family.hassan)


async def test_a_word_that_counts_until_somebody_looks_is_never_replaced(session, now):
    family = await settled_family(session, now)
    [row] = await hear(session, now, "utilities", said(family.hassan, "electricity_mad", "900"))
    assert row.counts_from is None
    assert await count_sources(session, now=now + timedelta(days=3000)) == 0


async def test_nothing_counts_against_somebody_who_could_not_be_told(session, now):
    family = await settled_family(session, now)
    await session.exec(text("UPDATE account SET disabled_at = '2026-01-01 00:00:00+00:00'"))
    await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    assert await count_sources(session, now=now + timedelta(days=400)) == 0


@pytest.mark.parametrize("corrects", [True, False])
async def test_an_officer_settles_what_is_contested(session, now, corrects):
    family = await settled_family(session, now)
    [row] = await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    request = await request_recomputation(
        session,
        person_id=family.hassan.id,
        reason=RequestReason.WRONG_LINE,
        line_code="U31",
        fact="cars",
        words="Sold.",
        now=now,
    )
    await contest_source(
        session, person_id=family.hassan.id, reference=row.reference, request=request, now=now
    )
    later = now + timedelta(days=40)
    assert await count_sources(session, now=later) == 0
    agent = await add_officer(session, request.centre_code, now)
    decided = {"staff_id": agent, "reference": request.reference, "words": "Seen.", "now": later}
    if corrects:
        await correct_facts(session, changed={"cars": 1}, **decided)
    else:
        await refuse_request(session, **decided)
    [row] = await all_contradictions(session)
    assert row.status is ContradictionStatus.DECIDED
    view = await household_view(session, person_id=family.hassan.id, now=later)
    assert view.index == (A1 + ONE_CAR if corrects else A1)
    await ask_everybody(session, source="vehicles", now=later, again=True)
    assert await hear(session, later, "vehicles", said(family.hassan, "cars", "1")) == []
    later += timedelta(days=1)
    await ask_everybody(session, source="vehicles", now=later, again=True)
    [anew] = await hear(session, later, "vehicles", said(family.hassan, "cars", "2"))
    assert anew.source_value == "2"


async def test_a_new_declaration_that_agrees_ends_the_contradiction(session, now):
    family = await settled_family(session, now)
    await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    await declare(session, family.hassan, now, home=urban_home().model_copy(update={"cars": 1}))
    [row] = await all_contradictions(session)
    assert row.status is ContradictionStatus.GONE
    assert (await marks(session, row.household_id))["cars"] == ("confirmed", "vehicles")


async def test_the_telephone_rings_once_a_day(session, now):
    family = await settled_family(session, now)
    await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    rang = await session.scalar(text("SELECT count(*) FROM delivery"))
    await hear(session, now, "utilities", said(family.hassan, "electricity_mad", "900"))
    assert await session.scalar(text("SELECT count(*) FROM delivery")) == rang
    assert (await told(session, family.hassan))[-2:] == ["source_contradicts"] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"fact": "rooms"},
        {"fact": "electricity_mad"},
        {"value": "minus one"},
        {"value": "-1"},
        {"value": "NaN"},
        {"value": ""},
        {"value": "9" * 50},
        {"as_of": date(2026, 2, 21)},
        {"reference": ""},
        {"reference": "x" * 61},
        {"reference": "a\u202eb"},
        {"identifier": "0999999999"},
    ],
)
def test_an_answer_that_cannot_be_used_is_refused(wrong):
    right = Answer("0000000001", "cars", "1", DAY, "V-1")
    assert checked("vehicles", [right], asked={"0000000001"}, today=DAY) == (right,)
    with pytest.raises(SourceWrong):
        checked("vehicles", [replace(right, **wrong)], asked={"0000000001"}, today=DAY)


async def test_an_answer_is_kept_whole_or_not_at_all(session, now):
    family = await settled_family(session, now)
    twice = [said(family.hassan, "cars", "0"), said(family.hassan, "cars", "1")]
    await hear(session, now, "vehicles", said(family.hassan, "motorcycles", "1"), *twice)
    assert await rows(session, SourceFact) == 0
    found = await session.exec(select(SourceInquiry).where(SourceInquiry.source == "vehicles"))
    inquiry = found.one()
    await session.refresh(inquiry)
    assert (inquiry.last_error, inquiry.asked_at) == ("wrong_answer", None)
    assert inquiry.due_at == now + timedelta(minutes=1)


async def test_a_source_that_is_down_is_asked_later_each_time(session, now):
    await settled_family(session, now)
    waits = []
    at = now
    for _ in range(12):
        [taken] = await take(session, source="land", now=at)
        await note_failure(session, taken, code="timeout", now=at)
        inquiry = await session.get_one(SourceInquiry, taken.inquiry_id, populate_existing=True)
        waits.append(inquiry.due_at - at)
        at = inquiry.due_at
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=1), timedelta(hours=6))


async def test_what_a_process_that_died_had_taken_is_taken_again(session, now):
    await settled_family(session, now)
    [first] = await take(session, source="land", now=now)
    [second] = await take(session, source="land", now=now + timedelta(minutes=6))
    assert second.inquiry_id == first.inquiry_id
    await receive(session, source="land", taken=[first], answers=(), now=now)
    inquiry = await session.get_one(SourceInquiry, first.inquiry_id, populate_existing=True)
    assert inquiry.asked_at is None


async def test_asking_again_changes_nothing_and_begins_where_it_stopped(session, now):
    family = await settled_family(session, now)
    answer = said(family.hassan, "cars", "1")
    await hear(session, now, "vehicles", answer)
    await hear(session, now, "land")
    before = await rows(session, SourceFact), await rows(session, Contradiction)
    later = now + timedelta(days=1)
    await ask_everybody(session, source="vehicles", now=later)
    assert await waiting(session, names={"vehicles"}, now=later) == 0
    await ask_everybody(session, source="vehicles", now=later, again=True)
    await hear(session, later, "vehicles", answer)
    assert (await rows(session, SourceFact), await rows(session, Contradiction)) == before
    found = await session.exec(select(SourceInquiry.outcome).where(SourceInquiry.source == "land"))
    assert found.one() is Outcome.SILENT


@pytest.mark.parametrize("change", ["UPDATE source_fact SET value = '0'", "DELETE FROM source_fact"])
async def test_the_database_refuses_to_change_what_a_source_said(session, now, change):
    family = await settled_family(session, now)
    await hear(session, now, "vehicles", said(family.hassan, "cars", "1"))
    with pytest.raises(DBAPIError, match="only added to"):
        await session.exec(text(change))


def test_every_rule_says_who_answers_and_what_it_rests_on():
    rules = rules_on(date(2026, 3, 2))
    assert {rule.answered_by for rule in rules.values()} == set(sources())
    assert all("configuration" in rule.status and rule.source for rule in rules.values())
