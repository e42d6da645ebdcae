"""The simulator counts as the registry does: a household put into its few numbers comes out with its own index."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, given
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from app.forms.base import Form
from app.forms.simulated import Contradiction, simulated_facts, simulator_typed
from app.forms.simulator import simulator_answers
from app.forms.simulator_link import LONGEST_LINK, link_query, linked_answers
from app.requests import Portal
from registry.facts import Facts, Relation
from registry.rules.eligibility import decide
from registry.rules.scoring import model_on
from registry.rules.variables import index_of, zone_of
from tests.app.conftest import Clock
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.family import answers_of, declare, transaction
from tests.registry.worked_households import (
    DECLARED_ON,
    complete_facts,
    couple_with_pupils,
    farmer_family,
    urban_home,
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


@given(complete_facts())
def test_a_link_holds_every_answer_and_names_nobody(facts: Facts) -> None:
    typed = simulator_typed(facts, MODEL)
    query = link_query(typed, MODEL.name)
    assert len(query) <= LONGEST_LINK
    answers = linked_answers(parse_qsl(query))
    assert answers.pop("model") == MODEL.name
    form = Form(simulator_answers(zone_of(facts), MODEL), "fr", answers)
    assert form.valid, form.errors
    again = Form(simulator_answers(zone_of(facts), MODEL), "fr", typed)
    assert form.data == again.data


@pytest.mark.parametrize("lang", ["ar", "fr", "zgh"])
async def test_an_estimate_is_opened_by_its_link_in_any_language(browser_of, lang: str) -> None:
    visitor = browser_of("fr")
    await open_questions(visitor)
    await visitor.submit(**WORKED["urban"])
    link = visitor.main.first("textarea").text.partition("/fr/")[2].removesuffix("#estimate")
    assert "csrf" not in link
    other = browser_of(lang)
    await other.open(f"/{link}&fbclid=hung-on-by-somebody")
    assert other.status == 200
    assert other.main.first(class_="figure").first("bdi").text == A1
    elsewhere = "ar" if lang == "fr" else "fr"
    assert any(each.startswith(f"/{elsewhere}/simulator?") and "head_age=42" in each for each in other.links)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("zone=urban&region=06&head_age=-1&education=basic&occupation=other", 422),
        ("zone=urban&region=06&head_age=42&head_age=43", 422),
        ("zone=urban&region=06&iban=MA64", 422),
        ("zone=sea&head_age=42", 422),
        ("zone=urban&zone=rural&head_age=42", 422),
        ("zone=urban&region=06&head_age=42&model=tomorrow", 404),
        ("zone=urban&region=06&model=", 404),
        ("zone=urban&region=06&head_age=" + "4" * 2000, 400),
        ("zone=urban&region=99&head_age=42&rooms=%00%E2%80%AE<script>alert(1)</script>", 422),
        ("head_age=%FF%FE", 422),
    ],
)
@pytest.mark.parametrize("lang", ["ar", "fr"])
async def test_a_hostile_link_is_refused_in_the_readers_language(
    browser_of, query: str, status: int, lang: str
) -> None:
    visitor = browser_of(lang)
    await visitor.open(f"/simulator?{query}")
    assert visitor.status == status
    assert visitor.page.first("html").get("lang") == lang
    assert "<script>alert" not in visitor.response.text
    assert not list(visitor.main.all(class_="figure"))


async def test_what_was_simulated_is_what_sending_gives(
    visitor: PageBrowser, portal: Portal, clock: Clock
) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/simulator?from=household")
    await visitor.submit(mobile_phones="5", butane_mad="117.35", rooms="3")
    simulated_index = visitor.main.first(class_="figure").first("bdi").text
    async with transaction(portal.writes) as session:
        home = urban_home(mobile_phones=5, butane_mad=Decimal("117.35"), rooms=3)
        members = await answers_of(session, family.hassan, clock.now)
        await declare(session, family.hassan, clock.now, home=home, members=members)
    await visitor.open("/household/index")
    assert visitor.main.first(class_="figure").text == simulated_index != A1


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
