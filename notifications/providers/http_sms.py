"""SMS through a gateway that speaks HTTP, described by its address and a template of the body it expects."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType, TracebackType
from typing import Final, Self
from urllib.parse import quote, quote_plus

import httpx

from notifications.over_http import AnswerTooLong, keep_addresses_out_of_the_log, read_retry_after, receive
from notifications.providers.protocol import Accepted, LastingFailure, Outgoing, PassingFailure
from notifications.segments import measure
from notifications.tables import Channel

PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
LONGEST_ANSWER: Final = 64 * 1024
LONGEST_REFERENCE: Final = 200
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"

# 4xx that speak of the service (its address, key, credit) or of the moment, and not of this message: a wrong
# setting must not lose what waits.
NOT_ABOUT_THE_MESSAGE: Final = frozenset({401, 402, 403, 404, 405, 407, 408, 425, 429})


class BadGatewaySettings(Exception):
    """The description of the gateway cannot work: the service must not start with it."""

    code = "bad_gateway_settings"


class BodyFormat(StrEnum):
    JSON = "application/json"
    FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class GatewaySettings:
    """`url`, `headers` and `body` may hold `{to}` (E.164), `{to_digits}` (without +), `{text}`, `{language}`,
    `{encoding}` (gsm-7 or ucs-2) and `{reference}`, each escaped for the place where it stands. Without
    `body_format` a body that begins like JSON is JSON.

    Without `success_pattern` every 2xx is a success; with it a 2xx whose body does not match is an unknown outcome.
    A group named `reference` in it is the gateway's own reference. `refusal_pattern` names the 2xx that refuse.
    """

    url: str = field(repr=False)
    body: str
    method: str = "POST"
    body_format: BodyFormat | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    success_pattern: str | None = None
    refusal_pattern: str | None = None
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    retry_after: str | None = None


class HttpSmsProvider:
    """Keeps its connections: use as an asynchronous context manager, or call `close`. Raises `BadGatewaySettings`."""

    def __init__(self, settings: GatewaySettings, clock: Callable[[], datetime]) -> None:
        check_settings(settings)
        keep_addresses_out_of_the_log()
        self._settings = settings
        self._clock = clock
        self._client = httpx.AsyncClient(timeout=settings.timeout.total_seconds(), follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, outgoing: Outgoing) -> Accepted:
        request = compose(outgoing, self._settings)
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                answer = await self._ask(request)
        except (TimeoutError, httpx.TimeoutException) as slow:
            raise PassingFailure("timeout") from slow
        except httpx.TransportError as unreachable:
            raise PassingFailure("unreachable") from unreachable
        except httpx.HTTPError as unreadable:
            raise PassingFailure("unknown") from unreadable
        return classify(answer, self._settings, self._clock())

    async def _ask(self, request: httpx.Request) -> Answer:
        try:
            answer = await receive(self._client, request, longest=LONGEST_ANSWER)
        except AnswerTooLong:
            raise PassingFailure("unknown") from None
        text = answer.body.decode("utf-8", "replace")
        return Answer(answer.status, text, answer.headers.get("Retry-After"))


def classify(answer: Answer, settings: GatewaySettings, now: datetime) -> Accepted:
    """What an answer of the gateway means. Raises `PassingFailure` or `LastingFailure` with the status in the code."""
    code = f"http_{answer.status}"
    if 200 <= answer.status < 300:
        return _classify_success(answer, settings)
    if 400 <= answer.status < 500 and answer.status not in NOT_ABOUT_THE_MESSAGE:
        raise LastingFailure(code)
    raise PassingFailure(code, read_retry_after(answer.retry_after, now))


def _classify_success(answer: Answer, settings: GatewaySettings) -> Accepted:
    if settings.refusal_pattern and re.search(settings.refusal_pattern, answer.text):
        raise LastingFailure("refused")
    if settings.success_pattern is None:
        return Accepted()
    success = re.search(settings.success_pattern, answer.text)
    if success is None:
        raise PassingFailure("unknown")
    reference = success.groupdict().get("reference")
    return Accepted(reference[:LONGEST_REFERENCE] if reference else None)


def compose(outgoing: Outgoing, settings: GatewaySettings) -> httpx.Request:
    """The request as it travels. Raises `LastingFailure` for a value that could forge a header."""
    body_format = _body_format(settings)
    values = {
        "to": outgoing.address,
        "to_digits": outgoing.address.removeprefix("+"),
        "text": outgoing.body,
        "language": outgoing.language,
        "encoding": measure(outgoing.body).encoding.value,
        "reference": outgoing.reference,
    }
    headers = httpx.Headers({IDEMPOTENCY_HEADER: outgoing.reference, "Content-Type": body_format})
    headers.update({name: _fill(text, values, _escape_for_header) for name, text in settings.headers.items()})
    return httpx.Request(
        settings.method,
        _fill(settings.url, values, _escape_for_url),
        headers=headers,
        content=_fill(settings.body, values, ESCAPES[body_format]).encode(),
    )


def _body_format(settings: GatewaySettings) -> BodyFormat:
    looks_like_json = settings.body.lstrip().startswith(("{", "["))
    return settings.body_format or (BodyFormat.JSON if looks_like_json else BodyFormat.FORM)


def _fill(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    return PLACEHOLDER.sub(lambda placeholder: escape(values[placeholder.group(1)]), template)


def _escape_for_url(value: str) -> str:
    return quote(value, safe="")


def _escape_for_header(value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise LastingFailure("bad_header")
    return value


def _escape_for_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


ESCAPES: Final[Mapping[BodyFormat, Callable[[str], str]]] = {
    BodyFormat.JSON: _escape_for_json,
    BodyFormat.FORM: quote_plus,
}


def check_settings(settings: GatewaySettings) -> None:
    """Raises `BadGatewaySettings` when no message could be sent as described."""
    sample = Outgoing("reference", Channel.SMS, "+212600000000", "ar", "template", "", 'text "\\')
    try:
        request = compose(sample, settings)
        for pattern in (settings.success_pattern, settings.refusal_pattern):
            re.compile(pattern or "")
        if _body_format(settings) is BodyFormat.JSON:
            json.loads(request.content)
    except KeyError as unknown:
        raise BadGatewaySettings(f"no value is called {unknown}") from unknown
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, re.error, ValueError) as wrong:
        raise BadGatewaySettings(str(wrong)) from wrong
    if request.url.scheme not in ("http", "https") or not request.url.host:
        raise BadGatewaySettings("the address of the gateway begins with https:// or http://")
