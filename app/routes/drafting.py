"""The declaration that somebody is writing: read for a page, and kept after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.forms.base import A, Form
from app.forms.declaration import facts_of, typed_facts
from app.forms.journey import DraftAnswers, Journey, Typed, stamp
from app.kept_answers import restored
from app.requests import PortalRequest
from registry.dates import local_date
from registry.declarations.drafts import find_draft, save_draft
from registry.declarations.sending import Prepared, prepare
from registry.errors import ChangedMeanwhile
from registry.facts import HouseholdFacts
from registry.households import find_household
from registry.members import Member, members_to_declare
from registry.tables import Draft, Household
from registry.versions import MemberAnswers, Version, read_version


@dataclass(frozen=True)
class Declaring:
    """A declaration as it stands. Without a draft its answers are those that were sent last, or none."""

    household: Household | None
    sent: Version | None
    draft: Draft | None
    journey: Journey

    @property
    def answers(self) -> DraftAnswers:
        return self.journey.answers

    @property
    def draft_version(self) -> int:
        return self.draft.version if self.draft else 0


async def read_declaring(request: PortalRequest) -> Declaring:
    """Raises NotHead for a member of somebody else's household."""
    person_id = request.signed_in.citizen_id
    members = await members_to_declare(request.db, person_id=person_id, now=request.now)
    household = await find_household(request.db, person_id=person_id)
    sent = await _sent(request, household)
    draft = await find_draft(request.db, person_id=person_id)
    answers = DraftAnswers.stored(draft.answers) if draft else _sent_answers(sent, members)
    return Declaring(household, sent, draft, Journey(answers, members, local_date(request.now)))


async def _sent(request: PortalRequest, household: Household | None) -> Version | None:
    if household is None or household.current_declaration_id is None:
        return None
    return await read_version(request.db, declaration_id=household.current_declaration_id)


def _sent_answers(sent: Version | None, members: tuple[Member, ...]) -> DraftAnswers:
    """What was sent last, to begin again from it."""
    if sent is None:
        return DraftAnswers()
    keys = {member.membership_id: member.key for member in members}
    return DraftAnswers(
        household=typed_facts(sent.household),
        members={
            keys[member.membership_id]: typed_facts(member.answers)
            for member in sent.members
            if member.membership_id in keys
        },
    )


async def save_page(
    request: PortalRequest,
    declaring: Declaring,
    *,
    seen: str,
    saved: Typed,
    typed: Typed,
    answers: DraftAnswers,
) -> Journey | None:
    """Keep `answers`, in which `typed` stands in place of `saved`, and say where the declaration stands then.

    None when another tab or telephone has changed this page since it was shown: nothing is saved then.
    """
    if seen != stamp(saved) and dict(typed) != dict(saved):
        return None
    try:
        await _keep(request, declaring, answers)
    except ChangedMeanwhile:
        return None
    return Journey(answers, declaring.journey.members, declaring.journey.on)


async def _keep(request: PortalRequest, declaring: Declaring, answers: DraftAnswers) -> None:
    await save_draft(
        request.db,
        person_id=request.signed_in.citizen_id,
        answers=answers.to_store(),
        version=declaring.draft_version,
        now=request.now,
    )


async def prepare_draft(request: PortalRequest, declaring: Declaring) -> Prepared:
    """The facts that a complete draft amounts to."""
    answers = declaring.journey.asked_answers()
    return await prepare(
        request.db,
        person_id=request.signed_in.citizen_id,
        household=HouseholdFacts.model_validate(facts_of(answers.household)),
        members={
            key: MemberAnswers.model_validate(facts_of(typed)) for key, typed in answers.members.items()
        },
        now=request.now,
    )


def prefilled(model: type[A], request: PortalRequest, typed: Mapping[str, str]) -> Form[A]:
    """A form that shows what is kept, and does not yet say what is missing."""
    form = Form(model, request.lang)
    form.answers = dict(typed)
    return restored(request, form) if request.method == "GET" else form
