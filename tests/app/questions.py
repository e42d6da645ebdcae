"""A form as the questions that it asks."""

from __future__ import annotations

from dataclasses import dataclass

from tests.app.pages import Element, FilledForm


@dataclass(frozen=True)
class Question:
    """A field as the page asks it, with all its controls."""

    name: str
    controls: tuple[Element, ...]

    @property
    def first(self) -> Element:
        return self.controls[0]

    @property
    def type(self) -> str:
        return self.first.get("type", "text") if self.first.tag == "input" else self.first.tag

    @property
    def is_code(self) -> bool:
        return self.first.get("autocomplete") == "one-time-code"

    @property
    def is_choice(self) -> bool:
        return self.type in ("radio", "select")

    @property
    def is_typed(self) -> bool:
        return self.type in ("text", "tel", "email", "password", "textarea", "search")

    @property
    def offered(self) -> set[str]:
        """The answers to choose from."""
        if self.type == "select":
            return {option.get("value") for option in self.first.all("option")}
        return {control.get("value", "on") for control in self.controls}

    @property
    def is_number(self) -> bool:
        return self.is_typed and self.first.get("inputmode") in ("numeric", "decimal")

    @property
    def is_whole_number(self) -> bool:
        return self.is_number and self.first.get("inputmode") == "numeric"

    @property
    def has_digits(self) -> bool:
        return self.is_number or self.first.get("inputmode") == "tel"


def questions(form: FilledForm) -> list[Question]:
    names = dict.fromkeys(control.get("name") for control in form.controls)
    return [
        Question(name, tuple(control for control in form.controls if control.get("name") == name))
        for name in names
    ]


def asked(form: FilledForm) -> list[Question]:
    """Without what the page carries by itself."""
    return [question for question in questions(form) if question.type != "hidden"]
