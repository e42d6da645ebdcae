"""Checking the file of a model or of a programme: all its faults at once, and what it is when it has none."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from registry.model_life.documents import (
    Fault,
    Faults,
    NotReadable,
    canonical,
    check_numbers,
    check_shape,
    digest,
    read_document,
)
from registry.model_life.index_model_checks import check_index_model
from registry.model_life.programme_checks import check_programme
from registry.rules.index_models import IndexModel, models
from registry.rules.programme_files import Programme
from registry.rules.programmes import programmes


class ModelKind(StrEnum):
    INDEX_MODEL = "index_model"
    PROGRAMME = "programme"


SHAPES: dict[ModelKind, type[BaseModel]] = {
    ModelKind.INDEX_MODEL: IndexModel,
    ModelKind.PROGRAMME: Programme,
}


@dataclass(frozen=True)
class Checked:
    """A file without faults: its content in the one form that is approved, and from which day it counts."""

    kind: ModelKind
    name: str
    effective_from: date
    content: IndexModel | Programme
    text: str
    sha256: str
    warnings: tuple[Fault, ...] = ()


class FileRefused(Exception):
    """The file cannot be a model. `faults` are all that is wrong in it, `warnings` what to look at besides."""

    code = "file_refused"

    def __init__(self, faults: tuple[Fault, ...], warnings: tuple[Fault, ...] = ()) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
        self.warnings = warnings


def check_file(text: str, *, today: date) -> Checked:
    """Beside the models and programmes of the files and those that are approved. Raises FileRefused."""
    try:
        document, twice = read_document(text)
    except NotReadable as error:
        raise FileRefused((error.fault,)) from error
    kind = kind_of(document)
    if kind is None:
        fault = Fault("$", "this is neither an index model (with zones) nor a programme (with rules)")
        raise FileRefused((fault,))
    faults = Faults()
    for key in twice:
        faults.add((key,), "this key is written twice in one object: keep one of them")
    check_numbers(document, faults)
    _check_content(kind, document, faults, today)
    check_shape(SHAPES[kind], document, faults)
    if faults.refusing:
        raise FileRefused(faults.refusing, faults.warnings)
    return read_content(kind, document, faults.warnings)


def kind_of(document: dict[str, Any]) -> ModelKind | None:
    if "zones" in document:
        return ModelKind.INDEX_MODEL
    return ModelKind.PROGRAMME if "rules" in document else None


def _check_content(kind: ModelKind, document: dict[str, Any], faults: Faults, today: date) -> None:
    if kind is ModelKind.INDEX_MODEL:
        check_index_model(document, faults, known=models(), today=today)
    else:
        check_programme(document, faults, known=programmes(), today=today)


def read_content(kind: ModelKind, document: Any, warnings: tuple[Fault, ...] = ()) -> Checked:
    content = SHAPES[kind].model_validate(document)
    assert isinstance(content, IndexModel | Programme)
    text = canonical(document)
    name, day = name_and_day(content)
    return Checked(kind, name, day, content, text, digest(text), warnings)


def name_and_day(content: IndexModel | Programme) -> tuple[str, date]:
    """A programme's version is named by its code and the day on which its newest entry begins."""
    if isinstance(content, IndexModel):
        return content.name, content.effective_from
    day = max(entry.effective_from for entry in (*content.rules, *content.amounts))
    return f"{content.code}-{day.isoformat()}", day
