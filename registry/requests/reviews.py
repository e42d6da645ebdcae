"""Requests as the centre sees them: the oldest deadline first, and opened on the record."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.people import register
from identity.roles import Duty, Role, may
from identity.tables import Staff
from notifications.sealing import Sealer
from registry.acts import Act
from registry.centres.officers import check_stranger, officer_with
from registry.dates import local_date
from registry.errors import NotFound
from registry.facts import HouseholdFacts, Relation
from registry.indexes import ledger
from registry.members import Registered, registered
from registry.requests.documents import CleanDocument, StoredDocument, documents_of, read_document
from registry.rules.scoring import Line
from registry.sources.contradictions import SourceAnswer, source_answers
from registry.tables import (
    Household,
    IndexEvent,
    Membership,
    MembershipStatus,
    RecomputationRequest,
    RequestOwner,
    RequestReason,
    RequestStatus,
)
from registry.versions import MemberAnswers, Version, membership_ids, read_version

OPEN = (RequestStatus.RECEIVED, RequestStatus.IN_REVIEW)


@dataclass(frozen=True)
class QueueEntry:
    """A line of the queue: nothing in it says whose request it is."""

    reference: str
    reason: RequestReason
    line_code: str | None
    status: RequestStatus
    received_at: datetime
    due_on: date
    is_late: bool
    opened_by_self: bool
    owner: RequestOwner
    source: str | None
    is_escalated: bool
    is_reminded: bool


@dataclass(frozen=True)
class ReviewMember:
    """A member as declared when the index was computed (`declared`, None for a newer member) and as on file now."""

    reference: str
    relation: Relation
    awaited: bool
    person: Registered | None
    declared: MemberAnswers | None
    current: MemberAnswers


@dataclass(frozen=True)
class Review:
    """All that an officer compares. `household_version` goes back with the decision."""

    request: RecomputationRequest
    requester: Registered
    household_reference: str
    household_version: int
    declaration_reference: str
    declared_at: datetime
    declared: HouseholdFacts
    current: HouseholdFacts
    answers: tuple[SourceAnswer, ...]
    members: tuple[ReviewMember, ...]
    index_before: IndexEvent
    lines_before: tuple[Line, ...]
    index_now: IndexEvent
    lines_now: tuple[Line, ...]
    documents: tuple[StoredDocument, ...]
    may_decide: bool


async def queue(
    session: AsyncSession, *, staff_id: int, now: datetime, after: str | None = None, limit: int = 50
) -> tuple[QueueEntry, ...]:
    """The open requests of the officer's centre, oldest deadline first. `after` is the last reference already shown.

    Raises NotAllowed.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.READ_REQUESTS)
    due_on, key = col(RecomputationRequest.due_on), col(RecomputationRequest.id)
    statement = select(RecomputationRequest).where(
        RecomputationRequest.centre_code == staff.centre_code, col(RecomputationRequest.status).in_(OPEN)
    )
    if after is not None:
        last = await _find(session, after)
        statement = statement.where((due_on > last.due_on) | ((due_on == last.due_on) & (key > last.id)))
    found = await session.exec(statement.order_by(due_on, key).limit(limit))
    today = local_date(now)
    return tuple(
        QueueEntry(
            reference=entry.reference,
            reason=entry.reason,
            line_code=entry.line_code,
            status=entry.status,
            received_at=entry.received_at,
            due_on=entry.due_on,
            is_late=entry.due_on < today,
            opened_by_self=entry.opened_by == staff_id,
            owner=entry.owner,
            source=entry.source,
            is_escalated=entry.escalated_at is not None,
            is_reminded=entry.reminded_at is not None,
        )
        for entry in found
    )


async def _find(session: AsyncSession, reference: str) -> RecomputationRequest:
    found = await session.exec(
        select(RecomputationRequest)
        .where(RecomputationRequest.reference == reference)
        .execution_options(populate_existing=True)
    )
    request = found.first()
    if request is None:
        raise NotFound
    return request


async def find_request(
    session: AsyncSession, *, reference: str, staff: Staff, now: datetime
) -> RecomputationRequest:
    """A request that this officer may see: of the centre (an auditor sees every centre's), and not the own family's.

    Raises NotFound, OwnFile.
    """
    request = await _find(session, reference)
    if staff.centre_code != request.centre_code and Role(staff.role) is not Role.AUDITOR:
        raise NotFound
    people = await _people_of(session, request)
    await check_stranger(session, staff=staff, person_ids=people, now=now)
    return request


async def _people_of(session: AsyncSession, request: RecomputationRequest) -> set[int]:
    members = await session.exec(
        select(Membership.person_id).where(
            Membership.household_id == request.household_id, Membership.status == MembershipStatus.ACTIVE
        )
    )
    return {request.person_id, *(person_id for person_id in members if person_id is not None)}


async def open_request(session: AsyncSession, *, staff_id: int, reference: str, now: datetime) -> Review:
    """Show a request to an officer, after every person in it has an audit entry that says so.

    The first officer who may decide takes it into review. Raises NotAllowed, NotFound, OwnFile.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.READ_REQUESTS)
    request = await find_request(session, reference=reference, staff=staff, now=now)
    may_decide = may(Role(staff.role), Duty.DECIDE_REQUESTS)
    is_first = may_decide and await _take(session, request, staff_id, now)
    for person_id in sorted(await _people_of(session, request)):
        await record(
            session,
            actor=officer(staff_id),
            action=Act.REQUEST_OPENED if is_first else Act.REQUEST_VIEWED,
            person_id=person_id,
            household_id=request.household_id,
            reference=reference,
            now=now,
        )
    return await _review(session, await _find(session, reference), may_decide, now)


async def _take(session: AsyncSession, request: RecomputationRequest, staff_id: int, now: datetime) -> bool:
    taken = await session.scalar(
        update(RecomputationRequest)
        .where(
            col(RecomputationRequest.id) == request.id,
            col(RecomputationRequest.status) == RequestStatus.RECEIVED,
        )
        .values(status=RequestStatus.IN_REVIEW, opened_by=staff_id, opened_at=now)
        .returning(col(RecomputationRequest.id))
        .execution_options(synchronize_session=False)
    )
    return taken is not None


async def _review(
    session: AsyncSession, request: RecomputationRequest, may_decide: bool, now: datetime
) -> Review:
    household = await session.get_one(Household, request.household_id, populate_existing=True)
    before = await session.get_one(IndexEvent, request.index_before_id)
    index_now = await session.get_one(IndexEvent, household.current_index_id)
    declared = await read_version(session, declaration_id=before.declaration_id)
    current = await read_version(session, declaration_id=household.current_declaration_id or 0)
    requester = await register.person(session, request.person_id)
    return Review(
        request=request,
        requester=registered(requester, current.declaration.facts_on),
        household_reference=household.reference,
        household_version=household.version,
        declaration_reference=declared.declaration.reference,
        declared_at=declared.declaration.declared_at,
        declared=declared.household,
        current=current.household,
        answers=await source_answers(session, household=household, version=current, now=now),
        members=await _members(session, declared, current),
        index_before=before,
        lines_before=ledger(before.lines),
        index_now=index_now,
        lines_now=ledger(index_now.lines),
        documents=await documents_of(session, request_id=request.id),
        may_decide=may_decide and request.status in OPEN,
    )


async def _members(session: AsyncSession, declared: Version, current: Version) -> tuple[ReviewMember, ...]:
    before = {member.membership_id: member.answers for member in declared.members}
    references = {key: reference for reference, key in (await membership_ids(session, current)).items()}
    people = await register.people(
        session, [member.person_id for member in current.members if member.person_id]
    )
    on = current.declaration.facts_on
    return tuple(
        ReviewMember(
            reference=references[member.membership_id],
            relation=member.relation,
            awaited=member.awaited,
            person=registered(people[member.person_id], on) if member.person_id else None,
            declared=before.get(member.membership_id),
            current=member.answers,
        )
        for member in current.members
    )


async def read_request_document(
    session: AsyncSession, *, staff_id: int, reference: str, document: str, sealer: Sealer, now: datetime
) -> CleanDocument:
    """A file of a request, for an officer who may see the request. Raises NotAllowed, NotFound, OwnFile."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.READ_REQUESTS)
    request = await find_request(session, reference=reference, staff=staff, now=now)
    read = await read_document(session, request_id=request.id, reference=document, sealer=sealer)
    await record(
        session,
        actor=officer(staff_id),
        action=Act.DOCUMENT_READ,
        person_id=request.person_id,
        household_id=request.household_id,
        reference=document,
        now=now,
    )
    return read
