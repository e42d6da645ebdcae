import json
from typing import Any

import pytest

from registry.rules.score_documents import InvalidCase, score_document, score_text
from registry.rules.scoring import InputFault, InvalidInput
from tests.registry.test_scoring import A1, B


def test_cases_are_answered_in_their_order() -> None:
    cases = [
        {"zone": "rural", "region": "Fès-Meknès", "values": B},
        {"zone": "urban", "region": "06", "values": A1},
    ]
    answers = json.loads(score_text(json.dumps(cases)))
    assert [answer["index"] for answer in answers] == ["9.046350", "9.6012644"]
    assert [answer["model"] for answer in answers] == ["ma-ise-2021"] * 2
    butane = next(line for line in answers[1]["lines"] if line["code"] == "U33")
    assert butane == {"code": "U33", "value": "240", "coefficient": "0.000422", "points": "0.10128"}


def test_no_case_is_no_answer() -> None:
    assert score_document([]) == []


def test_numbers_without_quotes_are_read_exactly() -> None:
    (answer,) = json.loads(
        score_text('[{"zone": "urban", "region": "05", "values": {"U25": 0.1, "U19": 1}}]')
    )
    share = next(line for line in answer["lines"] if line["code"] == "U25")
    assert share["points"] == "-0.00557"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", InputFault.NOT_A_DOCUMENT),
        ("{}", InputFault.NOT_A_DOCUMENT),
        ('"urban"', InputFault.NOT_A_DOCUMENT),
        ("[" * 100_000, InputFault.NOT_A_DOCUMENT),
        ("[" + "1" * 10_000 + "]", InputFault.NOT_A_DOCUMENT),
        ('[{"zone": "urban", "zone": "rural", "region": "06", "values": {}}]', InputFault.NOT_A_DOCUMENT),
    ],
)
def test_what_is_no_document_is_refused(text: str, code: InputFault) -> None:
    with pytest.raises(InvalidInput) as refused:
        score_text(text)
    assert refused.value.code is code


GOOD: dict[str, Any] = {"zone": "urban", "region": "06", "values": {}}


@pytest.mark.parametrize(
    ("case", "code", "name"),
    [
        ("urban", InputFault.NOT_A_DOCUMENT, "an object is expected"),
        ({"zone": "urban", "region": "06"}, InputFault.MISSING_KEY, "values"),
        (GOOD | {"year": 2026}, InputFault.UNKNOWN_KEY, "year"),
        (GOOD | {"zone": 1}, InputFault.UNKNOWN_ZONE, "1"),
        (GOOD | {"region": 6}, InputFault.UNKNOWN_REGION, "6"),
        (GOOD | {"values": []}, InputFault.NOT_A_DOCUMENT, "the values are an object"),
        (GOOD | {"values": {"U1": "NaN"}}, InputFault.NOT_A_NUMBER, "U1"),
        (GOOD | {"values": {"U1": {}}}, InputFault.NOT_A_NUMBER, "U1"),
    ],
)
def test_a_wrong_case_is_named_by_its_number(case: object, code: InputFault, name: str) -> None:
    with pytest.raises(InvalidCase) as refused:
        score_document([GOOD, case])
    assert (refused.value.case, refused.value.code, refused.value.name) == (2, code, name)
    assert "case 2" in str(refused.value)
