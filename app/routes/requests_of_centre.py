"""A request for recomputation as an officer sees it. Every look is on the record before anything is shown."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from litestar import Response, get
from litestar.params import FromPath

from app.explanations.ledger import account_lines
from app.explanations.programmes import programme_words
from app.pages import page
from app.requests import PortalRequest
from app.routes.people import names_to_show
from app.routes.reviewing import NOT_YOURS, ONE, WRITES, officer_id, opened, refused, told
from registry.requests.reviews import read_request_document

# A file of a citizen's is saved and never shown by the browser; if it is opened after all, it can do nothing.
DOCUMENT_POLICY: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"


@get(ONE, opt=WRITES)
async def show_request(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    review = await opened(request, reference)
    if isinstance(review, Response):
        return review
    return page(
        request,
        "staff/request.html",
        **told(request, review),
        lines=account_lines(review.lines_now, request.lang),
        programmes=programme_words(
            review.index_now.decisions,
            request.lang,
            await names_to_show(request, review.index_now.decisions, True),
        ),
    )


@get(f"{ONE}/documents/{{document:str}}", opt=WRITES)
async def show_request_document(
    request: PortalRequest, reference: FromPath[str], document: FromPath[str]
) -> Response[bytes]:
    try:
        file = await read_request_document(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            document=document,
            sealer=request.keys.sealer,
            now=request.now,
        )
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    _, _, extension = file.name.rpartition(".")
    saved_as = (
        f"attachment; filename=\"{document}.{extension}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    )
    return Response(
        content=file.content,
        media_type=file.media_type,
        headers={"content-disposition": saved_as, "content-security-policy": DOCUMENT_POLICY},
    )


HANDLERS = [show_request, show_request_document]
