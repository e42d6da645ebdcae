"""Asking the service over HTTP, as one asks somebody who may be slow, broken or hostile.

Every failure is a RegisterUnavailable whose reason is a code. Redirects are never followed, answers have a longest
length and a latest time, and a service that keeps failing is left alone for a minute.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

import httpx

from identity.people.population import RegisterUnavailable
from notifications.circuit import Circuit
from notifications.over_http import AnswerTooLong, receive

LONGEST_ANSWER: Final = 128 * 1024
PATIENCE: Final = timedelta(seconds=8)
MOST_AT_ONCE: Final = 20


@dataclass(frozen=True)
class Answer:
    """`media_type` without parameters and in small letters."""

    status: int
    media_type: str
    body: bytes


class Wire:
    """Keeps its connections until `close`."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._clock = clock
        self._circuit = Circuit()
        self._patience = patience.total_seconds()
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=self._patience,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=MOST_AT_ONCE),
            headers={"user-agent": "tiwizi"},
        )

    async def close(self) -> None:
        await self._client.aclose()

    @property
    def is_resting(self) -> bool:
        return self._circuit.room(1, self._clock()) == 0

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self._ask(self._client.build_request("GET", url, headers=headers))

    async def post(self, url: str, form: Mapping[str, str]) -> Answer:
        return await self._ask(self._client.build_request("POST", url, data=form))

    async def _ask(self, request: httpx.Request) -> Answer:
        if self.is_resting:
            raise RegisterUnavailable("resting")
        try:
            answer = await self._answer(request)
        except RegisterUnavailable:
            self._circuit.note_failure(self._clock())
            raise
        self._circuit.note_answer()
        return answer

    async def _answer(self, request: httpx.Request) -> Answer:
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._receive(request)
        except (TimeoutError, httpx.TimeoutException) as slow:
            raise RegisterUnavailable("timeout") from slow
        except (httpx.HTTPError, httpx.InvalidURL) as broken:
            raise RegisterUnavailable("unreachable") from broken
        if 300 <= answer.status < 400:
            raise RegisterUnavailable("redirect")
        if answer.status >= 500 or answer.status == 429:
            raise RegisterUnavailable(f"http_{answer.status}")
        return answer

    async def _receive(self, request: httpx.Request) -> Answer:
        try:
            received = await receive(self._client, request, longest=LONGEST_ANSWER)
        except AnswerTooLong:
            raise RegisterUnavailable("too_long") from None
        media_type = received.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Answer(received.status, media_type, received.body)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
