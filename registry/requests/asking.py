"""Asking for recomputation: "this is wrong", one open request a household, a deadline that the citizen can see."""

from datetime import date, datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor, record
from notifications.messages import Template
from notifications.references import new_reference
from notifications.sealing import Sealer
from registry.acts import Act, acting
from registry.announcements import tell
from registry.centres.directory import centre_for
from registry.dates import local_date
from registry.delays import delays_on, due_on
from registry.errors import NoHousehold, Refused
from registry.households import find_household, lock_household
from registry.requests.corrections import is_fact
from registry.requests.documents import CleanDocument, store_document
from registry.requests.owners import source_of
from registry.rows import insert_unless_taken
from registry.tables import (
    Declaration,
    Household,
    IndexEvent,
    RecomputationRequest,
    RequestOwner,
    RequestReason,
    RequestStatus,
)

LONGEST_WORDS = 2000
LONGEST_VALUE = 200


class AlreadyOpen(Refused):
    """The household has a request that is not decided yet."""

    code = "already_open"


class NoIndex(Refused):
    """There is no index to look at again yet."""

    code = "no_index"


class InvalidRequest(Refused):
    """`code` names what is wrong: words, line, fact or value."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def request_recomputation(
    session: AsyncSession,
    *,
    person_id: int,
    reason: RequestReason,
    words: str,
    now: datetime,
    line_code: str | None = None,
    fact: str | None = None,
    proposed_value: str | None = None,
    source: str | None = None,
    document: CleanDocument | None = None,
    sealer: Sealer | None = None,
    actor: Actor | None = None,
) -> RecomputationRequest:
    """Ask the household's centre to look at the index again. `fact` is named as `registry.requests.corrections` says.

    A line whose value a source gave is that source's to answer for, and its clock is the source's; `source`
    names it where the caller knows.
    Raises NoHousehold, NoIndex, AlreadyOpen, InvalidRequest. A document needs the sealer.
    """
    found = await find_household(session, person_id=person_id)
    if found is None:
        raise NoHousehold
    household = await lock_household(session, household_id=found.id)
    index = await session.get(IndexEvent, household.current_index_id) if household.current_index_id else None
    if index is None:
        raise NoIndex
    _check(index, reason, words, line_code, fact, proposed_value)
    by = acting(actor, person_id)
    source = source or await source_of(session, household_id=household.id, line_code=line_code, fact=fact)
    owner = RequestOwner.SOURCE if source else RequestOwner.CENTRE
    request_id = await insert_unless_taken(
        session,
        RecomputationRequest,
        reference=new_reference("R"),
        household_id=household.id,
        person_id=person_id,
        line_code=line_code,
        reason=reason,
        words=words.strip(),
        fact=fact,
        proposed_value=proposed_value,
        status=RequestStatus.RECEIVED,
        centre_code=await _centre_code(session, household),
        received_at=now,
        owner=owner,
        source=source,
        due_on=due_on(local_date(now), answer_days(owner, local_date(now))),
        index_before_id=index.id,
        visit_id=by.visit_id,
    )
    if request_id is None:
        raise AlreadyOpen
    request = await session.get_one(RecomputationRequest, request_id)
    if document is not None:
        if sealer is None:
            raise ValueError("a document is kept sealed: it needs the sealer")
        await store_document(session, request_id=request_id, document=document, sealer=sealer, now=now)
    await _acknowledge(session, request, by, now)
    return request


def _check(
    index: IndexEvent,
    reason: RequestReason,
    words: str,
    line_code: str | None,
    fact: str | None,
    proposed_value: str | None,
) -> None:
    if not 0 < len(words.strip()) <= LONGEST_WORDS:
        raise InvalidRequest("words")
    codes = {line["code"] for line in index.lines}
    if line_code not in codes if line_code is not None else reason is RequestReason.WRONG_LINE:
        raise InvalidRequest("line")
    if fact is not None and not is_fact(fact):
        raise InvalidRequest("fact")
    if proposed_value is not None and len(proposed_value) > LONGEST_VALUE:
        raise InvalidRequest("value")


async def _centre_code(session: AsyncSession, household: Household) -> str:
    commune = await session.scalar(
        select(Declaration.commune).where(Declaration.id == household.current_declaration_id)
    )
    return centre_for(commune or "").code


async def _acknowledge(
    session: AsyncSession, request: RecomputationRequest, by: Actor, now: datetime
) -> None:
    await record(
        session,
        actor=by,
        action=Act.REQUEST_SENT,
        person_id=request.person_id,
        household_id=request.household_id,
        reference=request.reference,
        details={"reason": request.reason.value, "line": request.line_code, "owner": request.owner.value},
        now=now,
    )
    await tell(
        session,
        person_id=request.person_id,
        template=Template.REQUEST_RECEIVED,
        values={"reference": request.reference, "date": local_date(now), "until": request.due_on},
        link="/household/recomputation",
        now=now,
    )


def answer_days(owner: RequestOwner, day: date) -> int:
    """How many days the owner of a line has, by the configuration of the day on which it is asked."""
    delays = delays_on(day)
    if owner is RequestOwner.SOURCE:
        return delays.source_answer_days
    return delays.recomputation_answer_days
