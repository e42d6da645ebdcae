"""Declarations: sent once, waited for where an adult is invited, counted when everybody has answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor, record
from notifications.messages import Template
from registry.acts import Act, acting
from registry.announcements import tell
from registry.dates import local_date
from registry.declarations.drafts import discard_draft
from registry.errors import Refused
from registry.facts import Facts, HouseholdFacts, IncompleteFacts, MemberFacts
from registry.geography import atlas
from registry.households import open_household
from registry.indexes import compute_index
from registry.members import Member, list_members, members_to_declare
from registry.rules.index_models import model_in_use
from registry.rules.variables import missing_facts, only_asked, questions, unanswered
from registry.tables import IndexReason, Origin
from registry.versions import MEMBER_FACTS, MemberAnswers, Version, VersionMember, write_version


class NothingToSend(Refused):
    """The draft was sent already, or changed since it was read. Of two parallel sends one gets this."""

    code = "nothing_to_send"


class MembersChanged(Refused):
    """The members declared are not those of the household any more: somebody answered, came or went meanwhile."""

    code = "members_changed"


class AwaitedIncomplete(Refused):
    """Something that a rule needs was not answered for an invited adult; `reference` is the membership's."""

    code = "awaited_incomplete"

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


@dataclass(frozen=True)
class Prepared:
    """What a draft amounts to: the facts that count now, and what was answered for the adults still invited."""

    facts: Facts
    awaited: Mapping[str, MemberAnswers] = field(default_factory=dict)


def facts_to_ask(member: Member, *, commune: str, on: date) -> tuple[str, ...]:
    """The facts asked of a member. Of an invited adult only the birth year is known: of both possible ages."""
    asked = questions(atlas().commune(commune).zone, model_in_use(on))
    facts = {fact for age in member.possible_ages(on) for fact in asked.of_member(member.relation, age)}
    return tuple(fact for fact in MEMBER_FACTS if fact in facts)


async def prepare(
    session: AsyncSession,
    *,
    person_id: int,
    household: HouseholdFacts,
    members: Mapping[str, MemberAnswers],
    now: datetime,
) -> Prepared:
    """Join the answers of a draft with what the register knows of the members.

    `members` is by `Member.key`; whoever is missing in it has answered nothing, and keys of nobody are ignored.
    Answers that no rule uses are left out. Raises NotHead.
    """
    today = local_date(now)
    listed = await members_to_declare(session, person_id=person_id, now=now)
    facts = Facts(
        household=household,
        members=tuple(
            _facts_of(member, members.get(member.key, MemberAnswers())) for member in listed if member.person
        ),
        declared_on=today,
    )
    awaited = {
        member.reference: _only_asked_of(member, members.get(member.key, MemberAnswers()), household, today)
        for member in listed
        if member.awaited
    }
    return Prepared(only_asked(facts, model_in_use(today)), awaited)


def _facts_of(member: Member, answers: MemberAnswers) -> MemberFacts:
    person = member.person
    assert person is not None
    return MemberFacts(
        person_id=person.person_id,
        relation=member.relation,
        birth_date=person.birth_date,
        birth_precision=person.birth_precision,
        **answers.model_dump(),
    )


def _only_asked_of(
    member: Member, answers: MemberAnswers, household: HouseholdFacts, today: date
) -> MemberAnswers:
    asked = facts_to_ask(member, commune=household.commune, on=today)
    return answers.model_copy(update=dict.fromkeys(set(MEMBER_FACTS) - set(asked)))


async def send_declaration(
    session: AsyncSession,
    *,
    person_id: int,
    facts: Facts,
    language: str,
    now: datetime,
    awaited: Mapping[str, MemberAnswers] | None = None,
    draft_version: int | None = None,
    actor: Actor | None = None,
) -> Version:
    """Send what `prepare` joined: a numbered version that is never changed. Its index is computed at once, or when
    the last invited adult has answered.

    `draft_version` is the version of the draft that was shown, which is used up; None sends without a draft. Raises
    NothingToSend, NotHead, MembersChanged, IncompleteFacts, AwaitedIncomplete.
    """
    if (
        not await discard_draft(session, person_id=person_id, version=draft_version)
        and draft_version is not None
    ):
        raise NothingToSend
    by = acting(actor, person_id)
    household = await open_household(session, person_id=person_id, now=now, actor=actor)
    listed = await list_members(session, household_id=household.id, now=now)
    members = _matched(listed, facts, awaited or {})
    _check_complete(listed, facts, awaited or {})
    version = await write_version(
        session,
        household=household,
        origin=Origin.CITIZEN,
        facts=facts.household,
        members=members,
        facts_on=facts.declared_on,
        declared_by=person_id,
        language=language,
        actor=by,
        now=now,
    )
    await _acknowledge(session, version, by, now)
    if version.declaration.complete:
        reason = IndexReason.DECLARATION if household.current_index_id else IndexReason.FIRST
        await compute_index(session, household=household, version=version, reason=reason, now=now)
    return version


def _matched(
    listed: tuple[Member, ...], facts: Facts, awaited: Mapping[str, MemberAnswers]
) -> list[VersionMember]:
    """The declared members beside their places in the household; relation and birth date are the register's."""
    declared = {member.person_id: member for member in facts.members}
    members = [_version_member(member, declared, awaited) for member in listed]
    if len(members) != len(declared) + len(awaited):
        raise MembersChanged
    return members


def _version_member(
    member: Member, declared: Mapping[int, MemberFacts], awaited: Mapping[str, MemberAnswers]
) -> VersionMember:
    if member.person is None:
        if member.reference not in awaited:
            raise MembersChanged
        return VersionMember(member.membership_id, member.relation, awaited[member.reference])
    said = declared.get(member.person.person_id)
    if said is None or said != _facts_of(member, _answers(said)):
        raise MembersChanged
    return VersionMember(
        member.membership_id,
        member.relation,
        _answers(said),
        said.person_id,
        said.birth_date,
        said.birth_precision,
    )


def _answers(member: MemberFacts) -> MemberAnswers:
    return MemberAnswers.model_validate({fact: getattr(member, fact) for fact in MEMBER_FACTS})


def _check_complete(listed: tuple[Member, ...], facts: Facts, awaited: Mapping[str, MemberAnswers]) -> None:
    missing = missing_facts(facts, model_in_use(facts.declared_on))
    if missing:
        raise IncompleteFacts(missing)
    for member in listed:
        if member.awaited:
            asked = facts_to_ask(member, commune=facts.household.commune, on=facts.declared_on)
            if unanswered(asked, awaited[member.reference]):
                raise AwaitedIncomplete(member.reference)


async def _acknowledge(session: AsyncSession, version: Version, by: Actor, now: datetime) -> None:
    declaration = version.declaration
    await record(
        session,
        actor=by,
        action=Act.DECLARATION_SENT,
        person_id=declaration.declared_by,
        household_id=declaration.household_id,
        reference=declaration.reference,
        details={"number": declaration.number, "complete": declaration.complete},
        now=now,
    )
    await tell(
        session,
        person_id=declaration.declared_by,
        template=Template.DECLARATION_RECEIVED,
        values={"reference": declaration.reference, "date": local_date(now)},
        link=f"/household/declaration/receipts/{declaration.reference}",
        now=now,
    )
