"""Members as the pages name them: in the letters of the page's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.requests import PortalRequest
from identity.people import register
from identity.people.register import PersonName, names
from registry.facts import Relation
from registry.members import Member


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member of a list. An invited adult has no name here before accepting: the identifier stands for one."""

    member: Any
    name: PersonName | None

    @property
    def is_head(self) -> bool:
        return bool(self.member.relation is Relation.HEAD)


def line(member: Any, lang: str) -> MemberLine:
    """`member` is a member of the household now, or of a receipt."""
    return MemberLine(member, names(member.person, lang) if member.person else None)


async def names_to_show(
    request: PortalRequest, decisions: Iterable[Mapping[str, Any]], is_head: bool
) -> dict[int, Markup]:
    """The names of the people that decisions are about: all of them for the head, who declared, and for an officer
    (both say so by `is_head`); else one's own.
    """
    about = {
        person_id
        for decision in decisions
        for category in decision.get("categories", ())
        for person_id in _people_of(category)
    }
    shown = about if is_head else about & {request.signed_in.citizen_id}
    people = await register.people(request.db, sorted(shown)) if shown else {}
    return {key: _written(names(person, request.lang)) for key, person in people.items()}


def _people_of(category: Mapping[str, Any]) -> Iterable[int]:
    entitled = (person_id for each in category["entitled"] for person_id in each["people"])
    return (*entitled, *category["larger"], *(each["person_id"] for each in category["unmet"]))


def _written(name: PersonName) -> Markup:
    return Markup('<bdi lang="{}">{}</bdi>').format(name.language, name.full)


def lines(members: Iterable[Member], lang: str) -> list[MemberLine]:
    return [line(member, lang) for member in members]
