"""One's own account: languages, e-mail address, recovery code, and who looked at the file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from litestar import Response, get, post

from app.code_pages import (
    REPEATABLE,
    CodePage,
    browser_mark,
    code_routes,
    forget_challenge,
    keep_challenge,
)
from app.conversation import HASHES
from app.forms.account import EmailAnswers, LanguagesAnswers
from app.forms.base import Form, read_form
from app.forms.codes import NoAnswers
from app.i18n.locales import LOCALES
from app.kept_codes import forget_code, keep_code, kept_code
from app.onward import FOR_CITIZENS, onward
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.step_up import wanted
from identity.account import accounts
from identity.assurance import is_on_hold
from identity.entering.step_up import ProofRefused, renew_recovery_code
from identity.people.register import display_name, person
from identity.proofs.tables import Challenge, Purpose
from registry.accesses import Access, accesses
from registry.acts import Act
from registry.centres.directory import centre

EMAIL_CODE = CodePage(
    purpose=Purpose.CONFIRM_EMAIL,
    template="account/email_code.html",
    start="/account/email",
    path="/account/email/code",
    proven="/account",
)
VISIBLE_DIGITS = 3


@dataclass(frozen=True)
class Look:
    """One act of an officer in the file of the reader."""

    at: dt.datetime
    act: Act | None
    officer: str
    centre: str
    in_visit: bool


@get("/account")
async def show_account(request: PortalRequest) -> Response[bytes]:
    visitor = request.signed_in
    account = await accounts.account(request.db, visitor.own_account)
    owner = await person(request.db, visitor.citizen_id)
    looks = await accesses(request.db, person_id=visitor.citizen_id)
    return page(
        request,
        "account/index.html",
        account=account,
        name=display_name(owner, request.lang),
        phone=masked(account.phone) if account.phone else None,
        on_hold=is_on_hold(visitor, now=request.now),
        language=LOCALES[account.language],
        sms_language=LOCALES[account.sms_language],
        signs_out_at=visitor.signs_out_at(request.now),
        looks=[_look(each, request.lang) for each in looks],
    )


def masked(phone: str) -> str:
    """A telephone number of which the last digits alone can be read."""
    return "•" * (len(phone) - VISIBLE_DIGITS) + phone[-VISIBLE_DIGITS:]


def _look(access: Access, lang: str) -> Look:
    arabic, latin = access.officer
    return Look(
        at=access.at,
        act=Act(access.action) if access.action in set(Act) else None,
        officer=arabic if lang == "ar" else latin,
        centre=centre(access.centre_code).name(lang).text,
        in_visit=access.in_visit,
    )


@post("/account/stay", opt=REPEATABLE)
async def stay(request: PortalRequest) -> Response[bytes]:
    """Any request counts as activity: a script stays on its page, a form comes back to it."""
    if request.headers.get("hx-request") == "true":
        return Response(content=b"", status_code=204)
    return go(request, onward(request.query_params.get("next"), fallback="/account", to=FOR_CITIZENS))


@get("/account/languages")
async def show_languages(request: PortalRequest) -> Response[bytes]:
    account = await accounts.account(request.db, request.signed_in.own_account)
    form = Form(LanguagesAnswers, request.lang)
    form.answers = {"language": account.language, "sms_language": account.sms_language}
    return _languages_page(request, form)


@post("/account/languages")
async def change_languages(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, LanguagesAnswers)
    if not form.valid:
        return _languages_page(request, form, status=422)
    await accounts.change_languages(
        request.db,
        account_id=request.signed_in.own_account,
        language=form.data.language,
        sms_language=form.data.sms_language,
        now=request.now,
    )
    return go(request, "/account")


def _languages_page(
    request: PortalRequest, form: Form[LanguagesAnswers], status: int = 200
) -> Response[bytes]:
    languages = [(locale.code, locale.own_name) for locale in LOCALES.values()]
    return page(request, "account/languages.html", status=status, form=form, languages=languages)


@get("/account/email")
async def show_email(request: PortalRequest) -> Response[bytes]:
    account = await accounts.account(request.db, request.signed_in.own_account)
    return page(request, "account/email.html", form=Form(EmailAnswers, request.lang), account=account)


@post("/account/email")
async def start_email(request: PortalRequest) -> Response[bytes]:
    account_id = request.signed_in.own_account
    form = await read_form(request, EmailAnswers)
    if not form.valid:
        account = await accounts.account(request.db, account_id)
        return page(request, "account/email.html", status=422, form=form, account=account)
    challenge = await accounts.start_email(
        request.db,
        account_id=account_id,
        email=form.data.email,
        browser=browser_mark(request),
        keys=request.keys,
        now=request.now,
    )
    return keep_challenge(request, go(request, EMAIL_CODE.path), challenge)


@post("/account/email/remove")
async def remove_email(request: PortalRequest) -> Response[bytes]:
    visitor = request.signed_in
    await accounts.remove_email(
        request.db, account_id=visitor.own_account, here=visitor.token_hash, now=request.now
    )
    return go(request, "/account")


async def confirm_email(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    await accounts.confirm_email(
        request.db,
        account_id=request.signed_in.own_account,
        challenge_id=challenge.id,
        code=code,
        browser=browser_mark(request),
        here=request.signed_in.token_hash,
        keys=request.keys,
        now=request.now,
    )
    return forget_challenge(request, go(request, EMAIL_CODE.proven), Purpose.CONFIRM_EMAIL)


@get("/account/recovery-code")
async def show_recovery_code(request: PortalRequest) -> Response[bytes]:
    """The code that was just made, until its owner has kept it; without one, the page that makes one."""
    code = kept_code(request)
    if code is None:
        return go(request, "/account/recovery-code/new")
    return page(
        request,
        "account/recovery_code.html",
        recovery_code=code,
        identifier=request.signed_in.identifier,
        wanted=wanted(request),
    )


@get("/account/recovery-code/new")
async def show_new_recovery_code(request: PortalRequest) -> Response[bytes]:
    return page(request, "account/new_recovery_code.html", form=Form(NoAnswers, request.lang))


@post("/account/recovery-code/new", opt=HASHES)
async def make_recovery_code(request: PortalRequest) -> Response[bytes]:
    visitor = request.signed_in
    try:
        code = await renew_recovery_code(
            request.db, account_id=visitor.own_account, hasher=request.hasher, now=request.now
        )
    except ProofRefused:
        # Another window made one at the same moment: whoever has that one may still want this one.
        return go(request, "/account/recovery-code/new")
    response = go(request, "/account/recovery-code")
    keep_code(request, response, code, visitor.token_hash)
    return response


@post("/account/recovery-code/kept", opt=REPEATABLE)
async def confirm_recovery_code(request: PortalRequest) -> Response[bytes]:
    response = go(request, wanted(request))
    forget_code(request, response)
    return response


HANDLERS = [
    show_account,
    stay,
    show_languages,
    change_languages,
    show_email,
    start_email,
    remove_email,
    *code_routes(EMAIL_CODE, confirm_email, opt=REPEATABLE),
    show_recovery_code,
    show_new_recovery_code,
    make_recovery_code,
    confirm_recovery_code,
]
