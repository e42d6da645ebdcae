"""Members as the pages name them: in the letters of the page's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from identity.register import PersonName, names
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


def lines(members: Iterable[Member], lang: str) -> list[MemberLine]:
    return [line(member, lang) for member in members]
