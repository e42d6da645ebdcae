"""T-20, text that shows something else than it is: direction marks, controls, floods of accents.

What citizens and officers write is refused with a sentence that says so, in their language; ordinary Arabic, French and
Amazigh never are. What stands in the register already is shown between marks of its own, so that nothing beside a name
is turned round.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from itertools import islice, product
from typing import Annotated, Any

import pytest
from playwright.sync_api import Browser
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError

import app.forms
from app.demo import names
from app.forms.base import Form
from app.forms.fields import text
from app.i18n.catalogues import gettext
from app.i18n.locales import LOCALES
from registry.requests.documents import clean_document
from registry.requests.refused_documents import DocumentRefused
from tests.app.attacks import BIDI_CONTROLS
from tests.databases import run_apart
from tests.threats.bad_files import a_pdf

HIDDEN = "Remove the hidden characters: write the answer again, without copying it."
CONTROLS = (
    *BIDI_CONTROLS,
    "\x00",
    "\x1b",
    "\x7f",
    "\x85",
    "\u200b",
    "\u2028",
    "\ufff9",
    "\ue000",
    "a" + "\u0301" * 9,
)
# Compared with what is known, or hashed, and shown to nobody as it was written.
NOT_SHOWN = {"password", "new_password", "seen", "province", "has", "proposed_value"}
SENTENCES = ("حي السلام", "Amal Bennani du quartier")


def free_fields(
    is_shown: Any = lambda field: field not in NOT_SHOWN,
) -> Iterator[tuple[type[BaseModel], str]]:
    """Every answer of every form that may be a name or a sentence."""
    for found in pkgutil.walk_packages(app.forms.__path__, "app.forms."):
        for _, model in inspect.getmembers(import_module(found.name), inspect.isclass):
            if issubclass(model, BaseModel) and model.__module__ == found.name:
                yield from (
                    (model, field) for field in filter(is_shown, model.model_fields) if sentence(model, field)
                )


def sentence(model: Any, field: str) -> str | None:
    """A text that the answer may be."""
    return next((each for each in SENTENCES if Form(model, "ar", {field: each}).error(field) is None), None)


FREE = sorted(free_fields(), key=repr)


def refused_ones(kind: Any, texts: Iterator[str] | list[str]) -> list[str]:
    adapter = TypeAdapter(kind)

    def is_refused(value: str) -> bool:
        try:
            adapter.validate_python(value)
        except ValidationError:
            return True
        return False

    return [each for each in texts if is_refused(each)]


def kept(model: Any, field: str, answer: str) -> str | None:
    """What becomes of the answer; None when it is refused."""
    asked = model.model_fields[field]
    try:
        return str(TypeAdapter(Annotated[asked.annotation, asked]).validate_python(answer))
    except ValidationError:
        return None


def deceived(model: Any, field: str, mark: str) -> list[str]:
    """The languages in which a text keeps the mark that is in it, or is refused without a word."""
    whole = str(sentence(model, field))
    answer = f"{whole[:4]}{mark}{whole[4:]}"
    if (found := kept(model, field, answer)) is not None:
        return list(LOCALES) if mark in found else []
    return [lang for lang in LOCALES if not Form(model, lang, {field: answer}).error(field)]


@pytest.mark.parametrize(("model", "field"), FREE, ids=lambda each: getattr(each, "__name__", each))
def test_what_deceives_is_refused_in_words(model: Any, field: str) -> None:
    assert [(ascii(mark), lang) for mark in CONTROLS for lang in deceived(model, field, mark)] == []


def test_names_places_and_reasons_are_among_them() -> None:
    """And a field that takes anything is found out."""
    written = {field for _, field in FREE}
    assert written > {"given_name_ar", "family_name_latin", "name_ar", "district", "words", "decision_words"}
    assert len(FREE) > 20

    class Naive(BaseModel):
        words: str

    assert len(list(filter(partial(deceived, Naive, "words"), CONTROLS))) == len(CONTROLS)


@pytest.mark.parametrize("lang", LOCALES)
def test_the_reason_is_said(lang: str) -> None:
    for mark, model in product(CONTROLS, {model for model, field in FREE if field == "words"}):
        form: Form[Any] = Form(model, lang, {"words": f"حي السلام {mark} رقم 12 et la suite"})
        assert form.error("words") == gettext(lang, HIDDEN) != HIDDEN


@pytest.mark.parametrize("mark", [*BIDI_CONTROLS, "\x00", "\x1b", "\u200b"], ids=ascii)
def test_no_file_name_deceives(mark: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        run_apart(lambda: clean_document(name=f"facture{mark}fdp.exe", content=a_pdf()))
    assert refused.value.code == "name"


def ordinary() -> Iterator[str]:
    """Names as they are written, with their vowels and joiners; places; what people tell of their house."""
    marks = ("", "\u064e", "\u0651\u064f", "\u0651\u064e\u0670")
    given, families = (
        [arabic for arabic, *_ in people] for people in (names.MEN + names.WOMEN, names.FAMILIES)
    )
    for first, last, mark, number in product(given, families, marks, range(1, 10)):
        yield f"{first}{mark} {last}{number if number > 1 else ''}"


OTHERS = [
    "می‌خواهم",  # Two joined words with a mark between letters that must not join.
    "Saïd Aït-Ougadir, n° 12 bis",
    "ⵎⵓⵃⵎⵎⴰⴷ ⵏ ⵜⵎⴰⵣⵉⵔⵜ",
    "نسكن في زنقة 12، رقم ٣ (الطابق الأول).\nالكراء 1.200 درهم",
]


def test_ordinary_names_are_taken() -> None:
    ten_thousand = list(islice(ordinary(), 10_000))
    assert len(set(ten_thousand)) == 10_000
    assert refused_ones(text(200), [*ten_thousand, *OTHERS]) == []


def test_letters_alone_would_refuse_them_and_any_text_would_take_the_marks() -> None:
    letters = Annotated[str, StringConstraints(pattern=r"^[\p{L} ]+$")]
    assert refused_ones(letters, [*islice(ordinary(), 100), *OTHERS])
    assert not refused_ones(Annotated[str, StringConstraints(max_length=200)], list(CONTROLS))


def test_a_name_in_the_register_turns_nothing_round(browser: Browser) -> None:
    """The place of what follows a name, with a mark in the name and without."""
    page = browser.new_page()

    def place(mark: str, isolated: bool) -> float:
        name = f"{mark}Amal"
        shown = f"<bdi>{name}</bdi>" if isolated else name
        page.set_content(
            f"<p dir=ltr style='font-family:monospace'>{shown} owes <span>120 MAD</span> now</p>"
        )
        return float(page.evaluate("document.querySelector('span').getBoundingClientRect().left"))

    turning = ["\u202e", "\u2067", "\u202b"]
    assert {place(mark, isolated=True) for mark in turning} == {place("", isolated=True)}
    assert place("\u202e", isolated=False) != place("", isolated=False)
