"""The index computed by the database is the index of the Python reference, to the last digit, on both databases."""

from collections.abc import Mapping
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import text

from app.db import create_engine
from registry.facts import Facts, IncompleteFacts, Zone
from registry.national.sql import ModelTooFine, index_decimals, scoring_sql
from registry.rules.index_models import IndexModel
from registry.rules.scoring import models
from registry.rules.variables import index_of, variable_values
from tests.registry.national_register import COMMUNES, Chance, Home, later_model, write_homes

HOMES = 2_000
PROMISED_HOMES = 100_000
DECLARATIONS = "SELECT declaration.* FROM declaration"
MODELS = [models()[-1], later_model()]


def reference(facts: Facts, model: IndexModel) -> Decimal | None:
    try:
        return index_of(facts, model).index
    except IncompleteFacts:
        return None


async def scored(database: str, model: IndexModel) -> Mapping[int, Decimal | None]:
    engine = create_engine(database, statement_timeout_ms=0)
    try:
        scoring = scoring_sql(model, engine.dialect.name, declarations=DECLARATIONS, passing=("id",))
        async with engine.connect() as connection:
            rows = (await connection.execute(text(scoring.query))).all()
    finally:
        await engine.dispose()
    assert all(index is None or isinstance(index, int) for _, index in rows)
    return {
        number: None if index is None else Decimal(index).scaleb(-scoring.decimals) for number, index in rows
    }


async def assert_equal(database: str, homes: list[Home]) -> None:
    await write_homes(database, homes, model="none", index="0")
    for model in MODELS:
        by_database = await scored(database, model)
        by_reference = {number: reference(home.facts, model) for number, home in enumerate(homes, start=1)}
        assert by_database == by_reference


async def test_thousands_of_random_households_have_the_index_of_the_reference(
    database: str, full_size: bool
) -> None:
    chance = Chance(Random(2023))
    homes = [chance.home() for _ in range(PROMISED_HOMES if full_size else HOMES)]
    for zone in Zone:
        assert_every_variable_is_moved(zone, homes)
    await assert_equal(database, homes)


def assert_every_variable_is_moved(zone: Zone, homes: list[Home]) -> None:
    """What no household here has in more than one value would not be tried at all."""
    model = models()[-1]
    of_zone = [home.facts for home in homes if home.facts.household.commune in COMMUNES[zone]]
    values = [variable_values(facts, model) for facts in of_zone]
    assert {
        variable.code
        for variable in model.zones[zone].variables
        if len({each[variable.code] for each in values}) < 2
    } == set()


async def test_where_an_answer_is_missing_neither_gives_an_index(database: str) -> None:
    chance = Chance(Random(7), missing=0.02)
    homes = [chance.home() for _ in range(HOMES // 2)]
    given = [reference(home.facts, MODELS[0]) for home in homes]
    assert 100 < given.count(None) < 900
    await assert_equal(database, homes)


async def test_a_commune_that_is_no_more_gives_no_index(database: str) -> None:
    homes = [Chance(Random(1)).home()]
    await write_homes(database, homes, model="none", index="0")
    engine = create_engine(database)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE declaration SET commune = '99.999.99.99'"))
    await engine.dispose()
    assert await scored(database, MODELS[0]) == {1: None}


def test_a_model_too_fine_for_whole_numbers_is_refused() -> None:
    model = models()[-1]
    assert index_decimals(model) == 13
    with pytest.raises(ModelTooFine):
        index_decimals(model.model_copy(update={"value_decimals": 12}))
