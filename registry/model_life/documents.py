"""A model's file as a document: read without losing a digit, and every fault named by its place in the file."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]

# Numbers that decide. Whoever writes one without quotes has let it pass through a binary fraction.
EXACT_KEYS: Final = frozenset(
    {
        "constant",
        "term",
        "coefficient",
        "at_or_below",
        "above",
        "monthly_mad",
        "monthly",
        "family_minimum",
        "without_children",
    }
)
# Conditions compare ages and per cents, which are whole numbers.
WHOLE_NUMBERS_WITHIN: Final = frozenset({"situation", "provisos"})
WRITTEN_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
# The document, and a zone of it.
ZONE_DEPTH: Final = 2
LARGEST_FILE: Final = 400_000
# A file of ours has eight levels.
DEEPEST: Final = 30
# What is read as nothing, or turns what stands around it, has no place in a text that people approve.
HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
WORDS: Final[Mapping[str, str]] = {
    "missing": "is missing: add it",
    "extra_forbidden": "is no key of such a file: remove it, or correct its name",
    "date_from_datetime_parsing": "is no date: write it as 2027-01-01",
    "date_parsing": "is no date: write it as 2027-01-01",
    "date_type": "is no date: write it as 2027-01-01",
    "string_pattern_mismatch": "has not the form of such a word: names are of small Latin letters, digits and hyphens",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a file, and what to do. A warning does not refuse the file."""

    path: str
    words: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.words}"


@dataclass
class Faults:
    """All faults of a file, the first word about each place."""

    found: dict[str, Fault] = field(default_factory=dict)

    def add(self, path: Path, words: str) -> None:
        written = written_path(path)
        self.found.setdefault(written, Fault(written, words))

    def warn(self, path: Path, words: str) -> None:
        written = written_path(path)
        self.found.setdefault(f"warning {written}", Fault(written, words, is_warning=True))

    @property
    def refusing(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.found.values() if not fault.is_warning)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.found.values() if fault.is_warning)


class NotReadable(Exception):
    """The file is no JSON object at all."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.fault = Fault("$", words)


def read_document(text: str) -> tuple[dict[str, Any], list[str]]:
    """The document, and the keys that are written twice in one object. Raises NotReadable."""
    twice: list[str] = []

    def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        once: dict[str, Any] = {}
        for key, value in pairs:
            if key in once:
                twice.append(key)
            once[key] = value
        return once

    if len(text) > LARGEST_FILE:
        raise NotReadable(f"the file has more than {LARGEST_FILE} characters")
    try:
        document = json.loads(text, object_pairs_hook=each_key_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"this is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise NotReadable("an object is expected: { … }")
    _look_into(document)
    return document, twice


def _refuse_constant(written: str) -> None:
    raise ValueError(f"{written} is no number of JSON")


def _look_into(document: Any) -> None:
    """Raises NotReadable for what is nested too deep, and for characters that nobody sees."""
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise NotReadable(f"lists and objects are nested more than {DEEPEST} deep")
        for text in (each for value in level for each in _texts(value)):
            if found := HIDDEN.search(text):
                raise NotReadable(f"a text holds the hidden character U+{ord(found[0]):04X}: remove it")
        level = [each for value in level for _, each in _entries(value)]


def _texts(value: Any) -> Iterator[str]:
    """A text, or the keys of an object."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value


def canonical(document: Mapping[str, Any]) -> str:
    """The document as the one text that people approve: the same for every order of keys and every layout."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(canonical_text: str) -> str:
    return sha256(canonical_text.encode()).hexdigest()


def written_path(path: Path) -> str:
    """Where in the file: zones.urban.variables[3].coefficient."""
    written = ""
    for step in path:
        written += f"[{step}]" if isinstance(step, int) else f".{step}" if written else step
    return written or "$"


def check_shape(shape: type[BaseModel], document: Mapping[str, Any], faults: Faults) -> None:
    """What the shape of the file does not allow. About a whole object the checks have said it better already."""
    try:
        shape.model_validate(document)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        small = [each for each in problems if each["type"] != "value_error" or len(each["loc"]) > ZONE_DEPTH]
        for problem in small or ([] if faults.refusing else problems):
            words = WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
            faults.add(_path_in(document, problem["loc"]), words)


def _path_in(document: Any, loc: Sequence[str | int]) -> Path:
    """The place that a validation names, without the steps that are only the kind of a thing."""
    path: list[str | int] = []
    here = document
    for step in loc:
        if _has(here, step):
            here = here[step]
        elif step == "[key]" or _names_kind(here, step):
            continue
        else:
            here = None
        path.append(step)
    return tuple(path)


def _has(here: Any, step: str | int) -> bool:
    if isinstance(here, list):
        return isinstance(step, int) and step < len(here)
    return isinstance(here, dict) and step in here


def _names_kind(here: Any, step: str | int) -> bool:
    return isinstance(here, dict) and step in (here.get("rule"), here.get("kind"))


def check_numbers(document: Any, faults: Faults, path: Path = ()) -> None:
    """Every number that decides is a decimal in quotes, without exponent."""
    for step, value in _entries(document):
        place = (*path, step)
        if step in EXACT_KEYS:
            _check_number(step, value, faults, place)
        elif step not in WHOLE_NUMBERS_WITHIN:
            check_numbers(value, faults, place)


def _entries(document: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(document, dict):
        yield from document.items()
    elif isinstance(document, list):
        yield from enumerate(document)


def _check_number(key: str | int, value: Any, faults: Faults, path: Path) -> None:
    if value is None and key == "at_or_below":
        return
    if isinstance(value, int | float) and not isinstance(value, bool):
        faults.add(path, f'an exact number is written in quotes: write "{value}"')
    elif not isinstance(value, str) or not WRITTEN_DECIMAL.fullmatch(value):
        faults.add(path, 'this is no exact number: write decimals with a full stop, such as "0.103"')


def items_of(document: Any, *keys: str) -> list[Any]:
    """The list at a place; empty when there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, list) else []


def text_of(document: Any, key: str) -> str:
    value = document.get(key) if isinstance(document, dict) else None
    return value.strip() if isinstance(value, str) else ""
