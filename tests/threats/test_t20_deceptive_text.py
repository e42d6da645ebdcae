"""T-20, text that shows something else than it is: direction marks, controls, floods of accents.

What citizens and officers write is refused with a sentence that says so, in their language; ordinary Arabic, French and
Amazigh never are. What stands in the register already is shown between marks of its own, so that nothing beside a name
is turned round.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Annotated, Any

import pytest
from playwright.sync_api import Browser
from pydantic import StringConstraints, TypeAdapter, ValidationError

from app.demo import names
from app.forms import recomputation, staff
from app.forms.base import Form
from app.forms.declaration import AddressAnswers
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
FREE = [
    (AddressAnswers, "district"),
    (recomputation.RecomputationAnswers, "words"),
    (staff.DecisionAnswers, "decision_words"),
]


def refused_ones(kind: Any, texts: Iterator[str] | list[str]) -> list[str]:
    adapter = TypeAdapter(kind)

    def is_refused(value: str) -> bool:
        try:
            adapter.validate_python(value)
        except ValidationError:
            return True
        return False

    return [each for each in texts if is_refused(each)]


@pytest.mark.parametrize(("model", "field"), FREE, ids=lambda each: getattr(each, "__name__", each))
def test_what_deceives_is_refused_in_words(model: Any, field: str) -> None:
    for mark, lang in product(CONTROLS, LOCALES):
        form: Form[Any] = Form(model, lang, {field: f"حي السلام {mark} رقم 12 et la suite"})
        assert form.error(field) == gettext(lang, HIDDEN), (hex(ord(mark[-1])), lang)
        assert lang == "en" or gettext(lang, HIDDEN) != HIDDEN


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
