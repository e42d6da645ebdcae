"""A client that asks over a few connections kept open, and does nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator

CONNECTIONS = 4
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class UnexpectedAnswer(Exception):
    """The page that is measured was not shown."""


async def ask_all(port: int, requests: Iterable[tuple[str, str]]) -> int:
    """Ask for every (path, session token); returns the bytes of the last body. Raises `UnexpectedAnswer`."""
    waiting = iter(requests)
    sizes = await asyncio.gather(*(_ask_in_turn(port, waiting) for _ in range(CONNECTIONS)))
    return max(sizes)


async def _ask_in_turn(port: int, waiting: Iterator[tuple[str, str]]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = 0
    try:
        for path, token in waiting:
            cookie = f"Cookie: session={token}\r\n" if token else ""
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{cookie}\r\n".encode())
            size = await _read_answer(reader, path)
    finally:
        writer.close()
    return size


async def _read_answer(reader: asyncio.StreamReader, path: str) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    found = LENGTH.search(head)
    if not head.startswith(b"HTTP/1.1 200") or not found:
        raise UnexpectedAnswer(f"{path}: {head.splitlines()[0].decode()}")
    body = await reader.readexactly(int(found[1]))
    return len(body)
