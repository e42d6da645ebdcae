"""The measures that an index model is made of: how each variable is taken from the facts.

A model file lists variables; each names one of these rules with its parameters. Ages are completed years on the day
of the declaration, both ends included.
"""

from typing import Annotated

from pydantic import Field

from registry.rules.measures.base import Ages, ExactText, MemberQuestion, Variable, within
from registry.rules.measures.of_household import (
    AtLeastOne,
    HouseholdIs,
    NumberOf,
    PersonsPerRoom,
    YearlyPerHead,
)
from registry.rules.measures.of_members import (
    AloneOrChildlessCouple,
    AnyMemberIs,
    HeadAge,
    HeadAgeSquared,
    HeadIs,
    MembersAged,
    MembersWho,
    ShareOfMembers,
    Size,
    SizeSquared,
)

__all__ = ["Ages", "AnyVariable", "ExactText", "MemberQuestion", "Variable", "within"]

AnyVariable = Annotated[
    Size
    | SizeSquared
    | HeadAge
    | HeadAgeSquared
    | AloneOrChildlessCouple
    | PersonsPerRoom
    | HouseholdIs
    | AtLeastOne
    | NumberOf
    | YearlyPerHead
    | HeadIs
    | AnyMemberIs
    | MembersWho
    | ShareOfMembers
    | MembersAged,
    Field(discriminator="rule"),
]
