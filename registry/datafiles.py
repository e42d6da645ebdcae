"""The dated data files of a country's profile, read from the package."""

import csv
import json
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from notifications.country import country

# A function that is asked about no profile in particular answers for the country in use.
IN_USE: Final = ""

DataModel = TypeVar("DataModel", bound=BaseModel)


class InvalidData(Exception):
    """A data file cannot be used. The text names the file and what is wrong in it; the portal does not start."""

    code = "invalid_data"


def named(profile: str) -> str:
    """The profile that is meant: the one in use, where none is named."""
    return profile or country().code


def read_csv(profile: str, path: str) -> list[dict[str, str]]:
    """The rows of a comma separated file with a header. Lines that begin with `#` are remarks."""
    lines = (line for line in _read_text(profile, path).splitlines() if not line.startswith("#"))
    return list(csv.DictReader(lines, strict=True))


def read_json(profile: str, path: str, shape: type[DataModel]) -> DataModel:
    """Numbers that decide are written as strings in these files, so that none passes through a float."""
    try:
        return shape.model_validate(json.loads(_read_text(profile, path)))
    except json.JSONDecodeError as error:
        raise InvalidData(f"{profile}/{path} is not JSON: {error}") from error
    except ValidationError as error:
        raise InvalidData(f"{profile}/{path}: {_first_fault(error)}") from error


def data_files(profile: str, folder: str, prefix: str = "") -> Iterator[str]:
    """The paths of the JSON files of a folder whose name begins with `prefix`, in the order of their names."""
    entries = sorted((_root(profile) / folder).iterdir(), key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.startswith(prefix) and entry.name.endswith(".json"):
            yield f"{folder}/{entry.name}" if folder else entry.name


def has_file(profile: str, path: str) -> bool:
    return (_root(profile) / path).is_file()


def _root(profile: str) -> Traversable:
    root = files("registry") / "data" / profile
    if not profile.isalpha() or not root.is_dir():
        raise InvalidData(f"there is no profile {profile!r}")
    return root


def _read_text(profile: str, path: str) -> str:
    file = _root(profile) / path
    if not file.is_file():
        raise InvalidData(f"{profile}/{path} is missing")
    return file.read_text(encoding="utf-8")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in fault["loc"])
    return f"{place}: {fault['msg']}" if place else fault["msg"]
