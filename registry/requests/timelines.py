"""A citizen's requests as the citizen follows them: where each stands, and what it changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from registry.errors import NotFound
from registry.households import find_household
from registry.indexes import ledger
from registry.requests.documents import StoredDocument, documents_by_request
from registry.rules.scoring import Line
from registry.tables import (
    IndexEvent,
    RecomputationRequest,
    RequestOwner,
    RequestReason,
    RequestStatus,
)

LIST_LENGTH = 20


@dataclass(frozen=True)
class RequestTimeline:
    """A request as the citizen follows it. What was written is shown to its writer alone (`is_own`)."""

    reference: str
    is_own: bool
    reason: RequestReason
    line_code: str | None
    words: str | None
    fact: str | None
    proposed_value: str | None
    documents: tuple[StoredDocument, ...]
    centre_code: str
    status: RequestStatus
    received_at: datetime
    due_on: date
    opened_at: datetime | None
    decided_at: datetime | None
    decision_words: str | None
    owner: RequestOwner
    source: str | None
    reminded_at: datetime | None
    escalated_at: datetime | None
    region: str
    index_before: Decimal | None
    index_after: Decimal | None
    lines_before: tuple[Line, ...]
    lines_after: tuple[Line, ...]

    @property
    def is_open(self) -> bool:
        return self.decided_at is None


async def requests_of(session: AsyncSession, *, person_id: int) -> tuple[RequestTimeline, ...]:
    """The requests of the person's household and the person's own, the newest first."""
    newest = await _visible_to(session, person_id)
    rows = await session.exec(newest.order_by(col(RecomputationRequest.id).desc()).limit(LIST_LENGTH))
    return await _timelines(session, rows.all(), person_id)


async def request_timeline(session: AsyncSession, *, person_id: int, reference: str) -> RequestTimeline:
    """One of the requests that `requests_of` lists, or once listed. Raises NotFound."""
    visible = await _visible_to(session, person_id)
    rows = await session.exec(visible.where(RecomputationRequest.reference == reference))
    for timeline in await _timelines(session, rows.all(), person_id):
        return timeline
    raise NotFound


async def _visible_to(session: AsyncSession, person_id: int) -> SelectOfScalar[RecomputationRequest]:
    household = await find_household(session, person_id=person_id)
    of_household = RecomputationRequest.household_id == (household.id if household else 0)
    return select(RecomputationRequest).where(of_household | (RecomputationRequest.person_id == person_id))


async def _timelines(
    session: AsyncSession, requests: Sequence[RecomputationRequest], person_id: int
) -> tuple[RequestTimeline, ...]:
    ids = {event_id for each in requests for event_id in (each.index_before_id, each.index_after_id)}
    rows = await session.exec(select(IndexEvent).where(col(IndexEvent.id).in_(ids - {None})))
    events = {event.id: event for event in rows}
    own = [each.id for each in requests if each.person_id == person_id]
    documents = await documents_by_request(session, request_ids=own)
    return tuple(
        _timeline(
            each,
            is_own=each.person_id == person_id,
            before=events.get(each.index_before_id or 0),
            after=events.get(each.index_after_id or 0),
            documents=documents.get(each.id, ()),
        )
        for each in requests
    )


def _timeline(
    request: RecomputationRequest,
    *,
    is_own: bool,
    before: IndexEvent | None,
    after: IndexEvent | None,
    documents: tuple[StoredDocument, ...],
) -> RequestTimeline:
    return RequestTimeline(
        reference=request.reference,
        is_own=is_own,
        reason=request.reason,
        line_code=request.line_code,
        words=request.words if is_own else None,
        fact=request.fact if is_own else None,
        proposed_value=request.proposed_value if is_own else None,
        documents=documents,
        centre_code=request.centre_code,
        status=request.status,
        received_at=request.received_at,
        due_on=request.due_on,
        opened_at=request.opened_at,
        decided_at=request.decided_at,
        decision_words=request.decision_words if is_own else None,
        owner=request.owner,
        source=request.source,
        reminded_at=request.reminded_at,
        escalated_at=request.escalated_at,
        region=before.region if before else "",
        index_before=before.index if before else None,
        index_after=after.index if after else None,
        lines_before=ledger(before.lines) if before else (),
        lines_after=ledger(after.lines) if after else (),
    )
