"""A register as a service, for the tests: a real HTTP server that knows some rows, and fails as it is told to."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.notifications.gateway import Gateway

# Identifier, fact, value, as_of, reference.
Row = tuple[str, str, str, str, str]
NAMES = ("fact", "value", "as_of", "reference")


@dataclass
class SourceService(Gateway):
    """It answers each question about whom it is asked, or with the next of `failures` while there are any."""

    rows: Iterable[Row] = ()
    failures: list[bytes | None] = field(default_factory=list)

    async def _take(self, head: str, reader: asyncio.StreamReader) -> None:
        await super()._take(head, reader)
        if self.failures:
            self.answer = self.failures.pop(0)
        else:
            self.answer_with(200, json.dumps(self.said_of(json.loads(self.asked[-1].body)["identifiers"])))

    def said_of(self, identifiers: Iterable[str]) -> dict[str, object]:
        return {
            "people": [
                {
                    "identifier": each,
                    "facts": [dict(zip(NAMES, row[1:], strict=True)) for row in self.rows if row[0] == each],
                }
                for each in identifiers
            ]
        }


def raw(status: int, body: str | bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """An answer as it travels; with another `length` than it has, it is cut off."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(content) if length is None else length}"]
    return "\r\n".join([*lines, *headers, "connection: close", "", ""]).encode() + content


@asynccontextmanager
async def open_service(
    rows: Iterable[Row] = (), tls: ssl.SSLContext | None = None
) -> AsyncIterator[SourceService]:
    service = SourceService(rows=rows)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0, ssl=tls)
    scheme, port = "https" if tls else "http", server.sockets[0].getsockname()[1]
    service.url = f"{scheme}://127.0.0.1:{port}/ask"
    try:
        yield service
    finally:
        server.close()
        await server.wait_closed()
