"""Claiming one's identifier: three facts, a code, an account, and a recovery code to keep."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get, post

from app.access import keep_session
from app.code_pages import (
    EVEN,
    CodePage,
    code_routes,
    current_challenge,
    forget_challenge,
    keep_challenge,
)
from app.conversation import HASHES, answered_before
from app.forms.base import Form, read_form
from app.forms.claim import AccountAnswers, ClaimAnswers, refuse_future
from app.i18n.labels import label
from app.i18n.locales import LOCALES
from app.kept_codes import forget_code, keep_code, kept_code
from app.leaving import leave
from app.pages import go, page
from app.requests import PortalRequest
from identity.entering import claims
from identity.people import register
from identity.people.number_rules import document_kinds
from identity.people.population import RegisterUnavailable
from identity.people.tables import Person
from identity.proofs.challenges import CodeRefused
from identity.proofs.passwords import PasswordRefused
from identity.proofs.tables import Challenge, Purpose, Step
from identity.sessions import hash_token
from notifications.messages import Template, Value
from notifications.rendering import Portal as Speaker
from notifications.rendering import render
from notifications.tables import Channel
from registry.dates import local_date

CODE = CodePage(
    purpose=Purpose.CLAIM,
    template="claim/code.html",
    start="/claim",
    path="/claim/code",
    proven="/claim/account",
)
TOO_MANY_TRIES = 429
RETRY_AFTER_SECONDS = 120
SAMPLE_REFERENCE = "D-7K2M9QXZ"


@dataclass(frozen=True)
class Sample:
    """An SMS as it arrives, in one language."""

    lang: str
    dir: str
    own_name: str
    text: str


@get("/claim")
async def show_claim(request: PortalRequest) -> Response[bytes]:
    return _claim_page(request, Form(ClaimAnswers, request.lang))


@post("/claim", opt=EVEN)
async def start_claim(request: PortalRequest) -> Response[bytes]:
    """The answer is the same whether the register knows these facts or not."""
    form = await read_form(request, ClaimAnswers)
    refuse_future(form, local_date(request.now))
    if not form.valid:
        return _claim_page(request, form, status=422)
    answers = form.data
    try:
        challenge = await claims.start_claim(
            request.db,
            document_kind=answers.document_kind,
            document_number=answers.document_number,
            birth_date=answers.birth_date,
            phone=answers.phone,
            language=request.lang,
            browser=request.browser,
            address=request.client_address,
            keys=request.keys,
            now=request.now,
            register=request.portal.register,
        )
    except RegisterUnavailable:
        return _later(_claim_page(request, form, status=503, unavailable=True))
    except claims.ClaimRefused:
        form.refuse("document_number", "too_many_claims")
        return _claim_page(request, form, status=TOO_MANY_TRIES)
    return keep_challenge(request, go(request, CODE.path), challenge)


def _claim_page(
    request: PortalRequest, form: Form[ClaimAnswers], status: int = 200, *, unavailable: bool = False
) -> Response[bytes]:
    return page(
        request,
        "claim/identity.html",
        status=status,
        form=form,
        kinds=[(kind.value, label(request.lang, kind)) for kind in document_kinds()],
        unavailable=unavailable,
        national_identity=request.portal.national_identity is not None,
    )


def _later(response: Response[bytes]) -> Response[bytes]:
    response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return response


@get("/claim/account")
async def show_new_account(request: PortalRequest) -> Response[bytes]:
    challenge = await current_challenge(request, Purpose.CLAIM)
    if challenge is None or challenge.step != Step.PROVEN:
        return go(request, CODE.path)
    form = Form(AccountAnswers, request.lang)
    form.answers = {"language": request.lang, "sms_language": request.lang}
    return await _account_page(request, challenge, form)


@post("/claim/account", opt=HASHES)
async def open_account(request: PortalRequest) -> Response[bytes]:
    challenge = await current_challenge(request, Purpose.CLAIM)
    if challenge is None or challenge.step != Step.PROVEN:
        return await answered_before(request) or go(request, CODE.path)
    form = await read_form(request, AccountAnswers)
    if not form.valid:
        return await _account_page(request, challenge, form, status=422)
    try:
        opened = await claims.open_account(
            request.db,
            challenge_id=challenge.id,
            browser=request.browser,
            password=form.data.new_password,
            language=form.data.language,
            sms_language=form.data.sms_language,
            email=form.data.email,
            shared_device=True,
            device=request.device,
            hasher=request.hasher,
            keys=request.keys,
            now=request.now,
        )
    except PasswordRefused as refusal:
        form.refuse("new_password", refusal.code, shortest=int(refusal.shortest))
        return await _account_page(request, challenge, form, status=422)
    except claims.AlreadyClaimed:
        return await answered_before(request) or go(request, "/sign-in?claimed=yes")
    except CodeRefused:
        return await answered_before(request) or go(request, CODE.start)
    await leave(request)
    return _welcome(request, opened)


def _welcome(request: PortalRequest, opened: claims.OpenedAccount) -> Response[bytes]:
    response = go(request, "/claim/done")
    keep_session(request, response, opened.token)
    keep_code(request, response, opened.recovery_code, hash_token(opened.token))
    forget_challenge(request, response, Purpose.CLAIM)
    if opened.email_challenge:
        keep_challenge(request, response, opened.email_challenge)
    return response


async def _account_page(
    request: PortalRequest, challenge: Challenge, form: Form[AccountAnswers], status: int = 200
) -> Response[bytes]:
    owner: Person = await register.person(request.db, challenge.person_id or 0)
    return page(
        request,
        "claim/account.html",
        status=status,
        form=form,
        identifier=owner.identifier,
        languages=[(locale.code, locale.own_name) for locale in LOCALES.values()],
        samples=_samples(request),
    )


def _samples(request: PortalRequest) -> list[Sample]:
    settings = request.portal.settings
    speaker = Speaker(domain=settings.domain, hotline=settings.hotline, url=settings.public_url)
    values: dict[str, Value] = {"reference": SAMPLE_REFERENCE, "date": local_date(request.now)}
    return [
        Sample(
            lang=locale.code,
            dir=locale.dir,
            own_name=locale.own_name,
            text=render(
                Template.DECLARATION_RECEIVED, locale.code, Channel.SMS, values, portal=speaker, link=None
            ).body,
        )
        for locale in LOCALES.values()
    ]


@get("/claim/done")
async def show_recovery_code(request: PortalRequest) -> Response[bytes]:
    code = kept_code(request)
    if code is None:
        return await _after_claim(request)
    return page(request, "claim/done.html", recovery_code=code, identifier=request.signed_in.identifier)


@post("/claim/done")
async def confirm_recovery_code(request: PortalRequest) -> Response[bytes]:
    response = await _after_claim(request)
    forget_code(request, response)
    return response


async def _after_claim(request: PortalRequest) -> Response[bytes]:
    waits_for_email = await current_challenge(request, Purpose.CONFIRM_EMAIL)
    return go(request, "/account/email/code" if waits_for_email else "/household")


HANDLERS = [
    show_claim,
    start_claim,
    *code_routes(CODE),
    show_new_account,
    open_account,
    show_recovery_code,
    confirm_recovery_code,
]
