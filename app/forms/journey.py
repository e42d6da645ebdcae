"""Where a declaration stands: computed from the answers of the draft, and never stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from app.forms.base import Answers, Form
from app.forms.declaration import ABOUT_HOUSEHOLD, AddressAnswers, Step, asked_in, step_answers
from app.forms.members import asked_of, member_answers
from registry.facts import Zone
from registry.geography import atlas
from registry.members import Member

Typed = Mapping[str, str]
ANY_LANGUAGE = "ar"


class StepState(StrEnum):
    DONE = "done"
    STARTED = "started"
    TO_DO = "to_do"
    WAITING = "waiting"


class WaitsFor(StrEnum):
    """Why a step cannot start yet."""

    ADDRESS = "address"
    ALL_PARTS = "all_parts"


@dataclass(frozen=True)
class DraftAnswers:
    """What a draft holds: answers as they are typed, about the household and about each member by its key.

    Answers that the zone does not ask for stay here, so that a change of commune and back loses nothing.
    """

    household: Typed = field(default_factory=dict)
    members: Mapping[str, Typed] = field(default_factory=dict)

    @classmethod
    def stored(cls, answers: Mapping[str, Any]) -> Self:
        return cls(household=answers.get("household", {}), members=answers.get("members", {}))

    def to_store(self) -> dict[str, Any]:
        return {"household": dict(self.household), "members": {key: dict(of) for key, of in self.members.items()}}

    def about_household(self, typed: Typed, asked: Sequence[str]) -> DraftAnswers:
        """With a page's answers in place of what was there about its facts."""
        kept = {name: value for name, value in self.household.items() if name not in asked}
        return DraftAnswers(kept | dict(typed), self.members)

    def about_member(self, key: str, typed: Typed) -> DraftAnswers:
        return DraftAnswers(self.household, {**self.members, key: {**self.members.get(key, {}), **typed}})


class Journey:
    """The steps of one declaration: what is done, what comes next, and what is allowed."""

    def __init__(self, answers: DraftAnswers, members: Sequence[Member]) -> None:
        self.answers = answers
        self.members = members
        self.zone = _zone(answers.household.get("commune", ""))
        self._states = {step: self._state(step) for step in Step if step is not Step.CHECK}

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of this household: a page on which its zone asks nothing is left out."""
        zone = self.zone
        return tuple(step for step in Step if step not in ABOUT_HOUSEHOLD or zone is None or asked_in(step, zone))

    @property
    def complete(self) -> bool:
        return all(self.state(step) is StepState.DONE for step in self.steps if step is not Step.CHECK)

    @property
    def next(self) -> Step:
        """The first step that is not done; the check when all are."""
        return next((step for step in self.steps if self.state(step) is not StepState.DONE), Step.CHECK)

    def after(self, step: Step) -> Step:
        """The step that follows a finished one: the next unfinished one behind it, else the first unfinished."""
        later = self.steps[self.steps.index(step) + 1 :] if step in self.steps else ()
        return next((each for each in later if self.state(each) is not StepState.DONE), self.next)

    def state(self, step: Step) -> StepState:
        if step is Step.CHECK:
            return StepState.TO_DO if self.complete else StepState.WAITING
        return self._states[step]

    def waits_for(self, step: Step) -> WaitsFor | None:
        if self.state(step) is not StepState.WAITING:
            return None
        return WaitsFor.ADDRESS if self.zone is None and step is not Step.CHECK else WaitsFor.ALL_PARTS

    def allows(self, step: Step) -> bool:
        return self.state(step) is not StepState.WAITING

    def member(self, key: str) -> Member | None:
        return next((member for member in self.members if member.key == key), None)

    def asked_of(self, member: Member) -> tuple[str, ...]:
        return asked_of(member, self._known_zone())

    def member_state(self, member: Member) -> StepState:
        asked = self.asked_of(member)
        return _state_of(member_answers(asked), self.typed_of(member), asked)

    def typed_of(self, member: Member) -> Typed:
        """What is kept about a member, without the answers that are no longer asked."""
        kept = self.answers.members.get(member.key, {})
        return {fact: kept[fact] for fact in self.asked_of(member) if fact in kept}

    def typed_in(self, step: Step) -> Typed:
        """What is kept of a page about the household."""
        asked = ("commune", "district") if step is Step.ADDRESS else asked_in(step, self._known_zone())
        return {fact: self.answers.household[fact] for fact in asked if fact in self.answers.household}

    def _state(self, step: Step) -> StepState:
        if step is Step.ADDRESS:
            return StepState.TO_DO if self.zone is None else StepState.DONE
        if self.zone is None:
            return StepState.WAITING
        if step is Step.MEMBERS:
            return _together([self.member_state(member) for member in self.members])
        return _state_of(step_answers(step, self.zone), self.typed_in(step), asked_in(step, self.zone))

    def _known_zone(self) -> Zone:
        if self.zone is None:
            raise LookupError("The commune comes first: it decides what is asked.")
        return self.zone


def _zone(commune: str) -> Zone | None:
    found = atlas().communes.get(commune)
    return found.zone if found else None


def _state_of(model: type[Answers], typed: Typed, asked: Sequence[str]) -> StepState:
    if Form(model, ANY_LANGUAGE, typed).valid:
        return StepState.DONE
    return StepState.STARTED if any(fact in typed for fact in asked) else StepState.TO_DO


def _together(states: Sequence[StepState]) -> StepState:
    if all(state is StepState.DONE for state in states):
        return StepState.DONE
    return StepState.TO_DO if all(state is StepState.TO_DO for state in states) else StepState.STARTED


def address_form(lang: str, typed: Typed) -> Form[AddressAnswers]:
    return Form(AddressAnswers, lang, typed)
