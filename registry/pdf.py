"""PDF files are stored as they came, so those that can do something when opened are refused."""

import re
import zlib

from registry.refused_documents import DocumentRefused

MAX_INFLATED_BYTES = 32 * 1024 * 1024

ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM = re.compile(rb"<<(?P<dictionary>(?:(?!endobj).)*?)>>\s*stream\r?\n(?P<body>.*?)endstream", re.DOTALL)
ENCRYPTED = re.compile(rb"/Encrypt(?![A-Za-z])")
# Names long enough not to appear in a compressed picture by chance are looked for everywhere.
ACTIVE = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|OpenAction|RichMedia)(?![A-Za-z])")
SHORT_ACTIVE = re.compile(rb"/(?:JS|AA|XFA)(?![A-Za-z0-9])")


def check_pdf(content: bytes) -> None:
    """Raises DocumentRefused for an encrypted file, one with scripts, attachments or actions, and a stump."""
    if b"%%EOF" not in content[-2048:]:
        raise DocumentRefused("unreadable")
    plain = _unescaped(content)
    structure = _unescaped(STREAM.sub(rb"<<\g<dictionary>>>", content)) + _unescaped(_object_streams(content))
    if ENCRYPTED.search(plain) or ENCRYPTED.search(structure):
        raise DocumentRefused("encrypted")
    if ACTIVE.search(plain) or ACTIVE.search(structure) or SHORT_ACTIVE.search(structure):
        raise DocumentRefused("active_content")


def _unescaped(content: bytes) -> bytes:
    """Names without their `#4A` escapes, which would hide them from a search."""
    return ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), content)


def _object_streams(content: bytes) -> bytes:
    """Objects may themselves be compressed: what those streams contain, inflated within bounds."""
    inflated = bytearray()
    for stream in STREAM.finditer(content):
        if b"ObjStm" in _unescaped(stream["dictionary"]):
            inflated += _inflate(stream["body"], MAX_INFLATED_BYTES - len(inflated))
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
