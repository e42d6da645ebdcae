"""What officers looked at and did, for whoever audits them: never what a file says, only that it was opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import IdentityAction, officer, record
from identity.people.tables import Person
from identity.roles import Duty
from identity.tables import ActorKind, AuditEntry, Staff
from registry.acts import Act
from registry.centres.directory import OpeningHours, centres
from registry.centres.officers import officer_with
from registry.dates import day_begins, local_time

# More files in one day than a desk sees people: a reason to ask, and no proof of anything.
MANY_FILES: Final = 40


class ActKind(StrEnum):
    LOOKED = "looked"
    REFUSED = "refused"
    CAME_IN = "came_in"
    COLLEAGUES = "colleagues"
    MODELS = "models"
    AUDITED = "audited"
    CHANGED = "changed"


KINDS: Final[Mapping[ActKind, frozenset[StrEnum]]] = MappingProxyType(
    {
        ActKind.LOOKED: frozenset(
            {
                Act.FILE_READ,
                Act.REQUEST_VIEWED,
                Act.DOCUMENT_READ,
                Act.APPOINTMENT_READ,
                Act.IDENTITY_RECEIPT_READ,
                Act.PHONE_BINDING_VIEWED,
            }
        ),
        ActKind.REFUSED: frozenset({Act.ACCESS_REFUSED, IdentityAction.STAFF_PROOF_REFUSED}),
        ActKind.CAME_IN: frozenset(
            {
                IdentityAction.STAFF_SIGNED_IN,
                IdentityAction.STAFF_PROVEN_AGAIN,
                IdentityAction.SIGNED_OUT,
            }
        ),
        ActKind.COLLEAGUES: frozenset(
            {
                IdentityAction.STAFF_ADDED,
                IdentityAction.STAFF_PROPOSED,
                IdentityAction.STAFF_APPROVED,
                IdentityAction.STAFF_PROPOSAL_REFUSED,
                IdentityAction.STAFF_ENROLLED,
                IdentityAction.STAFF_DISABLED,
            }
        ),
        ActKind.MODELS: frozenset(
            {Act.MODEL_PROPOSED, Act.MODEL_APPROVED, Act.MODEL_WITHDRAWN, Act.MODEL_TRIED}
        ),
        ActKind.AUDITED: frozenset({Act.AUDIT_READ}),
    }
)


class Mark(StrEnum):
    """Why somebody may want to ask the officer about an act."""

    OUT_OF_HOURS = "out_of_hours"
    SAME_FAMILY_NAME = "same_family_name"
    MANY_FILES = "many_files"


@dataclass(frozen=True)
class Wanted:
    """What an auditor asks for; None asks for everything. `officer` is a reference or an e-mail address."""

    officer: str | None = None
    centre: str | None = None
    person: str | None = None
    kind: ActKind | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class StaffAct:
    """`action` is None for one that has no name here; `files` is how many files the officer opened that day."""

    id: int
    at: datetime
    action: StrEnum | None
    officer: tuple[str, str]
    officer_reference: str
    centre_code: str
    person: str | None
    reference: str | None
    in_visit: bool
    marks: tuple[Mark, ...]
    files: int


async def staff_acts(
    session: AsyncSession,
    *,
    staff_id: int,
    wanted: Wanted,
    now: datetime,
    before_id: int | None = None,
    limit: int = 25,
) -> tuple[StaffAct, ...]:
    """The acts of officers, the newest first. The look itself is written down with them. Raises NotAllowed."""
    await officer_with(session, staff_id=staff_id, duty=Duty.READ_AUDIT)
    owner = await _person_id(session, wanted.person) if wanted.person else None
    own = aliased(Person)
    rows = (
        await session.exec(
            select(
                AuditEntry,
                Staff,
                Person.identifier,
                col(Person.family_name_ar) == col(own.family_name_ar),
            )
            .join(Staff, col(Staff.id) == AuditEntry.actor_id)
            .join(Person, col(Person.id) == AuditEntry.person_id, isouter=True)
            .join(own, col(own.id) == Staff.person_id, isouter=True)
            .where(AuditEntry.actor_kind == ActorKind.STAFF, *_conditions(wanted, owner))
            .where(*([col(AuditEntry.id) < before_id] if before_id is not None else []))
            .order_by(col(AuditEntry.id).desc())
            .limit(limit)
        )
    ).all()
    opened = await _files_of_days(session, [entry for entry, *_ in rows])
    await _record_look(session, staff_id, wanted, owner, now)
    return tuple(
        _act(entry, staff, whose, bool(namesakes), opened) for entry, staff, whose, namesakes in rows
    )


async def _record_look(
    session: AsyncSession, staff_id: int, wanted: Wanted, owner: int | None, now: datetime
) -> None:
    asked = [name for name, value in asdict(wanted).items() if value]
    await record(
        session,
        actor=officer(staff_id),
        action=Act.AUDIT_READ,
        person_id=owner,
        details={"asked": asked},
        now=now,
    )


async def _person_id(session: AsyncSession, identifier: str) -> int | None:
    return (await session.exec(select(Person.id).where(Person.identifier == identifier))).one_or_none()


def _conditions(wanted: Wanted, owner: int | None) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.officer:
        asked.append(or_(Staff.reference == wanted.officer.upper(), Staff.email == wanted.officer.lower()))
    if wanted.centre:
        asked.append(col(Staff.centre_code) == wanted.centre)
    if wanted.person:
        asked.append(col(AuditEntry.person_id) == (owner or 0))
    if wanted.kind is ActKind.CHANGED:
        asked.append(col(AuditEntry.action).not_in({act.value for acts in KINDS.values() for act in acts}))
    elif wanted.kind:
        asked.append(col(AuditEntry.action).in_({act.value for act in KINDS[wanted.kind]}))
    if wanted.since:
        asked.append(col(AuditEntry.at) >= day_begins(wanted.since))
    if wanted.until:
        asked.append(col(AuditEntry.at) < day_begins(wanted.until + timedelta(days=1)))
    return asked


async def _files_of_days(
    session: AsyncSession, shown: Sequence[AuditEntry]
) -> dict[tuple[int | None, date], int]:
    """How many different files each officer of the page opened on each day of the page."""
    found: dict[tuple[int | None, date], int] = {}
    looks = {act.value for act in KINDS[ActKind.LOOKED]}
    for actor_id, day in {(entry.actor_id, local_time(entry.at).date()) for entry in shown}:
        counted = await session.exec(
            select(func.count(func.distinct(AuditEntry.person_id)))
            .where(AuditEntry.actor_kind == ActorKind.STAFF, AuditEntry.actor_id == actor_id)
            .where(col(AuditEntry.action).in_(looks), col(AuditEntry.at) >= day_begins(day))
            .where(col(AuditEntry.at) < day_begins(day + timedelta(days=1)))
        )
        found[actor_id, day] = counted.one()
    return found


def _act(
    entry: AuditEntry,
    staff: Staff,
    whose: str | None,
    namesakes: bool,
    opened: Mapping[tuple[int | None, date], int],
) -> StaffAct:
    here = local_time(entry.at)
    files = opened[entry.actor_id, here.date()]
    known = centres().get(staff.centre_code)
    marked = {
        Mark.OUT_OF_HOURS: known is not None and whose is not None and not _is_open(known.hours, here),
        Mark.SAME_FAMILY_NAME: namesakes,
        Mark.MANY_FILES: files > MANY_FILES and entry.action in KINDS[ActKind.LOOKED],
    }
    return StaffAct(
        id=entry.id or 0,
        at=entry.at,
        action=_named(entry.action),
        officer=(staff.name_ar, staff.name_latin),
        officer_reference=staff.reference,
        centre_code=staff.centre_code,
        person=whose,
        reference=entry.reference,
        in_visit=entry.visit_id is not None,
        marks=tuple(mark for mark, applies in marked.items() if applies),
        files=files,
    )


def _is_open(hours: Sequence[OpeningHours], here: datetime) -> bool:
    return any(
        each.first_day <= here.isoweekday() <= each.last_day and each.opens <= here.time() < each.closes
        for each in hours
    )


def _named(action: str) -> StrEnum | None:
    for names in (Act, IdentityAction):
        if action in set(names):
            return names(action)
    return None
