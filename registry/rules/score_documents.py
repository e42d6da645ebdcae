"""Scoring a document of hand-written cases: what the command `tiwizi score FILE` reads and prints.

Input: a JSON list of `{"zone", "region", "values": {code: "number"}}`. Output: a list in the same order of
`{"index", "model", "lines": [{"code", "value", "coefficient", "points"}]}`, every number as exact text.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from registry.rules.scoring import IndexModel, InputFault, InvalidInput, Value, models, score

CASE_KEYS: Final = ("zone", "region", "values")


class InvalidCase(InvalidInput):
    """One case of a document is wrong; `case` counts from 1."""

    def __init__(self, fault: InvalidInput, case: int) -> None:
        super().__init__(fault.code, fault.name)
        self.case = case

    def __str__(self) -> str:
        return f"case {self.case}: {super().__str__()}"


def score_text(text: str, model: IndexModel | None = None) -> str:
    """The document as text, from text. Numbers written without quotes are read exactly. Raises InvalidInput."""
    try:
        cases = json.loads(text, parse_float=Decimal, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(InputFault.NOT_A_DOCUMENT, str(error)) from error
    return json.dumps(score_document(cases, model), ensure_ascii=False, indent=2)


def score_document(cases: object, model: IndexModel | None = None) -> list[dict[str, Any]]:
    """Scores each case by the given model, or by the newest. Raises InvalidInput, InvalidCase for one case."""
    if not isinstance(cases, Sequence) or isinstance(cases, str):
        raise InvalidInput(InputFault.NOT_A_DOCUMENT, "a JSON list is expected")
    chosen = model or models()[-1]
    return [_score_case(chosen, case, number) for number, case in enumerate(cases, start=1)]


def _score_case(model: IndexModel, case: object, number: int) -> dict[str, Any]:
    try:
        zone, region, values = _read_case(case)
        result = score(model, zone=zone, region=region, values=values)
    except InvalidInput as error:
        raise InvalidCase(error, number) from error
    return {"index": f"{result.index:f}", "model": result.model, "lines": result.written_lines()}


def _read_case(case: object) -> tuple[str, str, Mapping[str, Value]]:
    if not isinstance(case, Mapping):
        raise InvalidInput(InputFault.NOT_A_DOCUMENT, "an object is expected")
    for key in CASE_KEYS:
        if key not in case:
            raise InvalidInput(InputFault.MISSING_KEY, key)
    for key in case:
        if key not in CASE_KEYS:
            raise InvalidInput(InputFault.UNKNOWN_KEY, str(key))
    if not isinstance(case["zone"], str):
        raise InvalidInput(InputFault.UNKNOWN_ZONE, str(case["zone"]))
    if not isinstance(case["region"], str):
        raise InvalidInput(InputFault.UNKNOWN_REGION, str(case["region"]))
    if not isinstance(case["values"], Mapping):
        raise InvalidInput(InputFault.NOT_A_DOCUMENT, "the values are an object")
    return case["zone"], case["region"], case["values"]


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A variable written twice is a slip that no silent choice should settle."""
    once: dict[str, Any] = {}
    for key, value in pairs:
        if key in once:
            raise InvalidInput(InputFault.NOT_A_DOCUMENT, f"{key} is written twice")
        once[key] = value
    return once
