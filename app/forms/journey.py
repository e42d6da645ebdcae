"""Where a declaration stands: computed from the answers of the draft, and never stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Self

from app.forms.base import Answers, Form
from app.forms.declaration import ABOUT_HOUSEHOLD, FACTS_OF_STEP, Step, asked_in, may_ask, step_answers
from app.forms.members import member_answers
from registry.declarations.sending import facts_to_ask
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
        return {
            "household": dict(self.household),
            "members": {key: dict(of) for key, of in self.members.items()},
        }

    def about_household(self, typed: Typed, asked: Sequence[str]) -> DraftAnswers:
        """With a page's answers in place of what was there about its facts."""
        kept = {name: value for name, value in self.household.items() if name not in asked}
        return DraftAnswers(kept | dict(typed), self.members)

    def about_member(self, key: str, typed: Typed, asked: Sequence[str]) -> DraftAnswers:
        """With a page's answers in place of what was there about its facts."""
        kept = {name: value for name, value in self.members.get(key, {}).items() if name not in asked}
        return DraftAnswers(self.household, {**self.members, key: kept | dict(typed)})


class Journey:
    """The steps of one declaration: what is done, what comes next, and what is allowed."""

    def __init__(self, answers: DraftAnswers, members: Sequence[Member], on: date) -> None:
        self.answers = answers
        self.members = members
        self.on = on
        commune = atlas().communes.get(answers.household.get("commune", ""))
        # A country without an index has communes without a zone: the address is known all the same.
        self.placed, self.zone = commune is not None, commune.zone if commune else None
        self._states = {step: self._state(step) for step in Step if step is not Step.CHECK}

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of this household: a page on which nothing is asked of it is left out."""
        return tuple(step for step in Step if step not in ABOUT_HOUSEHOLD or self._asks(step))

    def _asks(self, step: Step) -> bool:
        return bool(asked_in(step, self.zone)) if self.placed else may_ask(step)

    @property
    def complete(self) -> bool:
        return all(self.state(step) is StepState.DONE for step in self.steps if step is not Step.CHECK)

    @property
    def next(self) -> Step:
        """The first step that is not done; the check when all are."""
        return next((step for step in self.steps if self.state(step) is not StepState.DONE), Step.CHECK)

    def after(self, step: Step) -> Step:
        """The step that follows a finished one: the next unfinished one behind it, else the first unfinished."""
        later = self.steps[self.steps.index(step) + 1 : -1]
        return next((each for each in later if self.state(each) is not StepState.DONE), self.next)

    def state(self, step: Step) -> StepState:
        if step is Step.CHECK:
            return StepState.TO_DO if self.complete else StepState.WAITING
        return self._states[step]

    def waits_for(self, step: Step) -> WaitsFor | None:
        if self.state(step) is not StepState.WAITING:
            return None
        return WaitsFor.ADDRESS if not self.placed and step is not Step.CHECK else WaitsFor.ALL_PARTS

    def allows(self, step: Step) -> bool:
        """Not yet before the address; never a page on which nothing is asked of this household."""
        return step in self.steps and self.state(step) is not StepState.WAITING

    def member(self, key: str) -> Member | None:
        return next((member for member in self.members if member.key == key), None)

    def asked_of(self, member: Member) -> tuple[str, ...]:
        """The facts asked of a member. Raises UnknownPlace before there is an address."""
        return facts_to_ask(member, commune=self.answers.household.get("commune", ""), on=self.on)

    def member_state(self, member: Member) -> StepState:
        asked = self.asked_of(member)
        return _state_of(member_answers(asked), self.typed_of(member), asked)

    def typed_of(self, member: Member) -> Typed:
        """What is kept about a member, without the answers that are no longer asked."""
        kept = self.answers.members.get(member.key, {})
        return {fact: kept[fact] for fact in self.asked_of(member) if fact in kept}

    def typed_in(self, step: Step) -> Typed:
        """What is kept of a page about the household."""
        asked = self.asked_in(step)
        return {fact: self.answers.household[fact] for fact in asked if fact in self.answers.household}

    def asked_answers(self) -> DraftAnswers:
        """The answers that the declaration consists of, without those that are no longer asked."""
        household: dict[str, str] = {}
        for step in (Step.ADDRESS, *ABOUT_HOUSEHOLD):
            household |= self.typed_in(step)
        return DraftAnswers(household, {member.key: self.typed_of(member) for member in self.members})

    def _state(self, step: Step) -> StepState:
        if step is Step.ADDRESS:
            return StepState.DONE if self.placed else StepState.TO_DO
        if not self.placed:
            return StepState.WAITING
        if step is Step.MEMBERS:
            return _together([self.member_state(member) for member in self.members])
        return _state_of(step_answers(step, self.zone), self.typed_in(step), asked_in(step, self.zone))

    def asked_in(self, step: Step) -> tuple[str, ...]:
        """The facts that a page about the household asks. Raises LookupError before there is an address."""
        if step is Step.ADDRESS:
            return FACTS_OF_STEP[step]
        if not self.placed:
            raise LookupError("The commune comes first: it decides what is asked.")
        return asked_in(step, self.zone)


def _state_of(model: type[Answers], typed: Typed, asked: Sequence[str]) -> StepState:
    if Form(model, ANY_LANGUAGE, typed).valid:
        return StepState.DONE
    return StepState.STARTED if any(fact in typed for fact in asked) else StepState.TO_DO


def _together(states: Sequence[StepState]) -> StepState:
    if all(state is StepState.DONE for state in states):
        return StepState.DONE
    return StepState.TO_DO if all(state is StepState.TO_DO for state in states) else StepState.STARTED


def stamp(typed: Typed) -> str:
    """A mark of some answers: a page carries it, to notice that another tab has changed them meanwhile."""
    return hashlib.sha256(json.dumps(dict(typed), sort_keys=True).encode()).hexdigest()[:16]
