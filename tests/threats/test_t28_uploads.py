"""T-28, uploads: files that do something, or are something else, are refused, or drawn anew without it."""

from __future__ import annotations

import asyncio
import io
import pickle
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from PIL import Image

from registry.requests import documents
from registry.requests.documents import CleanDocument, clean_document
from registry.requests.refused_documents import DocumentRefused
from tests.threats.bad_files import SCRIPT, a_pdf, bad_files, drawn, good_pdfs, polyglots

Cleaning = Callable[..., Awaitable[CleanDocument]]
REMAINS = (SCRIPT, b"SECRET", b"PK\x03\x04", b"%PDF", b"GPS", b"Exif")
GREATEST_GROWTH_KIB = 50 * 1024


async def taken(clean: Cleaning) -> list[str]:
    """Which of the bad files are taken."""
    found = []
    for name, content in bad_files():
        try:
            await clean(name="facture.pdf", content=content)
        except DocumentRefused:
            continue
        found.append(name)
    return found


async def by_its_first_bytes(*, name: str, content: bytes) -> CleanDocument:
    """What many portals do: a look at the beginning, and at the names that stand there in clear."""
    if not content.startswith((b"%PDF-", b"\xff\xd8\xff", b"\x89PNG")) or b"/JavaScript" in content:
        raise DocumentRefused("type")
    return CleanDocument(name, "application/pdf", content)


async def as_it_came(*, name: str, content: bytes) -> CleanDocument:
    return CleanDocument(name, "image/jpeg", content)


async def test_every_bad_file_is_refused() -> None:
    assert len(list(bad_files())) >= 60
    assert await taken(clean_document) == []
    assert len(await taken(by_its_first_bytes)) > 30


async def remains(clean: Cleaning) -> list[str]:
    found = []
    for name, content in polyglots():
        document = await clean(name="photo", content=content)
        found += [f"{each!r} of {name}" for each in REMAINS if each in document.content]
        picture = Image.open(io.BytesIO(document.content))
        if picture.getexif() or set(picture.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}:
            found.append(f"what is known of {name}")
    return found


async def test_nothing_comes_along_with_a_picture() -> None:
    """The place where it was taken, a page of HTML, an archive, a PDF with a script."""
    assert await remains(clean_document) == []
    assert len(await remains(as_it_came)) >= 7


async def test_every_ordinary_pdf_is_taken_as_it_is() -> None:
    for name, content in good_pdfs():
        document = await clean_document(name="facture.pdf", content=content)
        assert document.content == content, name


NAMES_THAT_LIE = ("gpj.\u202eexe", "\u2066a\u2069.pdf", "a\u200e.pdf", "a\x00.pdf", "a\nb.pdf", "a\x7f.pdf")
PATHS = (
    "../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "C:\\x\\passwd",
    "....//passwd",
    ".htaccess",
    "a/../passwd",
)


async def test_a_name_leads_nowhere_and_shows_what_it_is() -> None:
    for name in NAMES_THAT_LIE:
        with pytest.raises(DocumentRefused):
            await clean_document(name=name, content=a_pdf())
    for path in PATHS:
        name = (await clean_document(name=path, content=a_pdf())).name
        assert not set(name) & set("/\\:"), (path, name)
        assert not name.startswith("."), (path, name)
        assert name.endswith(".pdf")
    assert (await clean_document(name="photo.jpg.exe", content=drawn("PNG"))).name == "photo.jpg.png"


GROWTH = """
import asyncio, contextlib, pathlib, pickle, re, sys, zlib
from registry.requests.documents import clean_document
from registry.requests.refused_documents import DocumentRefused
from tests.threats.bad_files import drawn

async def unpacked_whole(*, name, content):
    for packed in re.split(rb"(?<!end)stream\\s", content)[1:]:
        with contextlib.suppress(zlib.error):
            zlib.decompressobj().decompress(packed)

async def all_refused(clean, files):
    for _, content in files:
        try:
            await clean(name="x", content=content)
        except DocumentRefused:
            pass

def at_most():
    # Not `getrusage`, whose greatest size is at first that of the process which began this one.
    return int(re.search(r"VmHWM:\\s+([0-9]+) kB", pathlib.Path("/proc/self/status").read_text())[1])

clean = {"ours": clean_document, "naive": unpacked_whole}[sys.argv[1]]
files = pickle.load(sys.stdin.buffer)
asyncio.run(all_refused(clean_document, [("", drawn("PNG")), ("", drawn("JPEG"))]))
before = at_most()
asyncio.run(all_refused(clean, files))
print(at_most() - before)
"""


def growth(how: str) -> int:
    """By how much a process grew, at its most, that was given every bad file; in KiB. Others made the files."""
    files = pickle.dumps(list(bad_files()))
    done = subprocess.run([sys.executable, "-c", GROWTH, how], input=files, capture_output=True, check=True)
    return int(done.stdout)


def test_refusing_costs_no_memory() -> None:
    assert growth("ours") < GREATEST_GROWTH_KIB
    assert growth("naive") > GREATEST_GROWTH_KIB


async def test_many_at_once_wait_and_the_rest_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A photograph takes a second of a processor: it is drawn beside the pages, one at a time, and few wait."""
    photo, drawers, at_once = drawn("JPEG", size=(1200, 800)), [], set()
    clean = documents._clean

    def noted(*given: Any) -> bytes:
        drawers.append((threading.current_thread() is threading.main_thread(), len(at_once)))
        at_once.add(len(drawers))
        drawing = clean(*given)
        at_once.clear()
        return drawing

    monkeypatch.setattr(documents, "_clean", noted)
    drawing = [clean_document(name="p", content=photo) for _ in range(20)]
    ended = await asyncio.gather(*drawing, return_exceptions=True)
    told = [each for each in ended if isinstance(each, documents.TooManyDocuments)]
    assert len(told) == 20 - documents.WAITING_DOCUMENTS
    assert drawers == [(False, 0)] * documents.WAITING_DOCUMENTS
