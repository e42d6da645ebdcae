"""The identity check at the desk: what the officer saw, the receipt, and the second officer."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from app.forms.base import Form, read_form
from app.forms.identity_checks import (
    CheckAnswers,
    SecondAnswers,
    check_document,
    prefilled,
    prefilled_for_family,
)
from app.i18n.labels import label
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.receiving import LIST, NOT_YOURS, ONE, address_of, name_of, opened, refused
from app.routes.reviewing import WRITES, officer_id
from app.routes.staff import centre_name
from identity.people.issuing import AlreadyInRegister, IssuingElsewhere
from identity.people.tables import Gender
from registry.appointments.arrivals import AtTheDesk
from registry.appointments.identity_checks import (
    LooksLikeSomebody,
    Recognised,
    WitnessUnknown,
    check_identity,
)
from registry.appointments.papers import CARDS, papers
from registry.appointments.second_checks import IdentityReceipt, SameOfficer, open_receipt, second_check
from registry.appointments.tables import CheckStatus
from registry.dates import local_date
from registry.errors import ChangedMeanwhile, Refused

CHECKS: Final = "/staff/identity-checks"
CHECK: Final = f"{CHECKS}/{{reference:str}}"
CONFLICT: Final = 409


@get(f"{ONE}/check", opt=WRITES)
async def show_check(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    desk = await opened(request, reference)
    if isinstance(desk, Response):
        return desk
    form = Form(CheckAnswers, request.lang)
    is_applicant = desk.of_the_applicant is None
    form.answers = prefilled(desk.kept) if is_applicant else prefilled_for_family(desk.kept)
    return _check_page(request, desk, form)


def _check_page(
    request: PortalRequest, desk: AtTheDesk, form: Form[CheckAnswers], status: int = 200, **context: Any
) -> Response[bytes]:
    return page(
        request,
        "staff/identity_check.html",
        status=status,
        path=f"{address_of(desk)}/check",
        desk=desk,
        address=address_of(desk),
        form=form,
        is_applicant=desk.of_the_applicant is None,
        papers=[(paper.value, label(request.lang, paper)) for paper in papers()],
        genders=[(gender.value, label(request.lang, gender)) for gender in Gender],
        **{"alike": (), "on_file": None, **context},
    )


@post(f"{ONE}/check")
async def record_check(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """Record what was seen. The identifier is issued here, or once a second officer has confirmed."""
    form = await read_form(request, CheckAnswers)
    check_document(form, local_date(request.now))
    desk = await opened(request, reference)
    if isinstance(desk, Response):
        return desk
    if not form.valid:
        return _check_page(request, desk, form, status=422)
    try:
        check = await check_identity(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            seen=form.data.seen,
            compared=form.data.compared,
            register=request.portal.register,
            invented=request.portal.settings.demonstration,
            now=request.now,
        )
    except WitnessUnknown as refusal:
        form.refuse(refusal.field, refusal.code)
        return _check_page(request, desk, form, status=422)
    except LooksLikeSomebody as refusal:
        form.refuse("compared", refusal.code)
        alike = [(each, name_of(request, each)) for each in refusal.people]
        return _check_page(request, desk, form, status=422, keep=True, alike=alike)
    except AlreadyInRegister as refusal:
        found = (refusal.person, name_of(request, refusal.person))
        # Where another desk was faster, part of the check is written already, and goes with the rest.
        is_recorded = isinstance(refusal, Recognised)
        return _check_page(request, desk, form, status=CONFLICT, keep=is_recorded, on_file=found)
    except IssuingElsewhere:
        return await refused(request, reference, _Elsewhere())
    except ChangedMeanwhile:
        return go(request, f"{LIST}/{reference}")
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    return go(request, f"{CHECKS}/{check.reference}")


class _Elsewhere(Refused):
    """Identifiers are issued by the national authority."""

    code = IssuingElsewhere.code


@get(CHECK, opt=WRITES)
async def show_receipt(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    receipt = await _receipt(request, reference)
    if isinstance(receipt, Response):
        return receipt
    return _receipt_page(request, receipt, Form(SecondAnswers, request.lang))


async def _receipt(request: PortalRequest, reference: str) -> IdentityReceipt | Response[bytes]:
    try:
        return await open_receipt(
            request.db, staff_id=officer_id(request), reference=reference, now=request.now
        )
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)


def _receipt_page(
    request: PortalRequest,
    receipt: IdentityReceipt,
    form: Form[SecondAnswers],
    status: int = 200,
    **context: Any,
) -> Response[bytes]:
    in_arabic = request.lang == "ar"
    return page(
        request,
        "staff/identity_receipt.html",
        status=status,
        path=f"{CHECKS}/{receipt.check.reference}",
        receipt=receipt,
        name=name_of(request, receipt.check),
        is_card=receipt.check.paper in CARDS,
        form=form,
        centre=centre_name(request),
        portal_address=f"{request.portal.settings.public_url}/{receipt.kept.language}/claim",
        officers=[each.name_ar if in_arabic else each.name_latin for each in receipt.officers],
        witnesses=[name_of(request, each) for each in receipt.witnesses],
        may_second=receipt.check.checked_by != officer_id(request),
        **{"on_file": None, **context},
    )


@post(f"{CHECK}/second")
async def second(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """The second officer, in a session of his own, has seen the same person and the same proof; or has not."""
    form = await read_form(request, SecondAnswers)
    receipt = await _receipt(request, reference)
    if isinstance(receipt, Response):
        return receipt
    if receipt.check.checked_by == officer_id(request):
        return await refused(request, reference, SameOfficer())
    if receipt.check.status is not CheckStatus.AWAITS_SECOND:
        return go(request, f"{CHECKS}/{reference}")
    if not form.valid:
        return _receipt_page(request, receipt, form, status=422)
    try:
        await second_check(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            confirmed=form.data.confirmed,
            register=request.portal.register,
            invented=request.portal.settings.demonstration,
            now=request.now,
        )
    except AlreadyInRegister as refusal:
        found = (refusal.person, name_of(request, refusal.person))
        return _receipt_page(request, receipt, form, status=CONFLICT, on_file=found)
    except IssuingElsewhere:
        return await refused(request, reference, _Elsewhere())
    except ChangedMeanwhile:
        return go(request, f"{CHECKS}/{reference}")
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    return go(request, f"{CHECKS}/{reference}")


HANDLERS = [show_check, record_check, show_receipt, second]
