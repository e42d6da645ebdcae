"""Numbers as people type them: generous in what is taken, one spelling in what is kept.

Digits of any script, spaces, dots, hyphens, brackets and invisible marks are taken. `InvalidNumber.code` says what is
wrong: `empty`, `not_digits`, `too_short`, `too_long`, `foreign`, `not_mobile`, `characters` or `invalid`.
"""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from identity.people.number_rules import ANY_NUMBER, IdentifierRules, TelephoneRules, number_rules
from identity.people.tables import DocumentKind

LONGEST_INPUT = 60
PUNCTUATION = frozenset(" -‐‑‒–—−./()_")


class InvalidNumber(Exception):
    """What was typed is no such number; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class ParsedIdentifier:
    """A wrong check digit is a reason to ask the reader to look again, never to refuse: the rule is not confirmed."""

    value: str
    check_digit_ok: bool


def plain(typed: str) -> str:
    """Without spaces, punctuation and invisible marks, digits of any script as 0-9, letters in capitals."""
    if len(typed) > LONGEST_INPUT:
        raise InvalidNumber("too_long")
    kept = "".join(_plain_character(character) for character in unicodedata.normalize("NFKC", typed)).upper()
    if not kept:
        raise InvalidNumber("empty")
    return kept


def _plain_character(character: str) -> str:
    if character in PUNCTUATION or unicodedata.category(character) in ("Cf", "Cc", "Zs", "Zl", "Zp"):
        return ""
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def parse_identifier(typed: str, rules: IdentifierRules | None = None) -> ParsedIdentifier:
    """By the rules of the country in use, where none are given."""
    rules = rules or number_rules().identifier
    value = _exactly_digits(typed, rules.digits)
    return ParsedIdentifier(value, check_digit_ok=rules.fits(value))


def _exactly_digits(typed: str, wanted: int) -> str:
    value = plain(typed)
    if not (value.isascii() and value.isdigit()):
        raise InvalidNumber("not_digits")
    if len(value) != wanted:
        raise InvalidNumber("too_short" if len(value) < wanted else "too_long")
    return value


def parse_document_number(typed: str, kind: DocumentKind | None = None) -> str:
    """The number of a card as the country in use prints it; of any other paper, Latin letters and digits."""
    value = plain(typed)
    if not (value.isascii() and value.isalnum()):
        raise InvalidNumber("characters")
    looks_like = number_rules().cards.get(kind, ANY_NUMBER) if kind else ANY_NUMBER
    if not looks_like.fullmatch(value):
        raise InvalidNumber("invalid")
    return value


def parse_phone(typed: str) -> str:
    """A mobile number of the country in use as E.164 (`+212612345678`); codes are sent to nothing else."""
    rules = number_rules().telephone
    value = plain(typed)
    international = "+" + value[2:] if value.startswith("00") else value
    if not re.fullmatch(r"\+?[0-9]+", international):
        raise InvalidNumber("not_digits")
    try:
        number = phonenumbers.parse(international, rules.region)
    except phonenumbers.NumberParseException as refused:
        raise InvalidNumber(_PHONE_REFUSALS.get(refused.error_type, "invalid")) from refused
    return _mobile(number, rules)


_PHONE_REFUSALS = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "foreign",
    phonenumbers.NumberParseException.NOT_A_NUMBER: "too_short",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "too_short",
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    phonenumbers.NumberParseException.TOO_LONG: "too_long",
}


def _mobile(number: phonenumbers.PhoneNumber, rules: TelephoneRules) -> str:
    if number.country_code != rules.country_code:
        raise InvalidNumber("foreign")
    digits = len(str(number.national_number))
    if digits != rules.national_digits:
        raise InvalidNumber("too_short" if digits < rules.national_digits else "too_long")
    # The plan of +212 also holds Western Sahara, so the region is not asked: the country code is.
    if not phonenumbers.is_valid_number(number):
        raise InvalidNumber("invalid")
    if phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
        raise InvalidNumber("not_mobile")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
