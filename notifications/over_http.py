"""What everybody needs who asks a service over HTTP: an answer of bounded length, and when to ask again."""

import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class AnswerTooLong(Exception):
    """The service says more than anybody could want from it."""


@dataclass(frozen=True)
class Received:
    status: int
    headers: httpx.Headers
    body: bytes


def is_safe(url: str) -> bool:
    """Whether the address is https, or stays on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def keep_addresses_out_of_the_log() -> None:
    """httpx logs every address it asks, and with some services the number and the text are part of it."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


async def receive(client: httpx.AsyncClient, request: httpx.Request, *, longest: int) -> Received:
    """The whole answer. Raises AnswerTooLong beyond `longest` bytes, and what httpx raises."""
    response = await client.send(request, stream=True)
    try:
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > longest:
                raise AnswerTooLong
    finally:
        await response.aclose()
    return Received(response.status_code, response.headers, body)


def read_retry_after(written: str | None, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date (RFC 9110, 10.2.3); anything else is as if nothing had been said."""
    if written is None:
        return None
    if re.fullmatch(r"[0-9]{1,6}", written.strip()):
        return timedelta(seconds=int(written))
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    return max(timedelta(0), (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now)
