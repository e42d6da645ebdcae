"""The clock of a request: a reminder before it runs out, and the supervisor when it has.

Each happens once to a request, in the transaction that writes down that it did: whoever comes second finds it done.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, record
from identity.roles import Role
from identity.tables import Staff
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from registry.acts import Act
from registry.announcements import tell
from registry.dates import local_date
from registry.delays import delays_on
from registry.requests.reviews import OPEN
from registry.tables import RecomputationRequest

BATCH: Final = 50
# Officers have no language of their own on file: theirs is the first language of the administration.
STAFF_LANGUAGE: Final = "ar"
QUEUE: Final = "/staff"
FOLLOW: Final = "/household/recomputation"

_due_on, _reminded_at, _escalated_at = (
    col(RecomputationRequest.due_on),
    col(RecomputationRequest.reminded_at),
    col(RecomputationRequest.escalated_at),
)


async def watch_requests(session: AsyncSession, now: datetime) -> bool:
    """A batch of reminders and of escalations. True when there may be more of them."""
    reminded = await remind_of_requests(session, now=now)
    escalated = await escalate_requests(session, now=now)
    return max(reminded, escalated) == BATCH


async def remind_of_requests(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Remind the centre of the requests whose date is near, and tell the citizens that theirs is open still."""
    today = local_date(now)
    last_day = today + timedelta(days=delays_on(today).recomputation_reminder_days)
    near = _due_on.between(today, last_day) & _reminded_at.is_(None)
    for request in (found := await _take(session, near, "reminded_at", now, limit)):
        officers = await _in_charge(session, request)
        await _tell_officers(session, officers, request, Template.STAFF_REQUEST_DUE, now)
        await _tell_citizen(session, request, Template.REQUEST_DUE_SOON, now)
        await _note(session, request, Act.REQUEST_REMINDED, now)
    return len(found)


async def escalate_requests(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Put the requests whose date has passed before the supervisor of the centre, and tell the citizens."""
    late = (_due_on < local_date(now)) & _escalated_at.is_(None)
    for request in (found := await _take(session, late, "escalated_at", now, limit)):
        supervisors = await _officers(session, request.centre_code, (Role.SUPERVISOR,))
        await _tell_officers(session, supervisors, request, Template.STAFF_REQUEST_ESCALATED, now)
        await _tell_citizen(session, request, Template.REQUEST_ESCALATED, now)
        await _note(session, request, Act.REQUEST_ESCALATED, now)
    return len(found)


async def _take(
    session: AsyncSession, due: ColumnElement[bool], mark: str, now: datetime, limit: int
) -> Sequence[RecomputationRequest]:
    """Open requests that are due, marked in this transaction. One that is being decided just now is left alone."""
    wanted = (
        select(col(RecomputationRequest.id))
        .where(col(RecomputationRequest.status).in_(OPEN), due)
        .order_by(_due_on, col(RecomputationRequest.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await session.exec(wanted))
    if not ids:
        return ()
    await session.exec(
        update(RecomputationRequest)
        .where(col(RecomputationRequest.id).in_(ids))
        .values(**{mark: now})
        .execution_options(synchronize_session=False)
    )
    found = await session.exec(
        select(RecomputationRequest)
        .where(col(RecomputationRequest.id).in_(ids))
        .order_by(_due_on, col(RecomputationRequest.id))
        .execution_options(populate_existing=True)
    )
    return found.all()


async def _in_charge(session: AsyncSession, request: RecomputationRequest) -> Sequence[Staff]:
    """The officer who opened the request, if still at the centre; else everybody there who may decide."""
    everybody = await _officers(session, request.centre_code, (Role.AGENT, Role.SUPERVISOR))
    return [each for each in everybody if each.id == request.opened_by] or everybody


async def _officers(session: AsyncSession, centre_code: str, roles: Sequence[Role]) -> Sequence[Staff]:
    found = await session.exec(
        select(Staff)
        .where(Staff.centre_code == centre_code, col(Staff.role).in_(roles), col(Staff.disabled_at).is_(None))
        .order_by(col(Staff.id))
    )
    return found.all()


async def _tell_officers(
    session: AsyncSession,
    officers: Sequence[Staff],
    request: RecomputationRequest,
    template: Template,
    now: datetime,
) -> None:
    for officer in officers:
        await notify(
            session,
            recipient=Recipient(
                person_id=None,
                phone=None,
                email=officer.email,
                language=STAFF_LANGUAGE,
                sms_language=STAFF_LANGUAGE,
            ),
            template=template,
            values={"reference": request.reference, "until": request.due_on},
            link=QUEUE,
            now=now,
        )


async def _tell_citizen(
    session: AsyncSession, request: RecomputationRequest, template: Template, now: datetime
) -> None:
    await tell(
        session,
        person_id=request.person_id,
        template=template,
        values={"reference": request.reference, "until": request.due_on},
        link=FOLLOW,
        now=now,
    )


async def _note(session: AsyncSession, request: RecomputationRequest, act: Act, now: datetime) -> None:
    await record(
        session,
        actor=SYSTEM,
        action=act,
        person_id=request.person_id,
        household_id=request.household_id,
        reference=request.reference,
        details={"due_on": request.due_on.isoformat(), "centre": request.centre_code},
        now=now,
    )
