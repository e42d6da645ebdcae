"""The kinds of answers: generous in what they take, strict in what they keep, and silent about words."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, TypeVar

from litestar.datastructures import UploadFile
from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from app.i18n.locales import LOCALES
from identity.entering.recovery import parse_recovery_code
from identity.people.names import InvalidName, NameScript, parse_name
from identity.people.number_rules import cards, document_kinds
from identity.people.numbers import InvalidNumber, parse_document_number, parse_identifier, parse_phone
from identity.people.partial_date import PartialDate
from identity.people.tables import DocumentKind
from identity.proofs.guards import LONG, SHORT

Number = TypeVar("Number", int, Decimal)
Choice = TypeVar("Choice", bound=Enum)
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
# Marks that a keyboard or a messaging application leaves at the edges of a pasted number.
INVISIBLE = dict.fromkeys(
    map(ord, "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff\u200b\u061c")
)
SPACES = dict.fromkeys(map(ord, " \u00a0\u202f\u2009-."))
# Shadda, vowel and small alif stand on one letter of Arabic; a flood of marks covers the lines around it.
MOST_MARKS = 4
MARKS = r"\u0300-\u036f\u0483-\u0489\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
FLOOD = re.compile(f"[{MARKS}]{{{MOST_MARKS + 1}}}")
# What stands for bytes that are no text.
DAMAGED = "\ufffd"
AMOUNT = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)")
SPACES_ALONE = dict.fromkeys(map(ord, " \u00a0\u202f\u2009"))


def refused(code: str, **values: Any) -> PydanticCustomError:
    """An error of one of our kinds of answers: pydantic carries the code, `forms/errors.py` has the words."""
    return PydanticCustomError(code, "refused", values)


def latin_digits(value: str) -> str:
    """The answer with western digits and without invisible marks."""
    return value.translate(DIGITS).translate(INVISIBLE).strip()


def _one_text(value: Any) -> str:
    if isinstance(value, list):
        raise refused("answered_twice")
    if not isinstance(value, str):
        raise refused("invalid")
    return value


def _clean_text(value: Any) -> str:
    """NFC text without control or direction characters: a name must never reorder what stands beside it."""
    text = unicodedata.normalize("NFC", _one_text(value)).replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        category = unicodedata.category(character)
        if character not in "\n\u200c\u200d" and category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            raise refused("hidden_characters")
    if DAMAGED in text or FLOOD.search(text):
        raise refused("hidden_characters")
    return text.strip()


def _number(value: Any) -> str:
    return latin_digits(_one_text(value)).translate(SPACES)


def text(longest: int, shortest: int = 1) -> Any:
    """Free text of the citizen's."""
    return Annotated[
        str, StringConstraints(min_length=shortest, max_length=longest), BeforeValidator(_clean_text)
    ]


def whole_number(least: int, most: int) -> Any:
    def parse(value: Any) -> int:
        # Signs and decimal marks stay: 1.5 is no whole number, and must not be read as 15.
        digits = latin_digits(_one_text(value)).translate(SPACES_ALONE)
        if not digits.removeprefix("-").isdecimal() or len(digits) > 12:
            raise refused("not_a_number")
        return _between(int(digits), least, most)

    return Annotated[int, BeforeValidator(parse)]


def money(most: int = 20_000) -> Any:
    """An amount in MAD with at most two decimals; a comma or a full stop marks them."""

    def parse(value: Any) -> Decimal:
        digits = (
            latin_digits(_one_text(value)).translate(SPACES_ALONE).replace("\u066b", ",").replace(",", ".")
        )
        if not AMOUNT.fullmatch(digits) or len(digits) > 15:
            raise refused("not_a_number")
        # Three digits after the mark are more likely a thousand: 1,500 must not be read as one and a half.
        if len(digits.partition(".")[2]) > 2:
            raise refused("too_many_decimals")
        return _between(Decimal(digits), 0, most)

    return Annotated[Decimal, BeforeValidator(parse)]


def _between(number: Number, least: int, most: int) -> Number:
    if number < least:
        raise refused("too_small", least=least)
    if number > most:
        raise refused("too_large", most=most)
    return number


def _written_day(value: Any) -> dt.date:
    """A whole date in one line, the day first: 31/12/2027, 31 12 2027; or as machines write it, 2027-12-31."""
    parts = [part for part in re.split(r"[^0-9]+", latin_digits(_one_text(value))) if part]
    if len(parts) != 3:
        raise refused("not_a_date")
    day, month, year = reversed(parts) if len(parts[0]) == 4 else parts
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        raise refused("no_such_date") from None


def _yes_or_no(value: Any) -> bool:
    match _one_text(value):
        case "yes":
            return True
        case "no":
            return False
    raise refused("enum")


def _parsed(parse: Any) -> BeforeValidator:
    def run(value: Any) -> Any:
        try:
            return parse(_one_text(value))
        except (InvalidNumber, InvalidName) as error:
            raise refused(error.code) from None

    return BeforeValidator(run)


def _code(value: Any) -> str:
    digits = _number(value)
    if not digits.isdecimal() or not digits.isascii():
        raise refused("not_a_number")
    if len(digits) != 6:
        raise refused("not_six_digits")
    return digits


def _sent_code(value: Any) -> str:
    """Of six digits or eight: which of them was sent, the page of the code knows."""
    digits = _number(value)
    if not digits.isdecimal() or not digits.isascii():
        raise refused("not_a_number")
    if len(digits) not in (SHORT, LONG):
        raise refused("not_the_digits")
    return digits


def _email(value: Any) -> str:
    address = _clean_text(value).translate(INVISIBLE)
    name, at, domain = address.rpartition("@")
    fine = at and name and "." in domain and not any(c.isspace() or c in ',;<>()"' for c in address)
    if not fine or len(address) > 254 or domain.startswith(".") or domain.endswith("."):
        raise refused("not_an_email")
    return f"{name}@{domain.lower()}"


def _language(value: Any) -> str:
    code = _one_text(value)
    if code not in LOCALES:
        raise refused("enum")
    return code


def _password(value: Any) -> str:
    return unicodedata.normalize("NFC", _one_text(value))


def one_of(offered: Callable[[], tuple[Choice, ...]]) -> Any:
    """One of the choices that the country in use offers."""

    def check(choice: Choice) -> Choice:
        if choice not in offered():
            raise refused("enum")
        return choice

    return AfterValidator(check)


def document_number(kind: Callable[[Mapping[str, Any]], DocumentKind | None]) -> Any:
    """The number of a paper. `kind` finds which paper it is among the answers that stand before it."""

    def run(value: Any, info: ValidationInfo) -> str:
        try:
            return parse_document_number(_one_text(value), kind(info.data))
        except InvalidNumber as error:
            raise refused(error.code) from None

    return Annotated[str, BeforeValidator(run)]


def _upload(value: Any) -> UploadFile:
    if not isinstance(value, UploadFile):
        raise refused("invalid")
    return value


Upload = Annotated[Any, BeforeValidator(_upload)]
WrittenDay = Annotated[dt.date, BeforeValidator(_written_day)]
YesNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Identifier = Annotated[str, _parsed(lambda value: parse_identifier(value).value)]
Phone = Annotated[str, _parsed(parse_phone)]
Card = Annotated[DocumentKind, one_of(cards)]
Document = Annotated[DocumentKind, one_of(document_kinds)]
DocumentNumber = document_number(lambda answers: answers.get("document_kind"))
ArabicName = Annotated[str, _parsed(lambda value: parse_name(value, NameScript.ARABIC))]
LatinName = Annotated[str, _parsed(lambda value: parse_name(value, NameScript.LATIN))]
RecoveryCode = Annotated[str, _parsed(parse_recovery_code)]
OneTimeCode = Annotated[str, BeforeValidator(_code)]
SentCode = Annotated[str, BeforeValidator(_sent_code)]
Email = Annotated[str, BeforeValidator(_email)]
Language = Annotated[str, BeforeValidator(_language)]
Password = Annotated[
    str, BeforeValidator(_password), StringConstraints(max_length=128, strip_whitespace=False)
]


def birth_date(year: Any, info: ValidationInfo) -> int:
    """The year that ends three fields `…_day`, `…_month`, `…_year`: together they must be a date on the calendar.

    Declared on the form's model as `_date = field_validator("birth_date_year")(birth_date)`.
    """
    prefix = str(info.field_name).removesuffix("_year")
    names = (f"{prefix}_month", f"{prefix}_day")
    if any(name not in info.data for name in names):
        return int(year)
    month, day = (info.data[name] for name in names)
    if day and not month:
        raise refused("day_without_month", field=names[0])
    try:
        PartialDate(year, month, day)
    except ValueError:
        raise refused("no_such_date", field=names[1]) from None
    return int(year)


BirthDay = whole_number(1, 31)
BirthMonth = whole_number(1, 12)
BirthYear = whole_number(1900, 2100)
