"""Visits: an officer acts for a person who is present, who proved it by reading out a code, for half an hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.accounts import recipient
from identity.audit import Actor, officer, record
from identity.keys import Keys
from identity.people import register
from identity.people.numbers import parse_identifier
from identity.people.tables import Person
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.tables import Challenge, Purpose
from identity.roles import Duty
from identity.tables import Staff
from notifications.messages import Template, Value
from notifications.outbox import Recipient
from notifications.references import new_reference
from registry.acts import Act
from registry.announcements import tell
from registry.centres.officers import check_stranger, officer_with
from registry.centres.tables import Visit, VisitPurpose
from registry.centres.visit_receipts import VisitReceipt, receipt_of
from registry.dates import local_date
from registry.errors import NotFound
from registry.members import Registered, registered

VISIT_LENGTH = timedelta(minutes=30)
ENDING_BATCH = 200
VISIT_PAGE = "/account"


@dataclass(frozen=True)
class RunningVisit:
    """What the banner says, and in whose name the officer acts."""

    visit_id: int
    reference: str
    staff_id: int
    person: Registered
    purpose: VisitPurpose
    opened_at: datetime
    ends_at: datetime

    @property
    def actor(self) -> Actor:
        return officer(self.staff_id, visit_id=self.visit_id)


async def request_visit_code(
    session: AsyncSession,
    *,
    staff_id: int,
    identifier: str,
    purpose: VisitPurpose,
    browser: str,
    keys: Keys,
    now: datetime,
) -> Challenge:
    """Send a code to the number of the person who is present. The officer gets the same answer for an unknown number.

    Raises InvalidNumber, NotAllowed, OwnFile.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.OPEN_VISITS)
    wanted = parse_identifier(identifier).value
    person = await register.person_by_identifier(session, wanted)
    await check_stranger(session, staff=staff, person_ids=[(person.id if person else None) or 0], now=now)
    return await start_challenge(
        session,
        purpose=Purpose.VISIT,
        subject=f"{staff_id}|{wanted}",
        browser=browser,
        recipient=await _reachable(session, person),
        staff_id=staff_id,
        data={"purpose": purpose.value},
        keys=keys,
        now=now,
    )


async def _reachable(session: AsyncSession, person: Person | None) -> Recipient | None:
    """The same look-up for a number that nobody has."""
    try:
        found = await recipient(session, person_id=(person.id if person else None) or 0)
    except register.UnknownPerson:
        return None
    return found if found.phone and person and not person.deceased_on else None


async def open_visit(
    session: AsyncSession,
    *,
    staff_id: int,
    challenge_id: str,
    code: str,
    browser: str,
    keys: Keys,
    now: datetime,
) -> Visit:
    """Open the visit with the code that the person read out; the officer's earlier visit ends.

    Raises CodeRefused (keep the transaction: the try counts), NotAllowed, OwnFile.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.OPEN_VISITS)
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.VISIT,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    challenge = checked.challenge
    if challenge.staff_id != staff_id or challenge.person_id is None:
        raise CodeRefused("unknown")
    await use_proof(session, challenge, now=now)
    await check_stranger(session, staff=staff, person_ids=[challenge.person_id], now=now)
    await _end_running_of(session, staff_id, now)
    return await _open(session, staff, challenge.person_id, VisitPurpose(challenge.data["purpose"]), now)


async def _end_running_of(session: AsyncSession, staff_id: int, now: datetime) -> None:
    running = await session.exec(
        select(Visit).where(Visit.staff_id == staff_id, col(Visit.ended_at).is_(None))
    )
    for visit in running.all():
        await _end(session, visit, min(now, visit.ends_at), now)


async def _open(
    session: AsyncSession, staff: Staff, person_id: int, purpose: VisitPurpose, now: datetime
) -> Visit:
    assert staff.id is not None
    visit = Visit(
        reference=new_reference("V"),
        staff_id=staff.id,
        person_id=person_id,
        centre_code=staff.centre_code,
        purpose=purpose,
        opened_at=now,
        ends_at=now + VISIT_LENGTH,
    )
    session.add(visit)
    await session.flush()
    values: dict[str, Value] = {"reference": visit.reference, "at": now, "until": visit.ends_at}
    await _note(session, visit, Act.VISIT_OPENED, Template.VISIT_OPENED, values, now)
    return visit


async def _note(
    session: AsyncSession,
    visit: Visit,
    act: Act,
    template: Template,
    values: Mapping[str, Value],
    now: datetime,
) -> None:
    await record(
        session,
        actor=officer(visit.staff_id, visit_id=visit.id),
        action=act,
        person_id=visit.person_id,
        reference=visit.reference,
        details={"purpose": visit.purpose.value},
        now=now,
    )
    await tell(
        session,
        person_id=visit.person_id,
        template=template,
        values=values,
        link=VISIT_PAGE,
        now=now,
    )


async def running_visit(
    session: AsyncSession, *, visit_id: int, staff_id: int, now: datetime
) -> RunningVisit | None:
    """The officer's visit while it lasts; None once it was ended or its time is over."""
    rows = await session.exec(
        select(Visit, Person)
        .join(Person, col(Person.id) == Visit.person_id)
        .where(
            Visit.id == visit_id,
            Visit.staff_id == staff_id,
            col(Visit.ended_at).is_(None),
            col(Visit.ends_at) > now,
        )
    )
    found = rows.first()
    if found is None:
        return None
    visit, person = found
    return RunningVisit(
        visit_id=visit.id,
        reference=visit.reference,
        staff_id=visit.staff_id,
        person=registered(person, local_date(now)),
        purpose=visit.purpose,
        opened_at=visit.opened_at,
        ends_at=visit.ends_at,
    )


async def record_read(session: AsyncSession, *, visit: RunningVisit, page: str, now: datetime) -> None:
    """Note, before it is shown, that the officer reads a page of the person's file. `page` is its path."""
    await record(
        session,
        actor=visit.actor,
        action=Act.FILE_READ,
        person_id=visit.person.person_id,
        reference=visit.reference,
        details={"page": page},
        now=now,
    )


async def end_visit(session: AsyncSession, *, visit_id: int, staff_id: int, now: datetime) -> VisitReceipt:
    """End the officer's visit, tell the person, and return what was done. Ending twice ends once. Raises NotFound."""
    visit = await session.get(Visit, visit_id)
    if visit is None or visit.staff_id != staff_id:
        raise NotFound
    await _end(session, visit, min(now, visit.ends_at), now)
    return await receipt_of(session, visit)


async def _end(session: AsyncSession, visit: Visit, at: datetime, now: datetime) -> bool:
    ended = await session.scalar(
        update(Visit)
        .where(col(Visit.id) == visit.id, col(Visit.ended_at).is_(None))
        .values(ended_at=at)
        .returning(col(Visit.id))
        .execution_options(synchronize_session=False)
    )
    await session.refresh(visit)
    if ended is None:
        return False
    values: dict[str, Value] = {"reference": visit.reference, "at": at}
    await _note(session, visit, Act.VISIT_ENDED, Template.VISIT_ENDED, values, now)
    return True


async def end_visits_over(session: AsyncSession, *, now: datetime, limit: int = ENDING_BATCH) -> int:
    """End the visits whose time is over; returns how many. For the worker."""
    over = await session.exec(
        select(Visit)
        .where(col(Visit.ended_at).is_(None), col(Visit.ends_at) <= now)
        .order_by(col(Visit.id))
        .limit(limit)
    )
    return sum([await _end(session, visit, visit.ends_at, now) for visit in over.all()])
