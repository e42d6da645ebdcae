"""What officers looked at and did: for auditors alone, and each look of theirs is in it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get

from app.forms.audit import AuditAnswers
from app.forms.base import Form
from app.pages import page
from app.places_in_lists import number_at, place_of
from app.requests import PortalRequest
from app.routes.reviewing import officer_id
from registry.centres.directory import centres
from registry.centres.officers import NotAllowed
from registry.staff_acts import MANY_FILES, ActKind, StaffAct, Wanted, staff_acts

AUDIT: Final = "/staff/audit"
ACTS_A_PAGE: Final = 25
PLACE: Final = "place in the audit"


@dataclass(frozen=True)
class AuditLine:
    """An act as the page shows it: names in the language of the page."""

    act: StaffAct
    officer: str
    centre: str


@get(AUDIT, opt={"writes": True})
async def show_audit(request: PortalRequest) -> Response[bytes]:
    """The newest acts first, as a GET form asks for them; a page at a time."""
    asked = {name: value for name, value in request.query_params.items() if name in AuditAnswers.model_fields}
    before = request.query_params.get("before")
    form = Form(AuditAnswers, request.lang, asked)
    if not form.valid:
        return _audit_page(request, form, asked, (), status=422)
    try:
        found = await staff_acts(
            request.db,
            staff_id=officer_id(request),
            wanted=_wanted(form.data),
            now=request.now,
            before_id=number_at(request, before, _context(request)) if before else None,
            limit=ACTS_A_PAGE + 1,
        )
    except NotAllowed:
        return page(request, "staff/not_for_you.html", status=403, path=AUDIT)
    return _audit_page(request, form, asked, found, is_first=before is None)


def _wanted(answers: AuditAnswers) -> Wanted:
    return Wanted(
        officer=answers.by,
        centre=answers.centre_code,
        person=answers.person_identifier,
        kind=answers.kind,
        since=answers.since,
        until=answers.until,
    )


def _audit_page(
    request: PortalRequest,
    form: Form[AuditAnswers],
    asked: dict[str, str],
    found: tuple[StaffAct, ...],
    *,
    is_first: bool = True,
    status: int = 200,
) -> Response[bytes]:
    shown = found[:ACTS_A_PAGE]
    asked = {name: value for name, value in asked.items() if value}
    older = place_of(request, shown[-1].id, _context(request)) if len(found) > len(shown) else None
    return page(
        request,
        "staff/audit.html",
        status=status,
        form=form,
        is_asked=bool(asked),
        lines=[_line(act, request.lang) for act in shown],
        kinds=list(ActKind),
        centres=_centre_choices(request.lang),
        many_files=MANY_FILES,
        older=_address(asked | {"before": older}) if older else None,
        newest=None if is_first else _address(asked),
        path=_address(asked),
    )


def _address(asked: dict[str, str]) -> str:
    return f"{AUDIT}?{urlencode(asked)}" if asked else AUDIT


def _line(act: StaffAct, lang: str) -> AuditLine:
    arabic, latin = act.officer
    known = centres().get(act.centre_code)
    return AuditLine(
        act, arabic if lang == "ar" else latin, known.name(lang).text if known else act.centre_code
    )


def _centre_choices(lang: str) -> list[tuple[str, str]]:
    return sorted(
        ((code, centre.name(lang).text) for code, centre in centres().items()), key=lambda each: each[1]
    )


def _context(request: PortalRequest) -> str:
    return f"{PLACE}:{officer_id(request)}"


HANDLERS = [show_audit]
