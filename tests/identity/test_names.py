"""Names as people type them, and as somebody types them who wants another name to be read."""

from __future__ import annotations

import pytest

from identity.people.names import InvalidName, NameScript, folded, parse_name

AR, LATIN = NameScript.ARABIC, NameScript.LATIN
BIDI = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u200b"


@pytest.mark.parametrize(
    ("typed", "script", "kept"),
    [
        ("  فاطمة   الزهراء ", AR, "فاطمة الزهراء"),
        ("عبد\u200cالله", AR, "عبد\u200cالله"),
        ("مُحَمَّد", AR, "مُحَمَّد"),
        ("مـــحمد", AR, "محمد"),
        ("Aït-Ben-Haddou", LATIN, "Aït-Ben-Haddou"),
        ("N’Diaye", LATIN, "N’Diaye"),
        ("O'Neill", LATIN, "O'Neill"),
        ("Nguye\u0302\u0303n", LATIN, "Nguyễn"),
    ],
)
def test_ordinary_names_are_kept_in_one_spelling(typed: str, script: NameScript, kept: str) -> None:
    assert parse_name(typed, script) == kept


@pytest.mark.parametrize(
    ("typed", "script", "code"),
    [
        ("", AR, "missing"),
        ("\u0640", AR, "missing"),
        ("Fatima", AR, "not_arabic"),
        ("فاطمة", LATIN, "not_latin"),
        ("Fаtima", LATIN, "not_latin"),
        ("Fatima 2", LATIN, "not_latin"),
        ("---", LATIN, "not_latin"),
        ("a" * 81, LATIN, "too_long"),
        ("م" + "\u064e" * 4, AR, "too_many_marks"),
        ("Fa\u200dtima", LATIN, "hidden_characters"),
        ("\u200cفاطمة", AR, "hidden_characters"),
        *((f"فاط{mark}مة", AR, "hidden_characters") for mark in BIDI),
        *((f"Fat{mark}ima", LATIN, "hidden_characters") for mark in BIDI),
    ],
)
def test_what_is_no_name_says_why(typed: str, script: NameScript, code: str) -> None:
    with pytest.raises(InvalidName) as refused:
        parse_name(typed, script)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("بن علي", "بنعلي"),
        ("أحمد", "احمد"),
        ("فاطمة", "فاطمه"),
        ("مُحَمَّد", "محمد"),
        ("Aït Moh", "ait-moh"),
        ("ÉLODIE", "Elodie"),
    ],
)
def test_two_spellings_of_one_name_meet(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_two_names_stay_two() -> None:
    assert folded("سعيد") != folded("سعد")
