"""Values of facts as text: what a source says is kept in one spelling, so that two answers can be compared."""

from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from registry.facts import HouseholdFacts
from registry.versions import MEMBER_FACTS, MemberAnswers

ANY_COMMUNE = ""


# A register of millions says the same few values again and again.
@lru_cache(maxsize=4096)
def read_value(fact: str, text: str) -> Any:
    """The value of a fact by its name. Raises ValueError for what nobody could declare."""
    if fact in MEMBER_FACTS:
        return getattr(MemberAnswers.model_validate({fact: text}), fact)
    return getattr(HouseholdFacts.model_validate({"commune": ANY_COMMUNE, fact: text}), fact)


def write_value(value: Any) -> str:
    """The one spelling of a value; the same amount is always written alike."""
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(value.value)
        case Decimal():
            return format(value.normalize(), "f")
    return str(value)
