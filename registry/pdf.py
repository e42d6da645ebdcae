"""PDF files are stored as they came, so those that can do something when opened are refused."""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry.refused_documents import DocumentRefused

MAX_INFLATED_BYTES = 32 * 1024 * 1024

ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\r|\n)")
ENCRYPTED = re.compile(rb"/Encrypt(?![A-Za-z])")
# Names long enough not to appear in a compressed picture by chance are looked for everywhere.
ACTIVE = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|OpenAction|RichMedia)(?![A-Za-z])")
SHORT_ACTIVE = re.compile(rb"/(?:JS|AA|XFA)(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Stream:
    """The bytes of a stream, where they begin and end in the file, and what stands before them in their object."""

    dictionary: bytes
    begin: int
    end: int
    body: bytes


def check_pdf(content: bytes) -> None:
    """Raises DocumentRefused for an encrypted file, one with scripts, attachments or actions, and a stump."""
    if b"%%EOF" not in content[-2048:]:
        raise DocumentRefused("unreadable")
    plain = _unescaped(content)
    streams = tuple(_streams(content))
    structure = _unescaped(_without_bodies(content, streams)) + _unescaped(_object_streams(streams))
    if ENCRYPTED.search(plain) or ENCRYPTED.search(structure):
        raise DocumentRefused("encrypted")
    if ACTIVE.search(plain) or ACTIVE.search(structure) or SHORT_ACTIVE.search(structure):
        raise DocumentRefused("active_content")


def _unescaped(content: bytes) -> bytes:
    """Names without their `#4A` escapes, which would hide them from a search."""
    return ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), content)


def _streams(content: bytes) -> Iterator[Stream]:
    """Every stream of the file, in one pass: one regular expression for all of it takes hours over a hostile file.

    Raises DocumentRefused for a stream inside another: what a comment opens, a reader of PDF does not see.
    """
    position = 0
    while opening := STREAM.search(content, position):
        end = content.find(b"endstream", opening.end())
        if end < 0:
            return
        if STREAM.search(content, opening.end(), end):
            raise DocumentRefused("unreadable")
        begin = max(position, content.rfind(b"endobj", position, opening.start()))
        yield Stream(content[begin : opening.start()], opening.end(), end, content[opening.end() : end])
        position = end


def _without_bodies(content: bytes, streams: Sequence[Stream]) -> bytes:
    begins = (0, *(stream.end for stream in streams))
    ends = (*(stream.begin for stream in streams), len(content))
    return b"".join(content[begin:end] for begin, end in zip(begins, ends, strict=True))


def _object_streams(streams: Sequence[Stream]) -> bytes:
    """Objects may themselves be compressed: what those streams contain, inflated within bounds."""
    inflated = bytearray()
    for stream in streams:
        if b"ObjStm" in _unescaped(stream.dictionary):
            inflated += _inflate(stream.body, MAX_INFLATED_BYTES - len(inflated))
    return bytes(inflated)


def _inflate(body: bytes, room: int) -> bytes:
    decoder = zlib.decompressobj()
    try:
        inflated = decoder.decompress(body, max(room, 1))
    except zlib.error as broken:
        raise DocumentRefused("unreadable") from broken
    if decoder.unconsumed_tail:
        raise DocumentRefused("unreadable")
    return inflated
