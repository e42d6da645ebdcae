"""Naming a fact, and correcting one: `rooms` is the household's, `M-7K2M9QXZ.diploma` is a member's."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.dates import local_date
from registry.errors import Refused
from registry.facts import HouseholdFacts
from registry.rules.index_models import model_in_use
from registry.rules.variables import only_asked
from registry.tables import Household
from registry.versions import (
    HOUSEHOLD_FACTS,
    MEMBER_FACTS,
    MemberAnswers,
    Version,
    VersionMember,
    membership_ids,
    read_version,
)


class InvalidCorrection(Refused):
    """There is no such fact in this version, or the value is not one of its values. `fact` is the one given."""

    code = "invalid_correction"

    def __init__(self, fact: str) -> None:
        super().__init__(fact)
        self.fact = fact


class NothingChanged(Refused):
    """The facts given are the facts on file."""

    code = "nothing_changed"


def is_fact(name: str) -> bool:
    """Whether `name` is that of a fact that can be declared; the member of it may still be unknown."""
    member, _, fact = name.rpartition(".")
    return fact in MEMBER_FACTS if member else fact in HOUSEHOLD_FACTS


def corrected(
    version: Version, changed: Mapping[str, Any], membership_ids: Mapping[str, int]
) -> tuple[HouseholdFacts, tuple[VersionMember, ...]]:
    """The facts of a version with those of `changed` in their place; `membership_ids` by reference.

    Raises InvalidCorrection, NothingChanged.
    """
    for name in changed:
        member = name.rpartition(".")[0]
        if not is_fact(name) or (member and member not in membership_ids):
            raise InvalidCorrection(name)
    household = _corrected_household(version.household, changed)
    members = tuple(_corrected_member(member, changed, membership_ids) for member in version.members)
    if household == version.household and members == version.members:
        raise NothingChanged
    return household, members


def _corrected_household(household: HouseholdFacts, changed: Mapping[str, Any]) -> HouseholdFacts:
    own = {name: value for name, value in changed.items() if "." not in name}
    try:
        return HouseholdFacts.model_validate(household.model_dump() | own)
    except ValidationError as error:
        raise InvalidCorrection(str(error.errors()[0]["loc"][0])) from error


def _corrected_member(
    member: VersionMember, changed: Mapping[str, Any], membership_ids: Mapping[str, int]
) -> VersionMember:
    own = {
        fact: value
        for reference, _, fact, value in ((*name.rpartition("."), value) for name, value in changed.items())
        if reference and membership_ids[reference] == member.membership_id
    }
    if not own:
        return member
    try:
        answers = MemberAnswers.model_validate(member.answers.model_dump() | own)
    except ValidationError as error:
        reference = next(name for name, key in membership_ids.items() if key == member.membership_id)
        raise InvalidCorrection(f"{reference}.{error.errors()[0]['loc'][0]}") from error
    return replace(member, answers=answers)


async def corrected_version(
    session: AsyncSession, household: Household, changed: Mapping[str, Any], now: datetime
) -> Version:
    """The current version as it would be with `changed`, without what is no longer asked. Nothing is written.

    Raises InvalidCorrection, NothingChanged.
    """
    assert household.current_declaration_id is not None
    current = await read_version(session, declaration_id=household.current_declaration_id)
    facts, members = corrected(current, changed, await membership_ids(session, current))
    asked = only_asked(Version(current.declaration, facts, members).facts(), model_in_use(local_date(now)))
    answers = {
        member.person_id: MemberAnswers.model_validate({fact: getattr(member, fact) for fact in MEMBER_FACTS})
        for member in asked.members
    }
    return Version(
        current.declaration,
        asked.household,
        tuple(_with(member, answers.get(member.person_id or 0)) for member in members),
    )


def _with(member: VersionMember, answers: MemberAnswers | None) -> VersionMember:
    return replace(member, answers=answers) if answers else member
