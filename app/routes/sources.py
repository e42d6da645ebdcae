"""What public registers say of my household: what differs from my declaration, and who is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlmodel import col, select

from app.explanations.categories import in_its_language
from app.explanations.contradictions import ToldContradiction, told_contradiction
from app.explanations.moves import change_between, told_moves
from app.explanations.programmes import programme_words
from app.forms.base import Form, read_form
from app.forms.sources import SourceAnswers
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.declaration import BY_HEAD_ONLY
from app.routes.declaration_sending import RECEIPTS
from identity.people import register
from registry.errors import ChangedMeanwhile, NoHousehold, NotFound
from registry.facts import IncompleteFacts
from registry.households import find_household
from registry.indexes import ledger, written_decision
from registry.requests.source_decisions import AlreadyAnswered, effect_of, use_source
from registry.requests.timelines import requests_of
from registry.rules.scoring import Line
from registry.sources.configuration import sources
from registry.sources.contradictions import contradictions_of, source_answers
from registry.sources.tables import Contradiction, ContradictionStatus
from registry.tables import Declaration, Household, IndexEvent
from registry.versions import Version, membership_ids, read_version

SOURCES = "/household/sources"
ONE = f"{SOURCES}/{{reference:str}}"
SHOWN = (
    ContradictionStatus.OPEN,
    ContradictionStatus.CONTESTED,
    ContradictionStatus.USED,
    ContradictionStatus.DECIDED,
    ContradictionStatus.COUNTED,
)


@dataclass(frozen=True)
class _File:
    """A household as its pages about sources need it; `told` only what the reader may see."""

    household: Household
    version: Version
    event: IndexEvent | None
    lines: tuple[Line, ...]
    rows: Mapping[str, Contradiction]
    told: tuple[ToldContradiction, ...]
    whose: Mapping[str, str]

    @property
    def open(self) -> tuple[ToldContradiction, ...]:
        return tuple(each for each in self.told if each.is_open)


@get(SOURCES)
async def show_sources(request: PortalRequest) -> Response[bytes]:
    """The first contradiction that waits for an answer, the others after it, and all that the sources answered."""
    file = await _read(request)
    if file is None:
        return go(request, "/household")
    first = file.open[0] if file.open else None
    return await _page(request, file, first)


@get(ONE)
async def show_contradiction(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    file = await _read(request)
    return await _page(request, *_found(file, reference))


@post(ONE, exception_handlers=BY_HEAD_ONLY)
async def use(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """ "It is right": sent like a declaration, once, and only with the effect that the page showed."""
    file, told = _found(await _read(request), reference)
    form = await read_form(request, SourceAnswers)
    if not form.valid or form.data.declaration != file.version.declaration.reference:
        return await _page(request, file, told, status=409 if form.valid else 422)
    try:
        version = await use_source(
            request.db,
            person_id=request.signed_in.citizen_id,
            reference=reference,
            language=request.lang,
            actor=request.signed_in.actor,
            now=request.now,
        )
    except (AlreadyAnswered, ChangedMeanwhile, IncompleteFacts):
        return await _page(request, *_found(await _read(request), reference), status=409)
    except (NotFound, NoHousehold):
        raise NotFoundException from None
    return go(request, f"{RECEIPTS}/{version.declaration.reference}")


def _found(file: _File | None, reference: str) -> tuple[_File, ToldContradiction]:
    for each in file.told if file else ():
        if file and each.reference == reference:
            return file, each
    raise NotFoundException


async def _read(request: PortalRequest) -> _File | None:
    """None without a household that has declared."""
    person_id = request.signed_in.citizen_id
    household = await find_household(request.db, person_id=person_id)
    if household is None or household.current_declaration_id is None:
        return None
    version = await read_version(request.db, declaration_id=household.current_declaration_id)
    event = (
        await request.db.get(IndexEvent, household.current_index_id) if household.current_index_id else None
    )
    lines = ledger(event.lines) if event else ()
    whose = await _whose(request, household, version)
    found = await contradictions_of(request.db, household_id=household.id)
    rows = {
        row.reference: row
        for row in found
        if row.status in SHOWN and ("." not in row.fact or row.fact.rpartition(".")[0] in whose)
    }
    declared = await _declared_at(request, list(rows.values()))
    told = tuple(
        told_contradiction(
            row,
            who=whose.get(row.fact.rpartition(".")[0], ""),
            declared_at=declared[row.declaration_id],
            lines=lines,
            lang=request.lang,
        )
        for row in rows.values()
    )
    return _File(household, version, event, lines, rows, told, whose)


async def _whose(request: PortalRequest, household: Household, version: Version) -> dict[str, str]:
    """The names of the members whose facts the reader may see, by reference: all for the head, who declared them."""
    reader = request.signed_in.citizen_id
    ids = await membership_ids(request.db, version)
    by_membership = {
        member.membership_id: member.person_id
        for member in version.members
        if member.person_id and reader in (household.head_person_id, member.person_id)
    }
    people = await register.people(request.db, list(by_membership.values()))
    return {
        reference: register.names(people[by_membership[key]], request.lang).full
        for reference, key in ids.items()
        if key in by_membership
    }


async def _declared_at(request: PortalRequest, rows: Sequence[Contradiction]) -> dict[int, datetime]:
    found = await request.db.exec(
        select(Declaration.id, Declaration.declared_at).where(
            col(Declaration.id).in_([row.declaration_id for row in rows])
        )
    )
    return dict(found.all())


async def _page(
    request: PortalRequest, file: _File, told: ToldContradiction | None, *, status: int = 200
) -> Response[bytes]:
    is_head = file.household.head_person_id == request.signed_in.citizen_id
    asked = await requests_of(request.db, person_id=request.signed_in.citizen_id)
    context: dict[str, Any] = {
        "told": told,
        "others": [each for each in file.open if told is None or each.reference != told.reference],
        "ended": [each for each in file.told if not each.is_open],
        "answers": await _answers(request, file),
        "is_head": is_head,
        "request_open": next((each for each in asked if each.is_open), None),
        "declaration": file.version.declaration,
        "changed_meanwhile": status == 409,
        "form": Form(SourceAnswers, request.lang),
        "effect": None,
        "may_wait": not file.version.declaration.complete,
    }
    if told is not None and told.is_open and is_head:
        context |= await _effect(request, file, told)
    return page(request, "sources/index.html", status=status, **context)


async def _effect(request: PortalRequest, file: _File, told: ToldContradiction) -> dict[str, Any]:
    """What the index would be, what moves, and what it would open: the same rules, and nothing is written."""
    try:
        effect = await effect_of(request.db, contradiction=file.rows[told.reference], now=request.now)
    except (AlreadyAnswered, IncompleteFacts):
        return {}
    if effect is None or effect.index is None or file.event is None:
        return {}
    then = programme_words([written_decision(each) for each in effect.decisions], request.lang)
    today = {each.code: each for each in programme_words(file.event.decisions, request.lang)}
    return {
        "effect": effect.index,
        "before": file.event.index,
        "change": change_between(file.event.index, effect.index.index),
        "moves": told_moves(file.lines, effect.index.lines, request.lang),
        "programmes": [(today.get(each.code), each) for each in then],
    }


async def _answers(request: PortalRequest, file: _File) -> list[dict[str, Any]]:
    """Every fact that a source can answer: what it said, or that it has not."""
    given = await source_answers(request.db, household=file.household, version=file.version, now=request.now)
    names = sources()
    return [
        {
            "fact": each.name.rpartition(".")[2],
            "who": file.whose.get(each.name.rpartition(".")[0], ""),
            "source": in_its_language(names[each.source].label(request.lang), request.lang),
            "finding": each.finding,
            "declared": each.declared,
        }
        for each in given
        if "." not in each.name or each.name.rpartition(".")[0] in file.whose
    ]


HANDLERS = [show_sources, show_contradiction, use]
