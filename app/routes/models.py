"""What decides, and its life: for those who answer for it. No page here says anything about a person."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from sqlmodel import col, select

from app.explanations.models import crossing_words, difference_words, life_of, source_of, version_words
from app.forms.base import Form, read_form
from app.forms.models import LifeAnswers
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.reviewing import officer_id
from identity.roles import Duty, may
from identity.staff.sign_in import StaffSignInRefused, prove_officer
from identity.tables import Staff
from registry.dates import local_date
from registry.errors import ChangedMeanwhile, NotFound, Refused
from registry.model_life import versions
from registry.model_life.comparison import compare
from registry.model_life.dry_runs import progress_of
from registry.model_life.known import Known, Phase, known_named, known_versions, look_again, version_before
from registry.model_life.reports import crossings
from registry.model_life.tables import DryRun, VersionStatus
from registry.model_life.versions import may_be_withdrawn

MODELS: Final = "/staff/models"
ONE: Final = f"{MODELS}/{{name:str}}"
APPROVAL: Final = f"{ONE}/approval"
WITHDRAWAL: Final = f"{ONE}/withdrawal"
TOO_MANY_TRIES: Final = 429
ANSWERED: Final = {"repeatable": True}


@get(MODELS)
async def show_models(request: PortalRequest) -> Response[bytes]:
    if not allowed(request, Duty.READ_MODELS):
        return not_yours(request)
    known = await known_versions(request.db, today=local_date(request.now))
    return page(
        request,
        "models/list.html",
        versions=[version_words(each, request.lang) for each in known],
        may_propose=allowed(request, Duty.APPROVE_MODELS),
    )


@get(ONE)
async def show_model(request: PortalRequest, name: FromPath[str]) -> Response[bytes]:
    known = await version_named(request, name)
    return (
        known
        if isinstance(known, Response)
        else page(request, "models/one.html", **await _told(request, known))
    )


def allowed(request: PortalRequest, duty: Duty) -> bool:
    role = request.signed_in.role
    return role is not None and may(role, duty)


def not_yours(request: PortalRequest, status: int = 403) -> Response[bytes]:
    return page(request, "models/not_yours.html", status=status, path="/staff")


async def version_named(
    request: PortalRequest, name: str, duty: Duty = Duty.READ_MODELS
) -> Known | Response[bytes]:
    """The version, or the page that refuses."""
    if not allowed(request, duty):
        return not_yours(request)
    try:
        return await known_named(request.db, name=name, today=local_date(request.now))
    except NotFound:
        return not_yours(request, status=404)


async def _told(request: PortalRequest, known: Known) -> dict[str, Any]:
    today, lang = local_date(request.now), request.lang
    earlier = await version_before(request.db, known=known, today=today)
    differences = compare(earlier.content, known.content) if earlier else ()
    tried = await versions.finished_dry_run(request.db, version=known.version) if known.version else None
    approvals = await _approvals(request, known)
    own = [each["staff_id"] for each in approvals]
    staff_id = officer_id(request)
    is_open = known.phase is Phase.DRAFT and allowed(request, Duty.APPROVE_MODELS)
    return {
        "known": known,
        "words": version_words(known, lang),
        "address": f"{MODELS}/{known.name}",
        "source": source_of(known.content, lang),
        "earlier": earlier,
        "differences": [difference_words(each, known.content, lang) for each in differences],
        "tried": tried,
        "progress": await progress_of(request.db, version=known.version) if known.version else None,
        "look_at": look_again(known, today=today) if known.phase is Phase.DRAFT else (),
        "proposer": await _name(request, known.version.proposed_by) if known.version else "",
        "is_proposer": known.version is not None and known.version.proposed_by == staff_id,
        "has_approved": staff_id in own,
        "may_approve": is_open,
        "may_withdraw": allowed(request, Duty.APPROVE_MODELS)
        and known.version is not None
        and may_be_withdrawn(known.version, today),
        "moments": life_of(known, tried.finished_at if tried else None, approvals, lang),
        **(await _report(request, tried) if tried else {}),
    }


async def _approvals(request: PortalRequest, known: Known) -> list[dict[str, Any]]:
    if known.version is None:
        return []
    given = await versions.approvals_of(request.db, version=known.version)
    return [
        {"staff_id": each.staff_id, "at": each.approved_at, "by": await _name(request, each.staff_id)}
        for each in given
    ]


async def _name(request: PortalRequest, staff_id: int) -> str:
    found = await request.db.exec(select(Staff.name_ar, Staff.name_latin).where(col(Staff.id) == staff_id))
    name_ar, name_latin = found.one()
    return name_ar if request.lang == "ar" else name_latin


async def _report(request: PortalRequest, tried: DryRun) -> dict[str, Any]:
    found, lang = await crossings(request.db, dry_run=tried), request.lang
    places = tried.report["places"]
    return {
        "households": sum(tried.report["states"].values()),
        "unscorable": tried.report["states"].get("unscorable", 0),
        "rising": sum(place["rising"] for place in places),
        "falling": sum(place["falling"] for place in places),
        "losing": found.losing,
        "by_programme": crossing_words(found.by_programme, lang),
        "parts": {
            "region": crossing_words(found.by_region, lang, "region"),
            "zone": crossing_words(found.by_zone, lang, "zone"),
            "type": crossing_words(found.by_type, lang, "type"),
            "size": crossing_words(found.by_size, lang, "size"),
        },
    }


@get(APPROVAL)
async def show_approval(request: PortalRequest, name: FromPath[str]) -> Response[bytes]:
    return await _asking(request, name, "models/approval.html")


@get(WITHDRAWAL)
async def show_withdrawal(request: PortalRequest, name: FromPath[str]) -> Response[bytes]:
    return await _asking(request, name, "models/withdrawal.html")


async def _asking(
    request: PortalRequest,
    name: str,
    template: str,
    form: Form[LifeAnswers] | None = None,
    status: int = 200,
) -> Response[bytes]:
    known = await version_named(request, name, Duty.APPROVE_MODELS)
    if isinstance(known, Response):
        return known
    if known.version is None or known.version.status is VersionStatus.WITHDRAWN:
        return go(request, f"{MODELS}/{known.name}")
    if form is None:
        form = Form(LifeAnswers, request.lang)
    # The code is never shown again: each is good once.
    form.answers = {"sha256": form.typed("sha256") or known.version.sha256}
    return page(
        request, template, status=status, keep=status != 200, form=form, **await _told(request, known)
    )


@post(APPROVAL, opt=ANSWERED)
async def approve_version(request: PortalRequest, name: FromPath[str]) -> Response[bytes]:
    return await _act(request, name, "models/approval.html")


@post(WITHDRAWAL, opt=ANSWERED)
async def withdraw_version(request: PortalRequest, name: FromPath[str]) -> Response[bytes]:
    return await _act(request, name, "models/withdrawal.html")


async def _act(request: PortalRequest, name: str, template: str) -> Response[bytes]:
    """Whoever approves or withdraws shows the authenticator at that very moment."""
    form = await read_form(request, LifeAnswers)
    if not allowed(request, Duty.APPROVE_MODELS):
        return not_yours(request)
    if "sha256" in form.errors:
        return not_done(request, name, ChangedMeanwhile.code)
    if not form.valid:
        return await _asking(request, name, template, form, 422)
    staff_id = officer_id(request)
    try:
        await prove_officer(
            request.db, staff_id=staff_id, totp=form.data.totp, keys=request.keys, now=request.now
        )
    except StaffSignInRefused as refusal:
        form.refuse("totp", f"staff_{refusal.code}", minutes=-(-refusal.seconds // 60))
        return await _asking(request, name, template, form, TOO_MANY_TRIES if refusal.code == "wait" else 422)
    try:
        if template == "models/approval.html":
            await versions.approve(
                request.db, name=name, sha256=form.data.sha256, staff_id=staff_id, now=request.now
            )
        else:
            await versions.withdraw(request.db, name=name, staff_id=staff_id, now=request.now)
    except NotFound:
        return not_yours(request, status=404)
    except Refused as refusal:
        return not_done(request, name, refusal.code)
    request.portal.shelf.forget()
    return go(request, f"{MODELS}/{name}")


def not_done(request: PortalRequest, name: str, why: str) -> Response[bytes]:
    address = f"{MODELS}/{name}"
    return page(
        request, "models/not_done.html", status=409, keep=True, why=why, address=address, path=address
    )


HANDLERS = [show_models, show_model, show_approval, approve_version, show_withdrawal, withdraw_version]
