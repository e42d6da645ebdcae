"""What people type, and what is kept."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.people.number_rules import BadRules, CheckDigit, IdentifierRules, check_digit, read_rules
from identity.people.numbers import (
    InvalidNumber,
    ParsedIdentifier,
    parse_document_number,
    parse_identifier,
    parse_phone,
)
from identity.people.tables import DocumentKind

RULES = {
    "identifier": {"digits": 10, "check_digit": "verhoeff"},
    "telephone": {"region": "MA", "country_code": 212, "national_digits": 9},
    "cards": {"national_card": "[0-9]{3}"},
}
LRE, PDF, RLM, ZWSP, NBSP = "\u202a", "\u202c", "\u200f", "\u200b", "\u00a0"


@pytest.mark.parametrize(
    "typed",
    [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "(06) 12/34/56/78",
        "612345678",
        "+212612345678",
        "+212 6 12 34 56 78",
        "+212 (0) 612345678",
        "00212612345678",
        "00 212 612 34 56 78",
        "212612345678",
        "٠٦١٢٣٤٥٦٧٨",
        "+٢١٢٦١٢٣٤٥٦٧٨",
        "۰۶۱۲۳۴۵۶۷۸",
        "٠٦12٣٤56٧٨",
        f"{LRE}+212612345678{PDF}",
        f"{RLM}06{ZWSP}12{NBSP}34 56 78{RLM}",
        "０６１２３４５６７８",
        "  0612345678\t",
    ],
)
def test_one_mobile_number_typed_in_many_ways(typed):
    assert parse_phone(typed) == "+212612345678"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        (f"{RLM} {LRE}", "empty"),
        ("zéro six", "not_digits"),
        ("06123456a8", "not_digits"),
        ("06+12345678", "not_digits"),
        ("061234567", "too_short"),
        ("1", "too_short"),
        ("06123456789", "too_long"),
        ("0" * 61, "too_long"),
        ("+33612345678", "foreign"),
        ("0033612345678", "foreign"),
        ("+34612345678", "foreign"),
        ("+999123456", "foreign"),
        ("0522123456", "not_mobile"),
        ("+212537123456", "not_mobile"),
        ("0800001234", "not_mobile"),
        ("0212345678", "invalid"),
    ],
)
def test_a_number_that_can_receive_no_code_is_refused(typed, code):
    with pytest.raises(InvalidNumber) as refused:
        parse_phone(typed)
    assert refused.value.code == code


@pytest.mark.parametrize("typed", ["0123456789", "0 123 456 789", "٠١٢٣٤٥٦٧٨٩", f"{RLM}0123-456-789"])
def test_an_identifier_typed_in_many_ways(typed):
    assert parse_identifier(typed).value == "0123456789"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", "empty"), ("012345678", "too_short"), ("01234567890", "too_long"), ("O123456789", "not_digits")],
)
def test_an_identifier_has_ten_digits(typed, code):
    with pytest.raises(InvalidNumber) as refused:
        parse_identifier(typed)
    assert refused.value.code == code


def test_known_check_digits():
    assert (check_digit("236"), check_digit("12345"), check_digit("142857")) == ("3", "1", "0")


def test_a_wrong_check_digit_is_told_and_not_refused():
    right = "012345678" + check_digit("012345678")
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    assert parse_identifier(right) == ParsedIdentifier(right, check_digit_ok=True)
    assert parse_identifier(wrong) == ParsedIdentifier(wrong, check_digit_ok=False)


def test_how_long_a_number_is_and_whether_it_has_a_check_digit_is_configuration():
    eight = IdentifierRules(8, CheckDigit.NONE)
    assert parse_identifier("0123 4567", eight) == ParsedIdentifier("01234567", check_digit_ok=True)
    with pytest.raises(InvalidNumber, match="too_long"):
        parse_identifier("0123456789", eight)
    read = read_rules(RULES | {"identifier": {"digits": 8, "check_digit": "none"}})
    assert read.identifier == eight
    assert read.cards[DocumentKind.NATIONAL_CARD].fullmatch("123")


@pytest.mark.parametrize(
    "written",
    [
        {"identifier": {}},
        {"identifier": {"digits": 10}},
        {"identifier": {"digits": "ten", "check_digit": "none"}},
        {"identifier": {"digits": 10, "check_digit": "luhn"}},
        {"identifier": {"digits": 19, "check_digit": "none"}},
        {"identifier": {"digits": 5, "check_digit": "none"}},
        {"telephone": {"region": "MA"}},
        {"cards": {"library_card": "[0-9]+"}},
        {"cards": {"national_card": "[0-9"}},
    ],
)
def test_rules_that_cannot_be_used_are_refused(written):
    with pytest.raises(BadRules):
        read_rules(RULES | written)


@given(st.text("0123456789", min_size=9, max_size=9), st.integers(0, 8), st.integers(1, 9))
def test_the_check_digit_sees_every_single_slip_and_neighbours_swapped(digits, place, step):
    right = digits + check_digit(digits)
    slipped = right[:place] + str((int(right[place]) + step) % 10) + right[place + 1 :]
    assert not parse_identifier(slipped).check_digit_ok
    swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert parse_identifier(swapped).check_digit_ok == (swapped == right)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ab 123456", "AB123456"),
        ("A-12345", "A12345"),
        ("ab١٢٣٤٥٦", "AB123456"),
        (f"{LRE}x123456y{PDF}", "X123456Y"),
    ],
)
def test_a_document_number_typed_in_many_ways(typed, kept):
    assert parse_document_number(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("ABCDEF", "invalid"),
        ("A1", "invalid"),
        ("A" * 12 + "1", "invalid"),
        ("АВ123456", "characters"),
        ("ب123456", "characters"),
        ("AB123456;", "characters"),
    ],
)
def test_no_document_number(typed, code):
    with pytest.raises(InvalidNumber) as refused:
        parse_document_number(typed)
    assert refused.value.code == code


@given(st.text(max_size=80))
def test_whatever_is_typed_is_parsed_or_refused(typed):
    for parse in (parse_phone, parse_identifier, parse_document_number):
        with suppress(InvalidNumber):
            assert parse(typed)
