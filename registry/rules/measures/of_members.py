"""Measures of who lives in the household. A share is over all members, also where only some ages are counted."""

from fractions import Fraction
from typing import Literal, Self

from pydantic import model_validator

from registry.facts import Facts, MemberFacts, Relation
from registry.rules.measures.base import (
    MEMBERS,
    Ages,
    Answers,
    MemberQuestion,
    Variable,
    require_answers,
    require_field,
    within,
)
from registry.rules.measures.sql import (
    IS_HEAD,
    SIZE,
    HouseholdSql,
    SqlCount,
    SqlFlag,
    SqlQuotient,
    SqlValue,
    is_one_of,
)


class Size(Variable):
    rule: Literal["size"]
    kind: Literal["count"]

    def value(self, facts: Facts) -> int:
        return facts.size

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlCount(SIZE)

    def facts(self) -> tuple[str, ...]:
        return (MEMBERS,)


class SizeSquared(Variable):
    rule: Literal["size_squared"]
    kind: Literal["count_squared"]

    def value(self, facts: Facts) -> int:
        return facts.size**2

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlCount(f"{SIZE} * {SIZE}")

    def facts(self) -> tuple[str, ...]:
        return (MEMBERS,)


class HeadAge(Variable):
    rule: Literal["head_age"]
    kind: Literal["years"]

    def value(self, facts: Facts) -> int:
        return facts.age(facts.head)

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlCount(household.head_age())

    def facts(self) -> tuple[str, ...]:
        return ("birth_date",)


class HeadAgeSquared(Variable):
    rule: Literal["head_age_squared"]
    kind: Literal["years_squared"]

    def value(self, facts: Facts) -> int:
        return facts.age(facts.head) ** 2

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlCount(f"{household.head_age()} * {household.head_age()}")

    def facts(self) -> tuple[str, ...]:
        return ("birth_date",)


class AloneOrChildlessCouple(Variable):
    rule: Literal["alone_or_childless_couple"]
    kind: Literal["flag"]

    def value(self, facts: Facts) -> int:
        others = [member.relation for member in facts.members if member.relation is not Relation.HEAD]
        return int(others in ([], [Relation.SPOUSE]))

    def sql(self, household: HouseholdSql) -> SqlValue:
        spouses = household.members_who(is_one_of("member.relation", [Relation.SPOUSE]))
        return SqlFlag(f"{SIZE} = 1 OR ({SIZE} = 2 AND {spouses} = 1)")

    def facts(self) -> tuple[str, ...]:
        return (MEMBERS, "relation")


class MembersAged(Variable):
    rule: Literal["members_aged"]
    kind: Literal["count"]
    ages: Ages

    def value(self, facts: Facts) -> int:
        return sum(within(self.ages, facts.age(member)) for member in facts.members)

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlCount(household.members_who(*household.aged(*self.ages)))

    def facts(self) -> tuple[str, ...]:
        return ("birth_date", MEMBERS)


class OfMembers(Variable):
    """Looks for some answers to one fact of the members."""

    fact: str
    answers: Answers

    @model_validator(mode="after")
    def _answers_exist(self) -> Self:
        require_field(MemberFacts, self.fact)
        require_answers(MemberFacts, self.fact, self.answers)
        return self

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def is_met_by(self, member: MemberFacts) -> bool:
        return getattr(member, self.fact) in self.answers

    def sql_is_met(self) -> str:
        return is_one_of(f"member.{self.fact}", self.answers)


class HeadIs(OfMembers):
    rule: Literal["head_is"]
    kind: Literal["flag"]

    def value(self, facts: Facts) -> int:
        return int(self.is_met_by(facts.head))

    def sql(self, household: HouseholdSql) -> SqlValue:
        if all(isinstance(answer, bool) for answer in self.answers):
            return SqlFlag(f"{household.members_who(IS_HEAD, self.sql_is_met())} > 0")
        return SqlFlag(is_one_of(household.fact_of_head(self.fact), self.answers))

    def member_question(self) -> MemberQuestion:
        return MemberQuestion(self.fact, relations=frozenset({Relation.HEAD}))


class AnyMemberIs(OfMembers):
    rule: Literal["any_member_is"]
    kind: Literal["flag"]

    def value(self, facts: Facts) -> int:
        return int(any(self.is_met_by(member) for member in facts.members))

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlFlag(f"{household.members_who(self.sql_is_met())} > 0")

    def member_question(self) -> MemberQuestion:
        return MemberQuestion(self.fact)


class MembersWho(OfMembers):
    rule: Literal["members_who"]
    kind: Literal["count"]
    ages: Ages

    def value(self, facts: Facts) -> int:
        return sum(
            within(self.ages, facts.age(member)) and self.is_met_by(member) for member in facts.members
        )

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlCount(household.members_who(*household.aged(*self.ages), self.sql_is_met()))

    def member_question(self) -> MemberQuestion:
        return MemberQuestion(self.fact, self.ages)


class ShareOfMembers(OfMembers):
    rule: Literal["share_of_members"]
    kind: Literal["share"]
    ages: Ages

    def value(self, facts: Facts) -> Fraction:
        met = sum(within(self.ages, facts.age(member)) and self.is_met_by(member) for member in facts.members)
        return Fraction(met, facts.size)

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlQuotient(household.members_who(*household.aged(*self.ages), self.sql_is_met()), SIZE)

    def facts(self) -> tuple[str, ...]:
        return (self.fact, MEMBERS)

    def member_question(self) -> MemberQuestion:
        return MemberQuestion(self.fact, self.ages)
