"""The simulator counts as the registry does: a household put into its few numbers comes out with its own index."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from app.forms.base import Form
from app.forms.simulated import Contradiction, simulated_facts, simulator_typed
from app.forms.simulator import simulator_answers
from app.requests import Portal
from registry.facts import Facts, Relation
from registry.programmes import decide
from registry.scoring import model_on
from registry.variables import index_of, zone_of
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.worked_households import (
    DECLARED_ON,
    complete_facts,
    couple_with_pupils,
    farmer_family,
    woman_alone,
)

MODEL = model_on(DECLARED_ON)


def simulated(facts: Facts, **changed: Any) -> Facts:
    form = Form(simulator_answers(zone_of(facts), MODEL), "fr", simulator_typed(facts, MODEL) | changed)
    assert form.valid, form.errors
    return simulated_facts(form.data, MODEL, DECLARED_ON)


@given(complete_facts())
def test_any_household_has_the_same_index_in_the_simulator(facts: Facts) -> None:
    ages = Counter(facts.age(member) < 15 for member in facts.members if member.relation is Relation.SPOUSE)
    assume(not ages[True])
    assert index_of(simulated(facts), MODEL).lines == index_of(facts, MODEL).lines


@pytest.mark.parametrize("facts", [couple_with_pupils(), farmer_family(), woman_alone()])
def test_the_worked_examples_have_the_same_index_and_the_same_amounts(facts: Facts) -> None:
    index = index_of(facts, MODEL).index
    again = simulated(facts)
    assert index_of(again, MODEL).index == index
    amounts = [each.monthly_mad for each in decide(index, facts, DECLARED_ON)]
    assert [each.monthly_mad for each in decide(index, again, DECLARED_ON)] == amounts


WORKED = {
    "urban": {
        "head_age": "42",
        "education": "basic",
        "occupation": "other",
        "spouse": "yes",
        "children_public": "2",
        "U25": "2",
        "U27": "1",
        "meter": "individual",
        "rooms": "1",
        "mobile_phones": "2",
        "water_mad": "100",
        "electricity_mad": "200",
        "butane_mad": "80",
        "telephone_mad": "60",
        "internet_mad": "40",
        "has": "bath",
    }
}
A1 = "9.6012644"


async def open_questions(visitor: PageBrowser, zone: str = "urban", region: str = "06") -> None:
    await visitor.open("/simulator")
    await visitor.submit(zone=zone, region=region)


async def test_anybody_estimates_the_first_worked_example(visitor: PageBrowser) -> None:
    await open_questions(visitor)
    assert visitor.path == "/simulator"
    await visitor.submit(**WORKED["urban"])
    assert visitor.status == 200
    assert visitor.main.first(class_="figure").first("bdi").text == A1
    assert "600" in visitor.main.first(class_="programmes").text
    assert MODEL.name in visitor.text
    assert MODEL.source_names["fr"] in visitor.text


async def test_each_zone_is_asked_what_its_formula_uses(visitor: PageBrowser) -> None:
    asked = {}
    for zone in ("urban", "rural"):
        await open_questions(visitor, zone)
        asked[zone] = {control.get("name") for control in visitor.form().controls}
    assert {"meter", "mobile_phones", "children_private", "U25"} <= asked["urban"] - asked["rural"]
    assert {"dwelling_type", "cows", "R19", "R22"} <= asked["rural"] - asked["urban"]


async def test_the_live_part_is_the_estimate_alone(visitor: PageBrowser) -> None:
    await open_questions(visitor)
    values = visitor.form().fill(**WORKED["urban"]).values
    answer = await visitor.http.post("/fr/simulator", data=values, headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert A1 in answer.text
    assert "<html" not in answer.text
    unfinished = await visitor.http.post(
        "/fr/simulator", data=values | {"rooms": ""}, headers={"hx-request": "true"}
    )
    assert unfinished.status_code == 200
    assert "#rooms" in unfinished.text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"head_age": ""}, "head_age"),
        ({"head_age": "x"}, "head_age"),
        ({"rooms": ""}, "rooms"),
        ({"U25": "3"}, "U26"),
        ({"U28": "2"}, "U28"),
        ({"U27": "9"}, "U27"),
        ({"occupation": "senior_executive"}, "U29"),
        ({"others": "20", "relatives_under_6": "20"}, "others"),
        ({"others": "21"}, "others"),
    ],
)
async def test_numbers_that_cannot_be_are_refused_in_words(
    visitor: PageBrowser, wrong: dict[str, str], field: str
) -> None:
    await open_questions(visitor)
    await visitor.submit(**WORKED["urban"] | wrong)
    assert visitor.status == 422
    assert field in visitor.errors
    assert visitor.form().values["butane_mad"] == "80"


@pytest.mark.parametrize(
    "forged",
    [{"zone": "sea"}, {"region": "99"}, {"has": "yacht"}, {"iban": "MA64"}, {"head_age": ["40", "41"]}],
)
async def test_forged_answers_are_never_a_failure(visitor: PageBrowser, forged: dict[str, Any]) -> None:
    await open_questions(visitor)
    form = visitor.form().fill(**WORKED["urban"])
    form.values.update(forged)
    await visitor.send(form)
    assert visitor.status < 500
    assert not list(visitor.main.all(class_="figure"))


def test_who_was_counted_twice_is_found() -> None:
    with pytest.raises(Contradiction):
        simulated(farmer_family(), R21="2")


async def test_half_an_answer_to_the_first_question_asks_again(visitor: PageBrowser) -> None:
    await visitor.open("/simulator?region=06")
    assert visitor.form().values["region"] == "06"
    assert visitor.main.first(class_="banner-warning")


async def test_one_starts_from_ones_own_household_and_finds_ones_own_index(
    visitor: PageBrowser, portal: Portal
) -> None:
    await visitor.open("/simulator?from=household")
    assert visitor.path == "/sign-in"
    family = await settle(portal)
    await come_in(portal, visitor, family.fatima)
    await visitor.open("/simulator")
    await visitor.follow(
        next(link.text for link in visitor.page.all("a") if link.get("href").endswith("from=household"))
    )
    assert visitor.main.first(class_="figure").first("bdi").text == A1
    await visitor.submit()
    assert visitor.main.first(class_="figure").first("bdi").text == A1
    await visitor.submit(internet_mad="0")
    assert visitor.main.first(class_="figure").first("bdi").text != A1


async def test_nothing_is_kept(visitor: PageBrowser, portal: Portal) -> None:
    async with portal.engine.connect() as connection:
        before = {table: await _rows(connection, table) for table in SQLModel.metadata.tables}
    await open_questions(visitor)
    await visitor.submit(**WORKED["urban"])
    async with portal.engine.connect() as connection:
        assert {table: await _rows(connection, table) for table in SQLModel.metadata.tables} == before
    assert "?" not in str(visitor.response.url)


async def _rows(connection: AsyncConnection, table: str) -> int:
    return await connection.scalar(select(func.count()).select_from(SQLModel.metadata.tables[table])) or 0
