"""Versions of the facts: written once, read back as they were, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor
from identity.tables import ActorKind
from notifications.references import new_reference
from registry.facts import (
    BirthPrecision,
    CardRate,
    Declared,
    Diploma,
    Education,
    Facts,
    HealthCover,
    HouseholdFacts,
    MemberFacts,
    Occupation,
    Relation,
    Schooling,
)
from registry.tables import Declaration, DeclaredMember, Household, Membership, Origin


class MemberAnswers(Declared):
    """What is declared of a member, apart from what the register and the household's list know."""

    schooling: Schooling | None = None
    education: Education | None = None
    diploma: Diploma | None = None
    literate: bool | None = None
    active: bool | None = None
    occupation: Occupation | None = None
    health_cover: HealthCover | None = None
    national: bool | None = None
    income: bool | None = None
    spouse_income: bool | None = None
    unable_to_work: bool | None = None
    lives_alone: bool | None = None
    woman_head_of_family: bool | None = None
    in_institution: bool | None = None
    chronic_illness: bool | None = None
    special_needs_card: bool | None = None
    card_rate: CardRate | None = None
    card_expires_on: date | None = None


MEMBER_FACTS = tuple(MemberAnswers.model_fields)
HOUSEHOLD_FACTS = tuple(HouseholdFacts.model_fields)


@dataclass(frozen=True)
class VersionMember:
    """A member in a version. An awaited adult has no person and no birth date yet."""

    membership_id: int
    relation: Relation
    answers: MemberAnswers
    person_id: int | None = None
    birth_date: date | None = None
    birth_precision: BirthPrecision | None = None

    @property
    def awaited(self) -> bool:
        return self.person_id is None

    def facts(self) -> MemberFacts:
        """The member as the rules count one. Not for an awaited member."""
        return MemberFacts.model_validate(
            self.answers.model_dump()
            | {
                "person_id": self.person_id,
                "relation": self.relation,
                "birth_date": self.birth_date,
                "birth_precision": self.birth_precision,
            }
        )


@dataclass(frozen=True)
class Version:
    """A version of the facts with all its members, the awaited ones too."""

    declaration: Declaration
    household: HouseholdFacts
    members: tuple[VersionMember, ...]

    def facts(self) -> Facts:
        """What counts: the awaited members do not."""
        return Facts(
            household=self.household,
            members=tuple(member.facts() for member in self.members if not member.awaited),
            declared_on=self.declaration.facts_on,
        )


async def write_version(
    session: AsyncSession,
    *,
    household: Household,
    origin: Origin,
    facts: HouseholdFacts,
    members: Sequence[VersionMember],
    facts_on: date,
    declared_by: int,
    language: str,
    actor: Actor,
    now: datetime,
) -> Version:
    """Add the next version of a locked household's facts and make it the current one."""
    latest = await session.scalar(
        select(func.max(Declaration.number)).where(Declaration.household_id == household.id)
    )
    declaration = Declaration(
        reference=new_reference("D"),
        household_id=household.id,
        number=(latest or 0) + 1,
        origin=origin,
        declared_by=declared_by,
        staff_id=actor.id if actor.kind is ActorKind.STAFF else None,
        visit_id=actor.visit_id,
        language=language,
        declared_at=now,
        facts_on=facts_on,
        complete=not any(member.awaited for member in members),
        **facts.model_dump(),
    )
    session.add(declaration)
    await session.flush()
    session.add_all(_declared_member(declaration.id, member) for member in members)
    household.current_declaration_id = declaration.id
    session.add(household)
    await session.flush()
    return Version(declaration, facts, tuple(members))


def _declared_member(declaration_id: int, member: VersionMember) -> DeclaredMember:
    return DeclaredMember(
        declaration_id=declaration_id,
        membership_id=member.membership_id,
        person_id=member.person_id,
        awaiting=member.awaited,
        relation=member.relation,
        birth_date=member.birth_date,
        birth_precision=member.birth_precision,
        **member.answers.model_dump(),
    )


async def read_version(session: AsyncSession, *, declaration_id: int) -> Version:
    declaration = await session.get_one(Declaration, declaration_id)
    rows = await session.exec(
        select(DeclaredMember)
        .where(DeclaredMember.declaration_id == declaration_id)
        .order_by(col(DeclaredMember.id))
    )
    return Version(declaration, _household_facts(declaration), tuple(_version_member(row) for row in rows))


async def read_versions(session: AsyncSession, *, declaration_ids: Sequence[int]) -> dict[int, Version]:
    """Many versions by their declarations' ids, in two queries."""
    declarations = await session.exec(
        select(Declaration).where(col(Declaration.id).in_(declaration_ids)).order_by(col(Declaration.id))
    )
    members: dict[int, list[VersionMember]] = {each: [] for each in declaration_ids}
    rows = await session.exec(
        select(DeclaredMember)
        .where(col(DeclaredMember.declaration_id).in_(declaration_ids))
        .order_by(col(DeclaredMember.id))
    )
    for row in rows:
        members[row.declaration_id].append(_version_member(row))
    return {each.id: Version(each, _household_facts(each), tuple(members[each.id])) for each in declarations}


def _household_facts(declaration: Declaration) -> HouseholdFacts:
    return HouseholdFacts.model_validate({fact: getattr(declaration, fact) for fact in HOUSEHOLD_FACTS})


def _version_member(row: DeclaredMember) -> VersionMember:
    return VersionMember(
        membership_id=row.membership_id,
        relation=Relation(row.relation),
        answers=MemberAnswers.model_validate({fact: getattr(row, fact) for fact in MEMBER_FACTS}),
        person_id=row.person_id,
        birth_date=row.birth_date,
        birth_precision=BirthPrecision(row.birth_precision) if row.birth_precision else None,
    )


async def membership_ids(session: AsyncSession, version: Version) -> dict[str, int]:
    """The memberships of a version by reference, which is how a fact of a member is named."""
    wanted = [member.membership_id for member in version.members]
    rows = await session.exec(
        select(Membership.reference, Membership.id).where(col(Membership.id).in_(wanted))
    )
    return dict(rows.all())
