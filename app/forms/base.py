"""A form gives back a result: the data when all is well, or for each field what is wrong, as a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from litestar.datastructures import UploadFile
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from app.forms.errors import sentence
from app.posts import KEY_FIELD, TOKEN_FIELD
from app.requests import PortalRequest

LONGEST_ANSWER = 10_000
MOST_ANSWERS = 200
Answer = str | list[str] | UploadFile


class Answers(BaseModel):
    """Parent of every form's model. An empty answer is a missing one; a field that we never asked is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_empty(cls, answers: Any) -> Any:
        if not isinstance(answers, Mapping):
            return answers
        return {
            name: value
            for name, value in answers.items()
            if not (isinstance(value, str) and not value.strip())
        }


A = TypeVar("A", bound=Answers)


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: a code, and the values that its sentence needs."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Form(Generic[A]):
    """A form as it was filled in: `data` when it is valid, `errors` by field when it is not, and what was typed."""

    def __init__(self, model: type[A], lang: str, answers: Mapping[str, Answer] | None = None) -> None:
        """Without `answers` the form is still to be filled in, and has neither data nor errors."""
        self.model, self.lang = model, lang
        self.answers: Mapping[str, Answer] = answers or {}
        self.errors: dict[str, FieldError] = {}
        # Whether it shows what was written before the session ran out.
        self.restored = False
        self._data: A | None = None
        if answers is not None:
            self._validate()

    @property
    def valid(self) -> bool:
        return self._data is not None and not self.errors

    @property
    def data(self) -> A:
        """The answers, parsed. Raises LookupError while the form is not valid."""
        if self._data is None:
            raise LookupError("The form was not filled in, or has errors.")
        return self._data

    def refuse(self, name: str, code: str, **values: Any) -> None:
        """Add what only the domain can know: the field and the code of its refusal."""
        self.errors[name] = FieldError(code, values)

    def typed(self, name: str) -> str:
        """What was typed, as it was; the empty string before anything was. Of several answers, the first."""
        value = self.answers.get(name, "")
        if isinstance(value, list):
            return value[0]
        return "" if isinstance(value, UploadFile) else value

    def ticked(self, name: str) -> list[str]:
        """Every answer to a question that takes more than one."""
        value = self.answers.get(name, [])
        return value if isinstance(value, list) else [self.typed(name)]

    def error(self, name: str) -> str | None:
        """The sentence for a field, in the language of the form."""
        found = self.errors.get(name)
        return sentence(self.lang, name, found.code, found.values) if found else None

    def errors_list(self) -> list[tuple[str, str]]:
        """Each field with its sentence, in the order in which the page asks."""
        order = {name: place for place, name in enumerate(self.model.model_fields)}
        names = sorted(self.errors, key=lambda name: order.get(name, len(order)))
        return [
            (name, sentence(self.lang, name, self.errors[name].code, self.errors[name].values))
            for name in names
        ]

    def _validate(self) -> None:
        try:
            self._data = self.model.model_validate(dict(self.answers))
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                values = dict(problem.get("ctx") or {})
                name = str(values.pop("field", None) or (problem["loc"][0] if problem["loc"] else "form"))
                code = "unknown_field" if problem["type"] == "extra_forbidden" else problem["type"]
                self.errors.setdefault("form" if code == "unknown_field" else name, FieldError(code, values))


async def answers_of(request: PortalRequest) -> dict[str, Answer]:
    """What was typed, field by field; a field sent more than once becomes a list."""
    found: dict[str, Answer] = {}
    items = list((await request.form()).multi_items())
    for name, value in items[:MOST_ANSWERS]:
        if name in (TOKEN_FIELD, KEY_FIELD):
            continue
        if isinstance(value, UploadFile):
            if value.filename:
                found[name] = value
            continue
        answer = str(value)[:LONGEST_ANSWER].encode("utf-8", "replace").decode()
        earlier = found.get(name)
        if earlier is None or isinstance(earlier, UploadFile):
            found[name] = answer
        else:
            found[name] = [*(earlier if isinstance(earlier, list) else [earlier]), answer]
    return found


async def read_form(request: PortalRequest, model: type[A]) -> Form[A]:
    """The form of this post."""
    return Form(model, request.lang, await answers_of(request))
