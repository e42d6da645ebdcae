"""An SMS gateway for the tests: a real HTTP server that keeps what it is asked and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """`answer` is the raw reply; None says nothing and keeps the line open until the asker leaves."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: bytes | None = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK"

    def answer_with(self, status: int, body: str = "", **headers: str) -> None:
        content = body.encode()
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"content-length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.answer = "\r\n".join([*lines, "connection: close", "", ""]).encode() + content

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._take(head.decode("latin-1"), reader)
                if self.answer is None:
                    await reader.read()
                    break
                writer.write(self.answer)
                await writer.drain()
                if b"connection: close" in self.answer or not self.answer.startswith(b"HTTP"):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _take(self, head: str, reader: asyncio.StreamReader) -> None:
        request, *lines = head.strip().split("\r\n")
        method, target, _ = request.split(" ")
        headers: dict[str, str] = {}
        for name, _, value in (line.partition(": ") for line in lines):
            already = headers.get(name.lower())
            headers[name.lower()] = value if already is None else f"{already}, {value}"
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.asked.append(Asked(method, target, headers, body))


@asynccontextmanager
async def open_gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gateway.url = f"http://127.0.0.1:{port}/send"
    try:
        yield gateway
    finally:
        server.close()
        await server.wait_closed()
