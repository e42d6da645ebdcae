"""A file of a model or of a programme: every fault is named by its place, all of them at once."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from registry import datafiles
from registry.facts import Zone
from registry.model_life.checks import Checked, FileRefused, ModelKind, check_file
from registry.model_life.comparison import Difference, NotComparable, Subject, compare
from registry.rules.index_models import models
from registry.rules.programmes import programme

SHIPPED = Path(datafiles.__file__).parent / "data" / "ma"
TODAY = date(2026, 3, 2)
Spoil = Callable[[Any], Any]


def next_model() -> Any:
    document = json.loads((SHIPPED / "index-model-2021.json").read_text("utf-8"))
    return document | {"name": "ma-ise-2027", "effective_from": "2027-01-01"}


def next_asd() -> Any:
    document = json.loads((SHIPPED / "programmes/asd.json").read_text("utf-8"))
    document["rules"].append({"kind": "threshold", "effective_from": "2027-01-01", "at_or_below": "9.6"})
    return document


def checked(document: Any) -> Checked:
    return check_file(json.dumps(document), today=TODAY)


def faults(document: Any) -> dict[str, str]:
    with pytest.raises(FileRefused) as refused:
        checked(document)
    return {fault.path: fault.words for fault in refused.value.faults}


def put(*path: str | int, to: Any) -> Spoil:
    def spoil(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = to

    return spoil


def drop(*path: str | int) -> Spoil:
    def spoil(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document.pop(path[-1])

    return spoil


URBAN, RURAL = ("zones", "urban"), ("zones", "rural")

MODEL_FAULTS: list[tuple[Spoil, str, str]] = [
    (drop(*RURAL, "regions", 11), "zones.rural.regions", "12 (Dakhla"),
    (put(*URBAN, "regions", 0, "region", to="77"), "zones.urban.regions[0].region", "no region 77"),
    (put(*URBAN, "regions", 1, "region", to="01"), "zones.urban.regions[0]", "region 01 is there twice"),
    (drop("zones", "rural"), "zones.rural", "formula of this zone is missing"),
    (put("zones", "suburb", to={}), "zones.suburb", "urban"),
    (
        put(*URBAN, "variables", 0, "code", to="U77"),
        "zones.urban.variables[0].code",
        "no variable of the urban",
    ),
    (
        put(*URBAN, "variables", 0, "code", to="R1"),
        "zones.urban.variables[0].code",
        "no variable of the urban",
    ),
    (put(*URBAN, "variables", 1, "code", to="U1"), "zones.urban.variables[0]", "variable U1 is there twice"),
    (drop(*URBAN, "variables", 4), "zones.urban.variables", "add U5, or name them in leaves_out"),
    (drop(*URBAN, "variables", 4, "coefficient"), "zones.urban.variables[4].coefficient", "is missing"),
    (
        put(*URBAN, "variables", 22, "ages", to=[6, 15]),
        "zones.urban.variables[22].ages",
        "measured differently",
    ),
    (put(*URBAN, "variables", 3, "rule", to="size"), "zones.urban.variables[3].rule", "rule household_is"),
    (put(*URBAN, "variables", 3, "rule", to="by_lot"), "zones.urban.variables[3].rule", "rule household_is"),
    (put(*URBAN, "variables", 0, "coefficient", to=0.103), "zones.urban.variables[0].coefficient", '"0.103"'),
    (put(*URBAN, "constant", to=10), "zones.urban.constant", 'write "10"'),
    (put(*URBAN, "constant", to="1e1"), "zones.urban.constant", "no exact number"),
    (put(*URBAN, "constant", to="9,825"), "zones.urban.constant", "no exact number"),
    (put(*URBAN, "constant", to="NaN"), "zones.urban.constant", "no exact number"),
    (put("effective_from", to="2021-08-09"), "effective_from", "overlaps with ma-ise-2021"),
    (put("effective_from", to="2020-01-01"), "effective_from", "overlaps with ma-ise-2021"),
    (put("effective_from", to="2026-03-02"), "effective_from", "begins on a day to come"),
    (put("effective_from", to="1 January"), "effective_from", "2027-01-01"),
    (put("name", to="ma-ise-2021"), "name", "a new name"),
    (drop("source"), "source", "is missing"),
    (put("source", to="  "), "source", "name the official text"),
    (put("source_names", "ar", to=""), "source_names.ar", "is missing"),
    (put("colour", to="blue"), "colour", "no key of such a file"),
    (put(*URBAN, "variables", 0, "colour", to="blue"), "zones.urban.variables[0].colour", "no key"),
    (put("value_decimals", to=12), "value_decimals", "use fewer"),
]


@pytest.mark.parametrize(("spoil", "path", "words"), MODEL_FAULTS, ids=[each[1] for each in MODEL_FAULTS])
def test_an_index_model_that_is_wrong_is_told_where_and_what_to_do(
    spoil: Spoil, path: str, words: str
) -> None:
    document = next_model()
    spoil(document)
    assert words in faults(document)[path]


BANDS = ("rules", 1, "bands")

PROGRAMME_FAULTS: list[tuple[Spoil, str, str]] = [
    (drop("rules", 1), "rules", "nothing is new here"),
    (put("rules", 0, "at_or_below", to="9.7"), "rules[0]", "stays as it is"),
    (drop("amounts", 2), "amounts", "entries of asd are missing"),
    (put("amounts", 0, "family_minimum", to="400"), "amounts[0]", "stays as it is"),
    (put("rules", 1, "at_or_below", to=9.6), "rules[1].at_or_below", 'write "9.6"'),
    (put("rules", 1, "effective_from", to="2026-03-02"), "rules[1].effective_from", "a day to come"),
    (put("rules", 1, "effective_from", to="2023-12-01"), "rules[1].effective_from", "overlaps"),
    (put("rules", 1, "kind", to="lottery"), "rules[1]", "lottery"),
    (put("benefit", to="free_health_cover"), "benefit", "another benefit is another programme"),
    (put("order", to=1), "order", "the place 1 is that of amo_tadamon"),
    (drop("names", "fr"), "names.fr", "is missing"),
    (drop("source"), "source", "is missing"),
    (drop("amounts"), "amounts", "entries of asd are missing"),
    (put("rules", to=[]), "rules", "at least one rule"),
    (put("colour", to="blue"), "colour", "no key of such a file"),
]


@pytest.mark.parametrize(
    ("spoil", "path", "words"), PROGRAMME_FAULTS, ids=[each[1] for each in PROGRAMME_FAULTS]
)
def test_a_programme_that_is_wrong_is_told_where_and_what_to_do(spoil: Spoil, path: str, words: str) -> None:
    document = next_asd()
    spoil(document)
    assert words in faults(document)[path]


def test_a_gap_between_bands_and_new_rules_of_two_days_are_refused() -> None:
    bands = json.loads((SHIPPED / "programmes/amo-achamil.json").read_text("utf-8"))
    later = json.loads(json.dumps(bands["rules"][0])) | {"effective_from": "2027-01-01"}
    later["bands"][1]["above"] = "9.6"
    bands["rules"].append(later)
    assert "does not begin where the one before ends" in faults(bands)["rules[1].bands"]
    two_days = next_asd()
    two_days["rules"].append(two_days["rules"][1] | {"effective_from": "2028-01-01"})
    assert "several days (2027-01-01, 2028-01-01)" in faults(two_days)["rules"]


def test_a_new_programme_without_amounts_on_its_first_day_has_a_gap() -> None:
    document = next_asd()
    document |= {
        "code": "school_aid",
        "order": 9,
        "rules": document["rules"][1:],
        "amounts": document["amounts"][2:],
    }
    document["amounts"][0]["effective_from"] = "2027-02-01"
    assert "there is a gap" in faults(document)["amounts[0].effective_from"]


def test_all_faults_are_told_at_once() -> None:
    document = next_model()
    for spoil in (MODEL_FAULTS[0][0], MODEL_FAULTS[8][0], put("source", to=""), put("oops", to=1)):
        spoil(document)
    document["zones"]["urban"]["constant"] = 9.825
    assert len(faults(document)) == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "an object is expected"),
        ('{"name": "x"}', "neither an index model"),
        ('{"zones": {}, "name": "a", "name": "b"}', "written twice"),
        ("[" * 100_000, "not JSON"),
        (" " * 500_000, "more than"),
    ],
)
def test_what_is_no_such_file_is_refused(text: str, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        check_file(text, today=TODAY)


def test_the_same_content_has_the_same_digest_however_it_is_laid_out() -> None:
    document = next_model()
    other = json.dumps(dict(reversed(document.items())), indent=3)
    assert check_file(other, today=TODAY).sha256 == checked(document).sha256
    document["zones"]["urban"]["constant"] = "9.826"
    assert check_file(other, today=TODAY).sha256 != checked(document).sha256


def test_a_variable_may_be_left_out_on_purpose() -> None:
    document = next_model() | {"leaves_out": ["U13"]}
    drop(*URBAN, "variables", 12)(document)
    assert checked(document).kind is ModelKind.INDEX_MODEL


def test_cover_that_leaves_somebody_between_two_programmes_is_pointed_out() -> None:
    document = json.loads((SHIPPED / "programmes/amo-tadamon.json").read_text("utf-8"))
    document["rules"].append({"kind": "threshold", "effective_from": "2027-01-01", "at_or_below": "9.2"})
    found = checked(document)
    assert found.name == "amo_tadamon-2027-01-01"
    assert "would be in neither" in found.warnings[0].words


def test_two_versions_are_compared_number_by_number() -> None:
    document = next_model()
    document["zones"]["rural"]["constant"] = "8.70"
    document["zones"]["urban"]["variables"][30]["coefficient"] = "0.15"
    document["leaves_out"] = ["U13"]
    drop(*URBAN, "variables", 12)(document)
    model = models()[-1]
    assert compare(model, checked(document).content) == (
        Difference(Subject.VARIABLE, "U13", "0.0532", None, Zone.URBAN),
        Difference(Subject.VARIABLE, "U31", "0.226", "0.15", Zone.URBAN),
        Difference(Subject.CONSTANT, "K", "8.695", "8.7", Zone.RURAL),
    )
    asd = checked(next_asd()).content
    assert compare(programme("asd"), asd) == (Difference(Subject.THRESHOLD, "", "9.743001", "9.6"),)
    with pytest.raises(NotComparable):
        compare(model, asd)


HOSTILE = (
    None,
    True,
    1,
    1.5,
    -1,
    "",
    "x",
    "1e9",
    "9" * 50,
    [],
    [[]],
    [None],
    {},
    {"x": {}},
    {"": [1]},
    "2027-13-01",
)


def places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, inner in entries:
        yield from places_of(inner, (*path, step))


@pytest.mark.parametrize("make", [next_model, next_asd], ids=["model", "programme"])
def test_whatever_stands_anywhere_is_in_order_or_refused_in_words(make: Callable[[], Any]) -> None:
    chance = Random(11)
    places = [path for path in places_of(make()) if path]
    for _ in range(60):
        document = make()
        for path in chance.sample(places, 2):
            here = document
            for step in path[:-1]:
                here = here[step] if isinstance(here, dict | list) and _has(here, step) else {}
            if isinstance(here, dict | list) and _has(here, path[-1]):
                here[path[-1]] = chance.choice(HOSTILE)
        with suppress(FileRefused):
            checked(document)


def _has(here: Any, step: Any) -> bool:
    return step in here if isinstance(here, dict) else isinstance(step, int) and step < len(here)
