"""Who is signed in. The cookie holds 256 random bits; the database knows their SHA-256 only.

A session ends at the first of: its end, too long without a request, sign-out, a disabled account. Nothing revives it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, func, or_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.people.tables import Person
from identity.roles import Role
from identity.tables import Account, PortalSession, SecondProof, SessionKind, Staff
from notifications.columns import UtcDateTime, table_of
from notifications.references import new_reference
from notifications.tables import Notification

portal_session, account, person, staff, notification = (
    table_of(entity) for entity in (PortalSession, Account, Person, Staff, Notification)
)

TOKEN_BYTES: Final = 32
IDLE: Final = {SessionKind.CITIZEN: timedelta(minutes=15), SessionKind.STAFF: timedelta(minutes=10)}
ON_SHARED_DEVICE: Final = timedelta(hours=2)
ON_OWN_DEVICE: Final = timedelta(hours=12)
OF_STAFF: Final = timedelta(hours=8)
TOUCH_EVERY: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class FoundSession:
    """All that the head of a page needs. For staff the names are the officer's, the family names empty."""

    token_hash: str
    reference: str
    kind: SessionKind
    created_at: datetime
    seen_at: datetime
    proven_at: datetime
    ends_at: datetime
    idle_until: datetime
    shared_device: bool
    device: str
    given_name_ar: str
    family_name_ar: str
    given_name_latin: str
    family_name_latin: str
    second_proof: SecondProof | None = None
    second_at: datetime | None = None
    account_id: int | None = None
    person_id: int | None = None
    identifier: str | None = None
    phone_hold_until: datetime | None = None
    language: str | None = None
    unread: int = 0
    staff_id: int | None = None
    staff_email: str | None = None
    role: Role | None = None
    centre_code: str | None = None
    staff_person_id: int | None = None
    visit_id: int | None = None


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def idle_time(kind: SessionKind | str) -> timedelta:
    return IDLE[SessionKind(kind)]


async def open_citizen_session(
    session: AsyncSession,
    *,
    account_id: int,
    shared_device: bool,
    now: datetime,
    device: str = "",
    second_proof: SecondProof = SecondProof.SMS,
) -> str:
    """The token for the cookie; it is told once and kept nowhere. `device` is for the owner's list of sessions."""
    length = ON_SHARED_DEVICE if shared_device else ON_OWN_DEVICE
    return await _open(
        session,
        PortalSession(
            token_hash="",
            reference=new_reference("S"),
            kind=SessionKind.CITIZEN,
            account_id=account_id,
            created_at=now,
            seen_at=now,
            proven_at=now,
            ends_at=now + length,
            shared_device=shared_device,
            device=device,
            second_proof=second_proof,
            second_at=now,
        ),
    )


async def open_staff_session(session: AsyncSession, *, staff_id: int, now: datetime) -> str:
    return await _open(
        session,
        PortalSession(
            token_hash="",
            reference=new_reference("S"),
            kind=SessionKind.STAFF,
            staff_id=staff_id,
            created_at=now,
            seen_at=now,
            proven_at=now,
            ends_at=now + OF_STAFF,
            second_proof=SecondProof.AUTHENTICATOR,
            second_at=now,
        ),
    )


async def _open(session: AsyncSession, opened: PortalSession) -> str:
    token = new_token()
    opened.token_hash = hash_token(token)
    session.add(opened)
    await session.flush()
    return token


def _unread() -> ScalarSelect[int]:
    told_to_person = notification.c.person_id == account.c.person_id
    waiting = select(func.count()).where(
        told_to_person, notification.c.in_inbox, notification.c.read_at.is_(None)
    )
    return waiting.correlate(account).scalar_subquery()


# Written once, run on every request: what the head of a page needs, in one Core statement.
_FIND: Final = (
    select(
        portal_session,
        func.coalesce(person.c.given_name_ar, staff.c.name_ar).label("given_name_ar"),
        func.coalesce(person.c.family_name_ar, "").label("family_name_ar"),
        func.coalesce(person.c.given_name_latin, staff.c.name_latin).label("given_name_latin"),
        func.coalesce(person.c.family_name_latin, "").label("family_name_latin"),
        account.c.person_id,
        account.c.language,
        account.c.phone_hold_until,
        person.c.identifier,
        _unread().label("unread"),
        staff.c.email.label("staff_email"),
        staff.c.role,
        staff.c.centre_code,
        staff.c.person_id.label("staff_person_id"),
    )
    .select_from(
        portal_session.outerjoin(account, account.c.id == portal_session.c.account_id)
        .outerjoin(person, person.c.id == account.c.person_id)
        .outerjoin(staff, staff.c.id == portal_session.c.staff_id)
    )
    .where(
        portal_session.c.token_hash == bindparam("wanted"),
        portal_session.c.ended_at.is_(None),
        portal_session.c.ends_at > bindparam("moment", type_=UtcDateTime),
        account.c.disabled_at.is_(None),
        staff.c.disabled_at.is_(None),
        person.c.deceased_on.is_(None),
    )
)


async def find_session(session: AsyncSession, *, token: str, now: datetime) -> FoundSession | None:
    """The running session of a cookie, in one statement; None for an unknown, ended or idle one."""
    connection = await session.connection()
    row = (
        (await connection.execute(_FIND, {"wanted": hash_token(token), "moment": now}))
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    facts = {name: value for name, value in row.items() if name != "ended_at"}
    found = FoundSession(**facts, idle_until=row["seen_at"] + IDLE[row["kind"]])
    return found if found.idle_until > now else None


async def account_of_lapsed(session: AsyncSession, *, token: str) -> int | None:
    """Whose session a cookie was of that nobody ended: it ran out. None for an officer's, and for an unknown one."""
    ran_out = select(portal_session.c.account_id).where(
        portal_session.c.token_hash == hash_token(token),
        portal_session.c.ended_at.is_(None),
    )
    found: int | None = (await (await session.connection()).execute(ran_out)).scalar_one_or_none()
    return found


async def touch_session(session: AsyncSession, *, token_hash: str, now: datetime) -> bool:
    """Note that the visitor is there, at most every 30 seconds. One statement, which cannot revive what has ended."""
    touched = await session.exec(
        update(PortalSession)
        .where(col(PortalSession.token_hash) == token_hash, is_running(now))
        .where(col(PortalSession.seen_at) <= now - TOUCH_EVERY)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )
    return touched.rowcount == 1


def is_running(now: datetime) -> ColumnElement[bool]:
    """Not ended, not over, and not idle for too long."""
    seen_at = col(PortalSession.seen_at)
    not_idle = [and_(col(PortalSession.kind) == kind, seen_at > now - idle) for kind, idle in IDLE.items()]
    return and_(col(PortalSession.ended_at).is_(None), col(PortalSession.ends_at) > now, or_(*not_idle))


async def set_visit(session: AsyncSession, *, token_hash: str, visit_id: int | None) -> None:
    """Tie the officer's session to an open visit, or to none. What a visit is, the registry knows."""
    await _change(session, col(PortalSession.token_hash) == token_hash, visit_id=visit_id)


async def end_session(session: AsyncSession, *, token_hash: str, now: datetime) -> None:
    await _change(session, col(PortalSession.token_hash) == token_hash, ended_at=now)


async def end_account_sessions(session: AsyncSession, *, account_id: int, now: datetime) -> None:
    """After a change of password, wherever the account is signed in."""
    await _change(session, col(PortalSession.account_id) == account_id, ended_at=now)


async def end_staff_sessions(session: AsyncSession, *, staff_id: int, now: datetime) -> None:
    await _change(session, col(PortalSession.staff_id) == staff_id, ended_at=now)


async def _change(session: AsyncSession, which: ColumnElement[bool], **values: int | datetime | None) -> None:
    await session.exec(
        update(PortalSession)
        .where(which, col(PortalSession.ended_at).is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
