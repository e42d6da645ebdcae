"""Refusing a request in words for the citizen, looked at once more before they count."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from app.forms.base import Form, answers_of, read_form
from app.forms.staff import DecisionAnswers
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.reviewing import (
    AGAIN,
    LOOK,
    NOT_YOURS,
    ONE,
    REQUESTS,
    WRITES,
    not_done,
    officer_id,
    refused,
    to_decide,
    told,
)
from registry.requests.decisions import AlreadyDecided, refuse_request
from registry.requests.reviews import Review

REFUSAL = f"{ONE}/refusal"


@get(REFUSAL, opt=WRITES)
async def show_refusal(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    review = await to_decide(request, reference)
    if isinstance(review, Response):
        return review
    return _refusal(request, review, Form(DecisionAnswers, request.lang))


def _refusal(
    request: PortalRequest, review: Review, form: Form[DecisionAnswers], status: int = 200
) -> Response[bytes]:
    return page(request, "staff/refusal.html", status=status, keep=True, form=form, **told(request, review))


@post(REFUSAL, opt=LOOK)
async def look_at_refusal(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """What the citizen will read."""
    review = await to_decide(request, reference)
    if isinstance(review, Response):
        return review
    answers = await answers_of(request)
    wants_form = answers.pop(AGAIN, None) is not None
    form = Form(DecisionAnswers, request.lang, answers)
    if wants_form or not form.valid:
        return _refusal(request, review, form, status=200 if wants_form else 422)
    return page(request, "staff/refusal_check.html", form=form, **told(request, review))


@post(f"{REFUSAL}/confirm")
async def refuse(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    form = await read_form(request, DecisionAnswers)
    if not form.valid:
        return not_done(request, reference, "invalid", 422)
    try:
        await refuse_request(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            words=form.data.decision_words,
            now=request.now,
        )
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    except AlreadyDecided as refusal:
        return not_done(request, reference, refusal.code, 409)
    return go(request, f"{REQUESTS}/{reference}")


HANDLERS = [show_refusal, look_at_refusal, refuse]
