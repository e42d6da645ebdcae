"""A source that is a service: asked over HTTPS about people who are named in the body of a POST, never in an address.

Asked `{"identifiers": […], "facts": […]}` it answers `{"people": [{"identifier": …, "facts": [{"fact": …, "value": …,
"as_of": …, "reference": …}]}]}`: once about each person who was asked about, without facts where it knows nothing. All
values are texts in the spelling of `values.py`. Whatever else it says is no answer, and nothing of it is used.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Final

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notifications.over_http import (
    AnswerTooLong,
    Received,
    keep_addresses_out_of_the_log,
    read_retry_after,
    receive,
)
from registry.sources.configuration import facts_of, sources
from registry.sources.http_settings import BadSourceSettings, HttpSourceSettings
from registry.sources.port import LONGEST_REFERENCE, Answer, SourceDown, SourceWrong

LONGEST_ANSWER: Final = 1024 * 1024
MOST_CONNECTIONS: Final = 4
PATIENCE: Final = timedelta(seconds=8)
# Between the tries of one question; whoever asks for a longer wait is asked again by the queue.
WAITS: Final = (timedelta(seconds=0.2), timedelta(seconds=1))
# What may be otherwise in a moment.
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS: Final = range(300, 400)
LONGEST_TEXT: Final = 200
MOST_FACTS: Final = 50

_ONE_SPELLING = ConfigDict(extra="forbid", strict=True, frozen=True)


class _SaidFact(BaseModel):
    model_config = _ONE_SPELLING

    fact: Annotated[str, Field(max_length=LONGEST_TEXT)]
    value: Annotated[str, Field(max_length=LONGEST_TEXT)]
    as_of: date
    reference: Annotated[str, Field(min_length=1, max_length=LONGEST_REFERENCE)]


class _SaidPerson(BaseModel):
    model_config = _ONE_SPELLING

    identifier: str
    facts: Annotated[list[_SaidFact], Field(max_length=MOST_FACTS)]


class _Said(BaseModel):
    model_config = _ONE_SPELLING

    people: list[_SaidPerson]


@dataclass
class HttpSource:
    """The settings have been looked at when the portal started."""

    name: str
    settings: HttpSourceSettings
    clock: Callable[[], datetime]
    patience: timedelta = PATIENCE
    waits: Sequence[timedelta] = WAITS

    def __post_init__(self) -> None:
        keep_addresses_out_of_the_log()
        self._facts = sorted(facts_of(self.name))
        self._people_per_request = sources()[self.name].people_per_request

    @property
    def households_at_once(self) -> int:
        """A household has some four people: about as many questions as are asked side by side."""
        return self._people_per_request

    @cached_property
    def _trust(self) -> ssl.SSLContext | bool:
        return self.settings.trust()

    async def ask(self, identifiers: Sequence[str]) -> list[Answer]:
        """Raises SourceDown, SourceWrong. One question that fails is a failure of all: no half answers."""
        step = self._people_per_request
        parts = [identifiers[first : first + step] for first in range(0, len(identifiers), step)]
        async with self._client() as client:
            try:
                async with asyncio.TaskGroup() as together:
                    asked = [together.create_task(self._ask(client, part)) for part in parts]
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
        return [answer for task in asked for answer in task.result()]

    async def check(self) -> str:
        """Asked about nobody, a service that works answers about nobody. Raises SourceDown, SourceWrong."""
        async with self._client() as client:
            await self._ask(client, ())
        return f"{self.settings.url} answers"

    def _client(self) -> httpx.AsyncClient:
        headers = {"user-agent": "tiwizi", "accept": "application/json", "accept-encoding": "identity"}
        try:
            token, trust = self.settings.read_token(), self._trust
        except BadSourceSettings:
            raise SourceDown("bad_settings") from None
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(
            verify=trust,
            trust_env=False,
            follow_redirects=False,
            headers=headers,
            timeout=httpx.Timeout(self.patience.total_seconds(), pool=None),
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS),
        )

    async def _ask(self, client: httpx.AsyncClient, identifiers: Sequence[str]) -> list[Answer]:
        """Some tries, as long as a later one may go better and the service does not ask for a long wait."""
        for wait in self.waits:
            try:
                return await self._try(client, identifiers)
            except SourceDown as failure:
                pause = wait if failure.retry_after is None else failure.retry_after
                if not failure.may_pass or pause > max(self.waits):
                    raise
                await asyncio.sleep(pause.total_seconds())
        return await self._try(client, identifiers)

    async def _try(self, client: httpx.AsyncClient, identifiers: Sequence[str]) -> list[Answer]:
        question = {"identifiers": list(identifiers), "facts": self._facts}
        request = client.build_request("POST", self.settings.url, json=question)
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                received = await receive(client, request, longest=LONGEST_ANSWER)
        except (TimeoutError, httpx.TimeoutException):
            raise SourceDown("timeout") from None
        except AnswerTooLong:
            raise SourceWrong(f"an answer of more than {LONGEST_ANSWER} bytes") from None
        except httpx.HTTPError as broken:
            distrusted = _is_about_trust(broken)
            code = "distrusted" if distrusted else "unreachable"
            raise SourceDown(code, may_pass=not distrusted) from None
        if received.status != httpx.codes.OK:
            raise self._refusal(received)
        return _answers(_read(received.body), identifiers)

    def _refusal(self, received: Received) -> SourceDown:
        return SourceDown(
            "redirect" if received.status in REDIRECTS else f"http_{received.status}",
            may_pass=received.status in PASSING,
            retry_after=read_retry_after(received.headers.get("retry-after"), self.clock()),
        )


def _is_about_trust(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


def _read(body: bytes) -> _Said:
    """Raises SourceWrong. Its words never hold what the service said: that may be about somebody."""
    try:
        json.loads(body, object_pairs_hook=_each_key_once)
        return _Said.model_validate_json(body)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"] if isinstance(step, int) or step in _KEYS)
        raise SourceWrong(f"the answer has not the form that was agreed: {place} {first['type']}") from None
    except (ValueError, RecursionError):
        raise SourceWrong("the answer is no JSON, or has a key twice in one object") from None


_KEYS: Final = frozenset({*_Said.model_fields, *_SaidPerson.model_fields, *_SaidFact.model_fields})


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    once = dict(pairs)
    if len(once) != len(pairs):
        raise ValueError("a key twice")
    return once


def _answers(said: _Said, asked: Sequence[str]) -> list[Answer]:
    """Raises SourceWrong for an answer about other people than were asked about: then it is not clear whose it is."""
    told = [person.identifier for person in said.people]
    if len(set(told)) != len(told):
        raise SourceWrong("two answers about one person")
    if set(told) != set(asked):
        missing, strange = len(set(asked) - set(told)), len(set(told) - set(asked))
        raise SourceWrong(
            f"{missing} of those who were asked about are missing, and {strange} others are in the answer"
        )
    return list(_of_each(said))


def _of_each(said: _Said) -> Iterator[Answer]:
    for person in said.people:
        for one in person.facts:
            yield Answer(person.identifier, one.fact, one.value, one.as_of, one.reference)
