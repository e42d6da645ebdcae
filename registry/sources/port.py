"""The contract of an administrative source: asked about people, it says what it knows, with a date and a reference."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol

from registry.sources.configuration import facts_of
from registry.sources.values import read_value, write_value

LONGEST_REFERENCE: Final = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source says of one person. `value` is text, `as_of` the day for which the source says it."""

    identifier: str
    fact: str
    value: str
    as_of: date
    reference: str


class SourcePort(Protocol):
    """A source that is connected. It says nothing of people whom it does not know, and may be slow or down."""

    @property
    def name(self) -> str: ...

    @property
    def households_at_once(self) -> int:
        """About how many households it answers in a moment."""
        ...

    async def ask(self, identifiers: Sequence[str]) -> Collection[Answer]:
        """What is known of these people. Raises SourceDown, or SourceWrong for an answer that cannot be used.

        Whoever takes answers in still looks at each with `checked`.
        """
        ...

    async def check(self) -> str:
        """A line for the operator about a source that works. Raises SourceDown, SourceWrong."""
        ...


class SourceDown(Exception):
    """The source cannot answer now; it is asked again later, not before `retry_after` when it names a time.

    `code` is for the operator's log. `may_pass` says that the next moment may be better already.
    """

    def __init__(self, code: str, *, may_pass: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.may_pass = may_pass
        self.retry_after = retry_after


class SourceWrong(Exception):
    """What the source said cannot be used. The text says where and why, without a value; nothing of it is kept."""

    code = "wrong_answer"


def checked(
    source: str, answers: Iterable[Answer], *, asked: Collection[str], today: date
) -> tuple[Answer, ...]:
    """The answers in the one spelling of their values, all of them or none.

    Raises SourceWrong: about somebody who was not asked about, a fact that is not this source's, a value that nobody
    could declare, a day to come, a reference that cannot be kept, or two values for the same thing.
    """
    facts = facts_of(source)
    kept: dict[tuple[str, str], Answer] = {}
    for answer in answers:
        key = (answer.identifier, answer.fact)
        if answer.identifier not in asked:
            raise SourceWrong("an answer about somebody who was not asked about")
        if key in kept:
            raise SourceWrong(f"two answers about {answer.fact} of one person")
        kept[key] = checked_one(answer, facts=facts, today=today)
    return tuple(kept.values())


def checked_one(answer: Answer, *, facts: Collection[str], today: date) -> Answer:
    """One answer that can be kept. Raises SourceWrong."""
    if answer.fact not in facts:
        raise SourceWrong(f"{answer.fact[:LONGEST_REFERENCE]!r} is no fact that this source answers")
    if answer.as_of > today:
        raise SourceWrong(f"{answer.fact} is dated {answer.as_of.isoformat()}, which is to come")
    if not (0 < len(answer.reference) <= LONGEST_REFERENCE and answer.reference.isprintable()):
        raise SourceWrong(f"the reference for {answer.fact} is empty, too long or not printable")
    try:
        value = read_value(answer.fact, answer.value)
    except ValueError:
        raise SourceWrong(f"the value of {answer.fact} is none of its values") from None
    if value is None:
        raise SourceWrong(f"{answer.fact} has no value")
    return Answer(answer.identifier, answer.fact, write_value(value), answer.as_of, answer.reference)
