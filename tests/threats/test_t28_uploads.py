"""T-28, uploads: files that do something, or are something else, are refused, or drawn anew without it."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import pytest
from PIL import Image

from registry.requests.documents import CleanDocument, clean_document
from registry.requests.refused_documents import DocumentRefused
from tests.threats.bad_files import SCRIPT, a_pdf, bad_files, drawn, good_pdfs, polyglots

Cleaning = Callable[..., Awaitable[CleanDocument]]
REMAINS = (SCRIPT, b"SECRET", b"PK\x03\x04", b"%PDF", b"GPS", b"Exif")
LONGEST_SECONDS = 2
GREATEST_GROWTH_KIB = 50 * 1024


async def taken(clean: Cleaning) -> list[str]:
    """Which of the bad files are taken, or cost too much to refuse."""
    found = []
    for name, content in bad_files():
        begun = time.process_time()
        try:
            await clean(name="facture.pdf", content=content)
        except DocumentRefused:
            if time.process_time() - begun < LONGEST_SECONDS:
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
import asyncio, resource
from registry.requests.documents import clean_document
from registry.requests.refused_documents import DocumentRefused
from tests.threats.bad_files import bad_files, drawn

async def all_refused(files):
    for _, content in files:
        try:
            await clean_document(name="x", content=content)
        except DocumentRefused:
            pass

files = list(bad_files())
asyncio.run(all_refused([("", drawn("PNG")), ("", drawn("JPEG"))]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
asyncio.run(all_refused(files))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_refusing_costs_no_memory() -> None:
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    assert int(done.stdout) < GREATEST_GROWTH_KIB


async def test_many_at_once_wait_and_the_rest_is_told_so() -> None:
    """A photograph takes a second of a processor: one is drawn at a time, few wait, nobody else notices."""
    photo, slowest = drawn("JPEG", size=(3000, 2000)), 0.0
    drawing = [asyncio.create_task(clean_document(name="p", content=photo)) for _ in range(20)]
    while not all(task.done() for task in drawing):
        begun = time.perf_counter()
        await asyncio.sleep(0.005)
        slowest = max(slowest, time.perf_counter() - begun)
    kinds = {type(task.exception()).__name__ for task in drawing}
    assert kinds == {"NoneType", "TooManyDocuments"}
    assert slowest < 1
