"""Files that citizens join to a request: recognised by their bytes, cleaned, sealed, kept in the database."""

import asyncio
import re
import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.references import new_reference
from notifications.sealing import Sealer
from registry.errors import NotFound
from registry.requests.images import clean_image
from registry.requests.pdf import check_pdf
from registry.requests.refused_documents import DocumentRefused
from registry.tables import Document

MAX_BYTES = 5 * 1024 * 1024
MAX_NAME = 100
WAITING_DOCUMENTS = 8

SIGNATURES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
JOINERS = "\u200c\u200d"

# One thread: a photograph takes a second of processor and pages must not wait for it.
_cleaning = ThreadPoolExecutor(1, thread_name_prefix="documents")
_waiting: set[asyncio.Future[bytes]] = set()


class TooManyDocuments(Exception):
    """More files wait to be cleaned than is sensible: ask to try again in a moment."""

    code = "busy"


@dataclass(frozen=True)
class CleanDocument:
    """What may be stored: a photograph has been drawn anew, so nothing hidden in the file came along."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class StoredDocument:
    """A document as lists show it, without its bytes."""

    reference: str
    name: str
    media_type: str
    size: int
    uploaded_at: datetime


async def clean_document(*, name: str, content: bytes) -> CleanDocument:
    """Check and clean an uploaded file. Raises DocumentRefused, whose code says why, and TooManyDocuments."""
    media_type = _media_type(content)
    clean_name = _clean_name(name, media_type)
    return CleanDocument(clean_name, media_type, await _in_thread(content, media_type))


def _media_type(content: bytes) -> str:
    if not content:
        raise DocumentRefused("empty")
    if len(content) > MAX_BYTES:
        raise DocumentRefused("too_large")
    for signature, media_type in SIGNATURES.items():
        if content.startswith(signature):
            return media_type
    raise DocumentRefused("type")


def _clean_name(name: str, media_type: str) -> str:
    """The name a person gave, without path, and with the extension of what the file really is."""
    bare = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1]).strip()
    if any(unicodedata.category(letter) in HIDDEN and letter not in JOINERS for letter in bare):
        raise DocumentRefused("name")
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", bare).strip(". ")[:MAX_NAME] or "document"
    return f"{stem}.{EXTENSIONS[media_type]}"


async def _in_thread(content: bytes, media_type: str) -> bytes:
    if len(_waiting) >= WAITING_DOCUMENTS:
        raise TooManyDocuments
    work = asyncio.get_running_loop().run_in_executor(_cleaning, _clean, content, media_type)
    _waiting.add(work)
    work.add_done_callback(_waiting.discard)
    return await work


def _clean(content: bytes, media_type: str) -> bytes:
    if media_type == "application/pdf":
        check_pdf(content)
        return content
    return clean_image(content, media_type)


async def store_document(
    session: AsyncSession, *, request_id: int, document: CleanDocument, sealer: Sealer, now: datetime
) -> str:
    """Keep a cleaned file with a request; returns its reference."""
    reference = new_reference("F")
    session.add(
        Document(
            reference=reference,
            request_id=request_id,
            name=document.name,
            media_type=document.media_type,
            size=len(document.content),
            sealed=sealer.seal(document.content, seal_context(reference)),
            uploaded_at=now,
        )
    )
    await session.flush()
    return reference


async def documents_of(session: AsyncSession, *, request_id: int) -> tuple[StoredDocument, ...]:
    found = await documents_by_request(session, request_ids=[request_id])
    return found.get(request_id, ())


async def documents_by_request(
    session: AsyncSession, *, request_ids: Sequence[int]
) -> Mapping[int, tuple[StoredDocument, ...]]:
    """What was joined to each of several requests; a request without a file has no entry."""
    rows = await session.exec(
        select(Document)
        .options(defer(Document.sealed))  # type: ignore[arg-type]
        .where(col(Document.request_id).in_(request_ids))
        .order_by(col(Document.id))
    )
    found: dict[int, tuple[StoredDocument, ...]] = {}
    for file in rows:
        stored = StoredDocument(file.reference, file.name, file.media_type, file.size, file.uploaded_at)
        found[file.request_id] = (*found.get(file.request_id, ()), stored)
    return found


async def read_document(
    session: AsyncSession, *, request_id: int, reference: str, sealer: Sealer
) -> CleanDocument:
    """The file itself. Who may read the request was decided by the caller. Raises NotFound."""
    found = await session.exec(
        select(Document).where(Document.reference == reference, Document.request_id == request_id)
    )
    document = found.first()
    if document is None:
        raise NotFound
    content = sealer.unseal(document.sealed, seal_context(reference))
    return CleanDocument(document.name, document.media_type, content)


def seal_context(reference: str) -> str:
    return f"document:{reference}"
