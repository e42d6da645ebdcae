"""Correcting the facts of a request: what is on file and what would be, side by side, before it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from app.explanations.moves import told_moves
from app.explanations.programmes import ProgrammeWords, programme_words
from app.explanations.reviewed import ADDRESS, ReviewedFact, reviewed_facts, typed_to_correct
from app.forms.base import Answer, Form, answers_of
from app.forms.declaration import choices_of, typed
from app.forms.recomputation import kind_of_answer
from app.forms.staff import DecisionAnswers, correction_answers
from app.i18n.labels import label
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
from registry.errors import ChangedMeanwhile
from registry.facts import IncompleteFacts, MissingFact
from registry.geography import atlas, options
from registry.indexes import written_decision
from registry.requests.corrections import InvalidCorrection, NothingChanged, is_fact
from registry.requests.decisions import AlreadyDecided, Foreseen, correct_facts, foresee_correction
from registry.requests.reviews import Review

CORRECTION = f"{ONE}/correction"
NOT_POSSIBLE = (AlreadyDecided, ChangedMeanwhile, InvalidCorrection, NothingChanged, IncompleteFacts)


@dataclass(frozen=True, slots=True)
class Change:
    """A fact before and after a correction; `typed` is how the form sends it."""

    fact: ReviewedFact
    value: Any
    typed: str


@get(CORRECTION, opt=WRITES)
async def show_correction(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    review = await to_decide(request, reference)
    if isinstance(review, Response):
        return review
    facts = _correctable(request, review)
    form = Form(_model(facts), request.lang)
    form.answers = {**typed_to_correct(facts), "household_version": str(review.household_version)}
    return _correction(request, review, facts, form)


def _correctable(request: PortalRequest, review: Review) -> tuple[ReviewedFact, ...]:
    """What is contested comes first."""
    asked = [fact for fact in reviewed_facts(review, request.lang) if fact.is_asked]
    return tuple(sorted(asked, key=lambda fact: not fact.is_concerned))


def _model(facts: tuple[ReviewedFact, ...]) -> type[DecisionAnswers]:
    return correction_answers([fact.name for fact in facts])


def _correction(
    request: PortalRequest,
    review: Review,
    facts: tuple[ReviewedFact, ...],
    form: Form[DecisionAnswers],
    status: int = 200,
) -> Response[bytes]:
    """Even a page that finds errors shows facts of the file: that it was opened stays on the record."""
    return page(
        request,
        "staff/correction.html",
        status=status,
        keep=True,
        form=form,
        **told(request, review) | {"facts": facts},
        kinds={fact.fact: kind_of_answer(fact.fact) for fact in facts if fact.fact not in ADDRESS},
        choices={fact.fact: _choices(request, fact.fact) for fact in facts if fact.fact not in ADDRESS},
        communes=_communes(review, request.lang),
    )


def _choices(request: PortalRequest, fact: str) -> list[tuple[Any, str]]:
    return [(each.value, label(request.lang, each)) for each in choices_of(fact)]


def _communes(review: Review, lang: str) -> list[tuple[str, str]]:
    """The communes of the province: a household that moved further away declares anew."""
    province = atlas().commune(review.current.commune).province_code
    return [(option.code, option.text) for option in options(province, lang)]


@post(CORRECTION, opt=LOOK)
async def look_at_correction(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """What the correction would do, beside what is on file."""
    review = await to_decide(request, reference)
    if isinstance(review, Response):
        return review
    facts = _correctable(request, review)
    answers = await answers_of(request)
    wants_form = answers.pop(AGAIN, None) is not None
    form = Form(_model(facts), request.lang, _with_facts(facts, answers))
    if wants_form:
        form.errors.clear()
        return _correction(request, review, facts, form)
    if not form.valid:
        return _correction(request, review, facts, form, status=422)
    if form.data.household_version != review.household_version:
        return not_done(request, reference, ChangedMeanwhile.code, 409)
    changes = _changes(facts, form.data)
    foreseen = await _foresee(request, reference, form, facts, changes)
    if foreseen is None:
        return _correction(request, review, facts, form, status=422)
    return _check_of_correction(request, review, form, changes, foreseen)


def _with_facts(facts: tuple[ReviewedFact, ...], answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The way back from the check brings only what was changed; the rest is as it is on file."""
    on_file = {fact.name: typed(fact.current) for fact in facts if fact.current is not None}
    return {**on_file, **answers}


def _changes(facts: tuple[ReviewedFact, ...], answers: DecisionAnswers) -> list[Change]:
    given = dict(answers)
    return [
        Change(fact, given[fact.name], "" if given[fact.name] is None else typed(given[fact.name]))
        for fact in facts
        if given[fact.name] != fact.current
    ]


async def _foresee(
    request: PortalRequest,
    reference: str,
    form: Form[DecisionAnswers],
    facts: tuple[ReviewedFact, ...],
    changes: list[Change],
) -> Foreseen | None:
    """What the correction would give; None when it is not possible, and the form says why."""
    try:
        return await foresee_correction(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            changed={change.fact.name: change.value for change in changes},
            now=request.now,
        )
    except NothingChanged:
        form.refuse("form", "nothing_changed")
    except IncompleteFacts as lacking:
        _ask_for_more(form, facts, lacking.missing)
    except InvalidCorrection as refusal:
        form.refuse(refusal.fact, "invalid")
    return None


def _ask_for_more(
    form: Form[DecisionAnswers], facts: tuple[ReviewedFact, ...], missing: tuple[MissingFact, ...]
) -> None:
    """Beside what has no answer on this page; what only another commune asks is not on it."""
    shown = {(fact.fact, fact.person_id): fact.name for fact in facts}
    for each in missing:
        name = shown.get((each.fact, each.person_id))
        form.refuse(name or "commune", "missing" if name else "incomplete_facts")


def _check_of_correction(
    request: PortalRequest,
    review: Review,
    form: Form[DecisionAnswers],
    changes: list[Change],
    foreseen: Foreseen,
) -> Response[bytes]:
    change: Decimal | None = foreseen.index.index - review.index_now.index if foreseen.index else None
    moved_to = [each.value for each in changes if each.fact.fact == "commune"]
    return page(
        request,
        "staff/correction_check.html",
        **told(request, review, *moved_to),
        form=form,
        changes=changes,
        index=foreseen.index,
        change=change,
        moves=told_moves(review.lines_now, foreseen.index.lines, request.lang) if foreseen.index else (),
        programmes=_programmes(review, foreseen, request.lang),
    )


def _programmes(
    review: Review, foreseen: Foreseen, lang: str
) -> list[tuple[ProgrammeWords | None, ProgrammeWords]]:
    """Each programme as it is now, if it was decided about, and as it would be."""
    now = {words.code: words for words in programme_words(review.index_now.decisions, lang)}
    then = programme_words([written_decision(each) for each in foreseen.decisions], lang)
    return [(now.get(words.code), words) for words in then]


@post(f"{CORRECTION}/confirm")
async def correct(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    answers = await answers_of(request)
    names = [name for name in answers if is_fact(name)]
    form = Form(correction_answers(names), request.lang, answers)
    if not form.valid:
        return not_done(request, reference, "invalid", 422)
    given = dict(form.data)
    try:
        await correct_facts(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            changed={name: given[name] for name in names},
            words=form.data.decision_words,
            household_version=form.data.household_version,
            now=request.now,
        )
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    except NOT_POSSIBLE as refusal:
        return not_done(request, reference, refusal.code, 409)
    return go(request, f"{REQUESTS}/{reference}")


HANDLERS = [show_correction, look_at_correction, correct]
