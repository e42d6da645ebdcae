"""From the claims of the service to a line of the register: names by script, dates as MOSIP writes them too."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from identity.openid.tokens import Claims
from identity.people.numbers import InvalidNumber, parse_identifier, parse_phone
from identity.people.partial_date import PartialDate
from identity.people.population import Line, LineName, Proof
from identity.people.tables import Gender

LONGEST_NAME: Final = 80
ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
BIRTH_DATE: Final = re.compile(r"(\d{4})(?:[-/](\d{2})(?:[-/](\d{2}))?)?", re.ASCII)
GENDERS: Final[Mapping[str, Gender]] = {
    **dict.fromkeys(("female", "f", "femme", "féminin", "feminin", "أنثى"), Gender.FEMALE),
    **dict.fromkeys(("male", "m", "homme", "masculin", "ذكر"), Gender.MALE),
}


def line_of_claims(claims: Claims, *, identifier_claim: str, proof: Proof) -> Line:
    """What cannot be read is as if it had not been said."""
    return Line(
        name=_name(claims),
        birth_date=_birth_date(claims.get("birthdate")),
        proof=proof,
        identifier=_identifier(claims.get(identifier_claim)),
        gender=next(
            (GENDERS[each.lower()] for each in _texts(claims, "gender") if each.lower() in GENDERS), None
        ),
        phone=_phone(claims),
    )


def _identifier(value: object) -> str | None:
    """eSignet gives the number that was used to sign in: a virtual one has other digits, and is not taken for it."""
    try:
        return parse_identifier(value).value if isinstance(value, str) else None
    except InvalidNumber:
        return None


def _phone(claims: Claims) -> str | None:
    """A number that the service itself calls unverified is none."""
    value = claims.get("phone_number")
    if not isinstance(value, str) or claims.get("phone_number_verified", True) not in (True, "true"):
        return None
    try:
        return parse_phone(value)
    except InvalidNumber:
        return None


def _birth_date(value: object) -> PartialDate | None:
    """1984-05-17, or 1984/05/17, or what is known of it; OpenID Connect writes an unknown year as 0000."""
    found = BIRTH_DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[1] == "0000":
        return None
    try:
        return PartialDate(
            int(found[1]), int(found[2]) if found[2] else None, int(found[3]) if found[3] else None
        )
    except ValueError:
        return None


def _name(claims: Claims) -> LineName:
    """A name that comes in one piece is kept in one piece: where the family name begins is not ours to guess."""
    return LineName(
        given_name_ar=_in_script(claims, "given_name", ARABIC) or _in_script(claims, "name", ARABIC),
        family_name_ar=_family(claims, ARABIC),
        given_name_latin=_in_script(claims, "given_name", LATIN) or _in_script(claims, "name", LATIN),
        family_name_latin=_family(claims, LATIN),
    )


def _family(claims: Claims, script: re.Pattern[str]) -> str:
    return _in_script(claims, "family_name", script) if _in_script(claims, "given_name", script) else ""


def _in_script(claims: Claims, name: str, script: re.Pattern[str]) -> str:
    cleaned = (_clean(each) for each in _texts(claims, name))
    return next((each for each in cleaned if script.search(each)), "")


def _texts(claims: Claims, name: str) -> Iterator[str]:
    """The claim, and the same claim in any language (`given_name#ar`)."""
    for key, value in claims.items():
        if isinstance(value, str) and key.partition("#")[0] == name:
            yield value


def _clean(value: str) -> str:
    """Nothing that reorders or hides what stands beside it reaches a page."""
    kept = (each for each in unicodedata.normalize("NFC", value) if unicodedata.category(each)[0] != "C")
    return " ".join("".join(kept).split())[:LONGEST_NAME]
