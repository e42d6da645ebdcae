"""Proposing what is to decide, from a file, and trying it on all households before anybody approves it."""

from __future__ import annotations

import json
from typing import Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.forms.base import Form, read_form
from app.forms.models import ModelFileAnswers
from app.national import CHUNKS
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.models import MODELS, ONE, allowed, not_done, not_yours, version_named
from app.routes.reviewing import officer_id
from identity.audit import officer
from identity.roles import Duty
from registry.errors import Refused
from registry.model_life.checks import FileRefused
from registry.model_life.documents import LARGEST_FILE, Fault
from registry.model_life.dry_runs import begin_dry_run
from registry.model_life.known import Known, written_file
from registry.model_life.versions import DraftThere, NotOpen, propose
from registry.national.sql import ModelTooFine

PROPOSE: Final = f"{MODELS}/propose"
DRY_RUN: Final = f"{ONE}/dry-run"
FILE: Final = f"{ONE}/file"
# A character of Arabic or Tifinagh takes two or three bytes.
LARGEST_UPLOAD: Final = 4 * LARGEST_FILE
MOST_FAULTS: Final = 100


@get(PROPOSE)
async def show_proposing(request: PortalRequest) -> Response[bytes]:
    if not allowed(request, Duty.APPROVE_MODELS):
        return not_yours(request)
    return _asking(request, Form(ModelFileAnswers, request.lang), status=200)


@post(PROPOSE, request_max_body_size=LARGEST_UPLOAD)
async def propose_version(request: PortalRequest) -> Response[bytes]:
    """The very checker of the command: all that is wrong at once, or a draft."""
    if not allowed(request, Duty.APPROVE_MODELS):
        return not_yours(request)
    form = await read_form(request, ModelFileAnswers)
    if not form.valid:
        return _asking(request, form)
    try:
        version = await propose(
            request.db,
            text=await _text_of(form.data.model_file),
            staff_id=officer_id(request),
            replaces=form.data.replaces,
            now=request.now,
        )
    except FileRefused as refusal:
        form.refuse("model_file", "faults")
        return _asking(request, form, refusal)
    except DraftThere:
        form.refuse("replaces", DraftThere.code)
        return _asking(request, form)
    return go(request, f"{MODELS}/{version.name}")


async def _text_of(file: UploadFile) -> str:
    """Raises FileRefused."""
    try:
        return (await file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused((Fault("$", "this is not UTF-8 text: save the file as UTF-8"),)) from None


def _asking(
    request: PortalRequest,
    form: Form[ModelFileAnswers],
    refusal: FileRefused | None = None,
    status: int = 422,
) -> Response[bytes]:
    faults = refusal.faults if refusal else ()
    return page(
        request,
        "models/propose.html",
        status=status,
        form=form,
        faults=faults[:MOST_FAULTS],
        more_faults=max(0, len(faults) - MOST_FAULTS),
        warnings=refusal.warnings[:MOST_FAULTS] if refusal else (),
    )


@post(DRY_RUN)
async def begin_trial(request: PortalRequest, name: FromPath[str]) -> Response[bytes]:
    """It is done beside the pages, and goes on where it was should this process end."""
    known = await version_named(request, name, Duty.APPROVE_MODELS)
    if isinstance(known, Response):
        return known
    try:
        await _begin(request, known)
    except (Refused, ModelTooFine) as refusal:
        return not_done(request, name, refusal.code)
    return go(request, f"{MODELS}/{name}")


async def _begin(request: PortalRequest, known: Known) -> None:
    """Raises NotOpen, RunRefused, ModelTooFine."""
    if known.version is None:
        raise NotOpen
    staff_id = officer_id(request)
    await begin_dry_run(
        request.db,
        version=known.version,
        chunk=CHUNKS[request.portal.engine.dialect.name],
        started_by=f"officer {staff_id}",
        actor=officer(staff_id),
        now=request.now,
    )


@get(FILE)
async def send_file(request: PortalRequest, name: FromPath[str]) -> Response[bytes]:
    """The text itself, to be read, or to be changed and proposed anew."""
    known = await version_named(request, name)
    if isinstance(known, Response):
        return known
    text = json.dumps(written_file(known), ensure_ascii=False, indent=1)
    return Response(
        content=f"{text}\n".encode(),
        media_type="application/json; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{known.name}.json"'},
    )


HANDLERS = [show_proposing, propose_version, begin_trial, send_file]
