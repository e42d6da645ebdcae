"""PDF files are stored as they came, so those that can do something when opened are refused.

A reader of PDF goes by the offsets at the end of the file and may find an object anywhere, in a comment or inside
another stream as well. So nothing here trusts where a stream claims to end: telling names are looked for in every
byte, and whatever may be a stream of compressed objects is inflated and searched too.
"""

import re
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from registry.requests.refused_documents import DocumentRefused

MAX_INFLATED_BYTES = 32 * 1024 * 1024
FIRST_CHUNK, LARGEST_CHUNK = 1024, 64 * 1024


def _name(name: str) -> bytes:
    """A pattern for a name, each letter of which may be written as `#4A`."""
    return b"".join(
        b"(?:%s|#%s)" % (letter.encode(), b"".join(b"[%s%s]" % (d.lower(), d.upper()) for d in _hex(letter)))
        for letter in name
    )


def _hex(letter: str) -> list[bytes]:
    return [digit.encode() for digit in f"{ord(letter):02x}"]


ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\r|\n)")
OBJECT_STREAM = re.compile(_name("ObjStm"))
OBJECT = re.compile(rb"\b[0-9]+\s+[0-9]+\s+obj\b")
ENDS_DICTIONARY = re.compile(rb">>\s*\Z")
ENCRYPTED = re.compile(rb"/Encrypt(?![A-Za-z])")
# Names long enough not to appear in a compressed picture by chance are looked for everywhere. A document may say on
# which page it opens (`/OpenAction [ … ]`, as office programs write), and nothing else.
ACTIVE = re.compile(
    rb"/(?:(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|Rendition|SubmitForm|ImportData|XFA)(?![A-Za-z])"
    rb"|OpenAction(?!\s*\[))"
)
SHORT_ACTIVE = re.compile(rb"/(?:JS|AA)(?![A-Za-z0-9])")


def check_pdf(content: bytes) -> None:
    """Raises DocumentRefused for an encrypted file, one with scripts, attachments or actions, and a stump."""
    if b"%%EOF" not in content[-2048:]:
        raise DocumentRefused("unreadable")
    plain = _unescaped(content)
    objects = _unescaped(_object_streams(content))
    structure = _unescaped(_without_bodies(content))
    if any(ENCRYPTED.search(text) for text in (plain, objects)):
        raise DocumentRefused("encrypted")
    if any(ACTIVE.search(text) for text in (plain, objects)):
        raise DocumentRefused("active_content")
    if any(SHORT_ACTIVE.search(text) for text in (structure, objects)):
        raise DocumentRefused("active_content")


def _unescaped(content: bytes) -> bytes:
    """Names without their `#4A` escapes, which would hide them from a search."""
    return ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), content)


def _object_streams(content: bytes) -> bytes:
    """Objects may themselves be compressed: what those streams contain, inflated within bounds.

    Whatever follows the name of such a stream counts as one, in a comment or inside another stream too.
    """
    marks = [found.start() for found in OBJECT_STREAM.finditer(content)]
    inflated, before = bytearray(), 0
    for opening in STREAM.finditer(content) if marks else ():
        if _any_between(marks, before, opening.start()):
            inflated += _inflate(content, opening.end(), MAX_INFLATED_BYTES - len(inflated)) + b"\n"
        before = opening.end()
    return bytes(inflated)


def _any_between(places: Sequence[int], begin: int, end: int) -> bool:
    first = bisect_left(places, begin)
    return first < len(places) and places[first] < end


def _inflate(content: bytes, begin: int, room: int) -> bytes:
    """To where the compressed text itself ends: an `endstream` before it may be one of its bytes."""
    decoder, inflated, size = zlib.decompressobj(), bytearray(), FIRST_CHUNK
    while begin < len(content) and not decoder.unconsumed_tail:
        try:
            inflated += decoder.decompress(content[begin : begin + size], max(room - len(inflated), 1))
        except zlib.error as broken:
            raise DocumentRefused("unreadable") from broken
        if decoder.eof:
            return bytes(inflated)
        begin, size = begin + size, min(2 * size, LARGEST_CHUNK)
    raise DocumentRefused("unreadable")


def _without_bodies(content: bytes) -> bytes:
    """The file without the inside of its streams, where a picture holds every short name by chance."""
    return b"\n".join(_outside(content))


def _outside(content: bytes) -> Iterator[bytes]:
    position = 0
    while opening := STREAM.search(content, position):
        end = content.find(b"endstream", opening.end())
        if end < 0:
            break
        is_body = _is_opened(content, position, opening.start()) and not OBJECT.search(
            content, opening.end(), end
        )
        yield content[position : opening.end() if is_body else end]
        position = end
    yield content[position:]


def _is_opened(content: bytes, least: int, at: int) -> bool:
    """Whether a dictionary ends here, on a line without a comment: else the word may be nothing to a reader."""
    closing = ENDS_DICTIONARY.search(content[max(least, at - 20) : at])
    if closing is None:
        return False
    end = at - len(closing[0])
    begin = max(least, content.rfind(b"\n", least, end), content.rfind(b"\r", least, end))
    return content.find(b"%", begin, end) < 0
