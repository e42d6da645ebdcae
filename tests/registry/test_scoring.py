from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.facts import Zone
from registry.geography import atlas
from registry.rules.scoring import (
    Index,
    InputFault,
    InvalidInput,
    UnknownModel,
    exact_text,
    model_named,
    model_on,
    models,
    score,
)

MODEL = model_named("ma-ise-2021")

A1 = {
    "U4": "1", "U5": "1", "U19": "4", "U20": "16", "U21": "42", "U22": "1764", "U24": "2", "U25": "0.5",
    "U27": "0.25", "U30": "2", "U33": "240", "U34": "900", "U35": "300",
}  # fmt: skip
B = {
    "R4": "1", "R9": "1", "R17": "5", "R18": "25", "R20": "2", "R22": "0.4", "R25": "1", "R26": "192", "R27": "240",
    "R28": "144",
}  # fmt: skip
C = {
    "U1": "1", "U3": "1", "U4": "1", "U5": "1", "U19": "1", "U20": "1", "U21": "65", "U22": "4225", "U25": "1",
    "U30": "1", "U33": "480", "U34": "1440", "U35": "600",
}  # fmt: skip


def urban(values: dict[str, str], region: str = "06") -> Index:
    return score(MODEL, zone="urban", region=region, values=values)


@pytest.mark.parametrize(
    ("zone", "region", "values", "published"),
    [
        ("urban", "06", A1, "9.6012644"),
        ("urban", "06", A1 | {"U35": "450"}, "9.6465644"),
        ("urban", "05", A1, "9.3812644"),
        ("rural", "03", B, "9.046350"),
        ("urban", "06", C, "10.3542375"),
    ],
    ids=["A1", "A2", "A3", "B", "C"],
)
def test_worked_examples_come_out_to_the_last_digit(
    zone: str, region: str, values: dict[str, str], published: str
) -> None:
    result = score(MODEL, zone=zone, region=region, values=values)
    assert str(result.index) == published
    assert sum(line.points for line in result.lines) == Decimal(published)


def test_the_ledger_begins_with_both_constants_and_names_every_variable_of_the_zone() -> None:
    result = urban(A1, region="05")
    assert [line.code for line in result.lines] == ["K", "k", *(f"U{number}" for number in range(1, 36))]
    assert result.written_lines()[:2] == [
        {"code": "K", "value": "1", "coefficient": "9.825", "points": "9.825"},
        {"code": "k", "value": "1", "coefficient": "0", "points": "0"},
    ]
    assert (result.model, result.zone, result.region) == ("ma-ise-2021", Zone.URBAN, "05")


@pytest.mark.parametrize(
    "name", ["06", "Casablanca-Settat", "CASABLANCA SETTAT", "الدار البيضاء - سطات", "ⴰⵏⴼⴰ-ⵙⵟⵟⴰⵜ", " 06 "]
)
def test_a_region_is_known_by_code_and_by_name(name: str) -> None:
    assert urban(A1, region=name).region == "06"


@pytest.mark.parametrize(
    ("zone", "region", "values", "code", "name"),
    [
        ("suburban", "06", {}, InputFault.UNKNOWN_ZONE, "suburban"),
        ("urban", "13", {}, InputFault.UNKNOWN_REGION, "13"),
        ("urban", "", {}, InputFault.UNKNOWN_REGION, ""),
        ("urban", "06", {"U36": "1"}, InputFault.UNKNOWN_VARIABLE, "U36"),
        ("urban", "06", {"R1": "1"}, InputFault.UNKNOWN_VARIABLE, "R1"),
        ("rural", "06", {"K": "1"}, InputFault.UNKNOWN_VARIABLE, "K"),
        ("urban", "06", {"U1": "yes"}, InputFault.NOT_A_NUMBER, "U1"),
        ("urban", "06", {"U1": ""}, InputFault.NOT_A_NUMBER, "U1"),
        ("urban", "06", {"U33": "NaN"}, InputFault.NOT_A_NUMBER, "U33"),
        ("urban", "06", {"U33": "Infinity"}, InputFault.NOT_A_NUMBER, "U33"),
        ("urban", "06", {"U33": Decimal("-Infinity")}, InputFault.NOT_A_NUMBER, "U33"),
        ("urban", "06", {"U33": Decimal("sNaN")}, InputFault.NOT_A_NUMBER, "U33"),
        ("urban", "06", {"U33": 1.5}, InputFault.NOT_A_NUMBER, "U33"),
        ("urban", "06", {"U33": True}, InputFault.NOT_A_NUMBER, "U33"),
        ("urban", "06", {"U33": None}, InputFault.NOT_A_NUMBER, "U33"),
        ("urban", "06", {"U33": "1_000"}, InputFault.NOT_A_NUMBER, "U33"),
        ("urban", "06", {"U33": "1e999"}, InputFault.OUT_OF_RANGE, "U33"),
        ("urban", "06", {"U33": "1e-999"}, InputFault.OUT_OF_RANGE, "U33"),
        ("urban", "06", {"U33": "9" * 16}, InputFault.OUT_OF_RANGE, "U33"),
        ("urban", "06", {"U33": "1.0000000000000001"}, InputFault.OUT_OF_RANGE, "U33"),
        ("urban", "06", {"U1": "2"}, InputFault.WRONG_FOR_KIND, "U1"),
        ("urban", "06", {"U19": "-1"}, InputFault.WRONG_FOR_KIND, "U19"),
        ("urban", "06", {"U19": "1.5"}, InputFault.WRONG_FOR_KIND, "U19"),
        ("urban", "06", {"U25": "1.01"}, InputFault.WRONG_FOR_KIND, "U25"),
        ("urban", "06", {"U33": "-0.01"}, InputFault.WRONG_FOR_KIND, "U33"),
    ],
)
def test_what_cannot_be_scored_is_refused_by_name(
    zone: str, region: str, values: dict[str, object], code: InputFault, name: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        score(MODEL, zone=zone, region=region, values=values)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.name) == (code, name)


@pytest.mark.parametrize("written", ["240", "240.00", "+240", "2.4E+2", " 240 ", "240."])
def test_one_number_written_in_many_ways_is_one_index(written: str) -> None:
    assert str(urban(A1 | {"U33": written}).index) == "9.6012644"


def _any_values(zone: Zone) -> st.SearchStrategy[dict[str, Decimal]]:
    of_kind = {
        "flag": st.sampled_from([Decimal(0), Decimal(1)]),
        "share": st.decimals(0, 1, places=15),
        "mad_per_year_per_head": st.decimals(0, 10**15 - 1, places=15),
    }
    whole = st.integers(0, 10**15 - 1).map(Decimal)
    variables = MODEL.zones[zone].variables
    return st.fixed_dictionaries({each.code: of_kind.get(each.kind, whole) for each in variables})


@pytest.mark.parametrize("zone", Zone)
@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(atlas().regions)), st.data())
def test_the_lines_sum_to_the_index_exactly(zone: Zone, region: str, data: st.DataObject) -> None:
    """Fractions know no precision, so they cannot hide a rounding."""
    result = score(MODEL, zone=zone, region=region, values=data.draw(_any_values(zone)))
    assert Fraction(result.index) == sum(Fraction(line.points) for line in result.lines)
    for line in result.lines:
        assert Fraction(line.points) == Fraction(line.coefficient) * Fraction(line.value)


def test_a_model_is_chosen_by_date_and_by_name() -> None:
    begins = MODEL.effective_from
    assert begins == date(2021, 8, 9)
    assert model_on(begins).name == "ma-ise-2021"
    assert model_on(date(2026, 3, 2)) == models()[-1]
    with pytest.raises(UnknownModel):
        model_on(begins - timedelta(days=1))
    with pytest.raises(UnknownModel):
        model_named("ma-ise-1999")


def test_the_model_says_where_it_comes_from_and_what_to_confirm() -> None:
    assert "7011" in MODEL.source
    marked = {variable.code for variable in MODEL.variables if variable.to_confirm}
    assert {"R4", "R11", "U14", "U35"} <= marked
    assert MODEL.zones[Zone.URBAN].regional_terms["07"].to_confirm


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.110", "0.11"),
        ("0E-7", "0"),
        ("-0.000", "0"),
        ("9.6E+2", "960"),
        ("7.71E-5", "0.0000771"),
        ("-0.177", "-0.177"),
    ],
)
def test_exact_numbers_are_written_plainly(number: str, text: str) -> None:
    assert exact_text(Decimal(number)) == text
