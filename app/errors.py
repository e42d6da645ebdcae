"""Every failure as a page in the reader's language that says what to do next."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from app.access import (
    FormNotOurs,
    OnlyInPerson,
    ProofNeeded,
    SignInNeeded,
    StaffProofNeeded,
    VisitNeeded,
)
from app.i18n.environments import environment
from app.kept_answers import give_answers
from app.onward import shown_at
from app.pages import HTML, go, page
from app.posts import AnsweredBefore, SentTwice
from app.requests import PortalRequest
from identity.assurance import Missing
from identity.proofs.passwords import Busy

log = logging.getLogger("tiwizi")

# What each status says; everything else says what its class of statuses says.
TEMPLATES = {
    400: "errors/bad_request.html",
    403: "errors/forbidden.html",
    404: "errors/not_found.html",
    409: "errors/sent_twice.html",
    413: "errors/too_large.html",
    503: "errors/busy.html",
}
RETRY_AFTER_SECONDS = "10"
# What PostgreSQL says of troubles that pass, by the first two signs of its SQLSTATE: a lost connection, a deadlock, no
# room, a lock that did not come, a statement or a server that was stopped, a disk.
PASSING_TROUBLES = ("08", "40", "53", "55", "57", "58")


def failure_page(request: PortalRequest, status: int, template: str | None = None) -> Response[bytes]:
    """The page of a failure; it asks nothing of the database, which may be what failed."""
    fallback = "errors/failure.html" if status >= 500 else "errors/bad_request.html"
    html = (
        environment(request.lang)
        .get_template(template or TEMPLATES.get(status, fallback))
        .render(
            path=shown_at(request.path_in_language),
            visitor=None,
            demonstration=request.portal.settings.demonstration,
            neutral_page=request.portal.settings.neutral_page,
            hotline=request.portal.settings.hotline,
            csrf="",
            form_key="",
        )
    )
    headers = {"retry-after": RETRY_AFTER_SECONDS} if status == 503 else {}
    return Response(content=html.encode(), status_code=status, media_type=HTML, headers=headers)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    response = failure_page(_portal(request), error.status_code)
    if error.status_code == 405:
        response.headers["allow"] = (error.headers or {}).get("allow", "GET")
    return response


def on_sign_in_needed(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[bytes]:
    """Lead to the door, and remember the page: after signing in one is back where one was.

    A form that was answered a moment ago, and whose answer renewed the session, leads where it led.
    """
    ours = _portal(request)
    if led_to := ours.scope["state"].get("led_to"):
        return go(ours, led_to)
    door = "/staff/sign-in" if error.staff else "/sign-in"
    response = go(ours, f"{door}?next={quote(shown_at(ours.path_in_language))}")
    give_answers(ours, response)
    if request.headers.get("hx-request") == "true":
        # A sign-in page must not be swapped into a fragment of another page.
        return Response(content=b"", status_code=204, headers={"hx-redirect": response.headers["location"]})
    return response


def on_visit_needed(request: Request[Any, Any, Any], _: VisitNeeded) -> Response[bytes]:
    return page(_portal(request), "errors/visit_needed.html", status=403)


def on_only_in_person(request: Request[Any, Any, Any], _: OnlyInPerson) -> Response[bytes]:
    return page(_portal(request), "errors/only_in_person.html", status=403)


def on_proof_needed(request: Request[Any, Any, Any], error: ProofNeeded) -> Response[bytes]:
    """Lead to the page that asks for the proof, and remember the one for which it is asked."""
    ours = _portal(request)
    match error.missing:
        case Missing.PASSWORD:
            return go(ours, f"/account/prove?next={quote(error.path)}")
        case Missing.SECOND:
            return go(ours, f"/account/prove/second?next={quote(error.path)}")
        case Missing.HOLD:
            until = ours.signed_in.phone_hold_until
            return page(ours, "account/on_hold.html", status=403, wanted=error.path, until=until)


def on_staff_proof_needed(request: Request[Any, Any, Any], error: StaffProofNeeded) -> Response[bytes]:
    return go(_portal(request), f"/staff/prove?next={quote(error.path)}")


def on_form_not_ours(request: Request[Any, Any, Any], _: FormNotOurs) -> Response[bytes]:
    return failure_page(_portal(request), 403, "errors/form_not_ours.html")


def on_answered_before(_: Request[Any, Any, Any], error: AnsweredBefore) -> Response[bytes]:
    return error.answer


def on_sent_twice(request: Request[Any, Any, Any], _: SentTwice) -> Response[bytes]:
    return failure_page(_portal(request), 409)


def on_busy(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if not isinstance(error, Busy):
        log.warning(
            "database not available on %s: %s", request.scope.get("path_template"), type(error).__name__
        )
    return failure_page(_portal(request), 503)


def on_database_error(request: Request[Any, Any, Any], error: DBAPIError) -> Response[bytes]:
    """A lost connection or a lock that did not come is a matter of waiting; anything else is our fault."""
    return on_busy(request, error) if is_passing(error) else on_failure(request, error)


def is_passing(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    return (
        isinstance(error, OperationalError)
        or error.connection_invalidated
        or state.startswith(PASSING_TROUBLES)
    )


def on_failure(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    # The text of an exception can hold what a citizen typed: the log gets its kind and where it happened.
    log.error(
        "failure on %s %s: %s",
        request.method,
        request.scope.get("path_template"),
        type(error).__name__,
        exc_info=without_values(error),
    )
    return failure_page(_portal(request), 500)


def without_values(error: Exception) -> tuple[type[BaseException], BaseException, Any]:
    """For `exc_info`: the kind of the exception and where it happened, without what it says."""
    return (type(error), Exception(type(error).__name__), error.__traceback__)


def _portal(request: Request[Any, Any, Any]) -> PortalRequest:
    return request if isinstance(request, PortalRequest) else PortalRequest(request.scope)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    HTTPException: on_http_exception,
    SignInNeeded: on_sign_in_needed,
    VisitNeeded: on_visit_needed,
    OnlyInPerson: on_only_in_person,
    ProofNeeded: on_proof_needed,
    StaffProofNeeded: on_staff_proof_needed,
    FormNotOurs: on_form_not_ours,
    AnsweredBefore: on_answered_before,
    SentTwice: on_sent_twice,
    Busy: on_busy,
    PoolExhausted: on_busy,
    DBAPIError: on_database_error,
    # A connection that was refused, or a disk without room, is not always dressed as an error of the database.
    OSError: on_busy,
    Exception: on_failure,
}
