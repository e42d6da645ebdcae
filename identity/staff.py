"""Officers: e-mail address, a long password and an authenticator, whose every step is good once.

Five tries, then fifteen minutes; the count is kept for the address typed, so that it does not tell who works here.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.audit import ANONYMOUS, SYSTEM, Actor, IdentityAction, officer, record
from identity.keys import Keys
from identity.passwords import PasswordHasher, ShortestPassword, check_password
from identity.roles import Role
from identity.tables import Staff, saved_id
from identity.totp import address_of, matching_step, new_secret


class StaffSignInRefused(Exception):
    """`code`: `wrong`, whatever was wrong; or `wait`, before the next try in about `seconds`.

    The count of the try must survive: whoever catches this keeps the transaction.
    """

    def __init__(self, code: str, seconds: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.seconds = seconds


class StaffExists(Exception):
    """There is an officer with this e-mail address."""

    code = "staff_exists"


class NoSuchStaff(Exception):
    """No officer in service has this e-mail address."""

    code = "no_such_staff"


@dataclass(frozen=True)
class AddedStaff:
    """`totp_secret` and `otpauth_uri` (for a QR code) are told once, to be put into the authenticator."""

    staff: Staff
    totp_secret: str
    otpauth_uri: str


@dataclass(frozen=True)
class StaffSignedIn:
    """`token` is for the session cookie."""

    staff: Staff
    token: str


async def add_staff(
    session: AsyncSession,
    *,
    email: str,
    name_ar: str,
    name_latin: str,
    password: str,
    role: Role,
    centre_code: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
    person_id: int | None = None,
    totp_secret: str | None = None,
    actor: Actor = SYSTEM,
) -> AddedStaff:
    """Raises PasswordRefused, Busy and StaffExists. `totp_secret` (base 32) is made unless it is given."""
    address = email.strip().lower()
    check_password(password, shortest=ShortestPassword.STAFF, personal=(address, name_ar, name_latin))
    secret = totp_secret or new_secret()
    inserted = await session.exec(
        limits.upsert(session)(Staff)
        .values(
            email=address,
            name_ar=name_ar,
            name_latin=name_latin,
            password_hash=await hasher.hash(password),
            totp_sealed=keys.sealer.seal(secret, _context(address)),
            totp_last_step=0,
            role=role,
            centre_code=centre_code,
            person_id=person_id,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(col(Staff.id))
    )
    staff_id = inserted.scalar_one_or_none()
    if staff_id is None:
        raise StaffExists
    await record(
        session,
        actor=actor,
        action=IdentityAction.STAFF_ADDED,
        details={"staff": staff_id, "role": role.value, "centre": centre_code},
        now=now,
    )
    added = (await session.exec(select(Staff).where(Staff.id == staff_id))).one()
    return AddedStaff(added, secret, address_of(secret, address))


def _context(email: str) -> str:
    return f"staff.totp|{email}"


async def sign_in_staff(
    session: AsyncSession,
    *,
    email: str,
    password: str,
    totp: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> StaffSignedIn:
    """Raises StaffSignInRefused and Busy."""
    address = email.strip().lower()
    ladder = limits.STAFF_TRIES
    if seconds := await limits.seconds_to_wait(session, ladder, subject=address, keys=keys, now=now):
        raise StaffSignInRefused("wait", seconds)
    found = (
        await session.exec(select(Staff).where(Staff.email == address, col(Staff.disabled_at).is_(None)))
    ).one_or_none()
    # Hashing comes before the first write, so that no row is locked while it lasts; its result counts only with a turn.
    fits = await hasher.verify(found.password_hash if found else None, password)
    step = matching_step(_secret(found, keys), totp, now)
    if not await limits.take_turn(session, ladder, subject=address, keys=keys, now=now):
        raise StaffSignInRefused("wait", int(ladder.waits[-1].total_seconds()))
    if found is None or not fits or step is None or not await _use_step(session, found, step):
        await _note_refusal(session, found.id if found else None, now)
        raise StaffSignInRefused("wrong")
    await limits.forget_tries(session, ladder, subject=address, keys=keys)
    staff_id = saved_id(found)
    await record(session, actor=officer(staff_id), action=IdentityAction.STAFF_SIGNED_IN, now=now)
    return StaffSignedIn(found, await sessions.open_staff_session(session, staff_id=staff_id, now=now))


def _secret(staff: Staff | None, keys: Keys) -> str:
    return keys.sealer.unseal_text(staff.totp_sealed, _context(staff.email)) if staff else new_secret()


async def _use_step(session: AsyncSession, staff: Staff, step: int) -> bool:
    """Each step once, and none before the last: compared and stored by one statement."""
    used = await session.exec(
        update(Staff)
        .where(col(Staff.id) == staff.id, col(Staff.totp_last_step) < step, col(Staff.disabled_at).is_(None))
        .values(totp_last_step=step)
        .returning(col(Staff.id))
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


async def _note_refusal(session: AsyncSession, staff_id: int | None, now: datetime) -> None:
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.STAFF_SIGN_IN_REFUSED,
        details={"staff": staff_id},
        now=now,
    )


async def staff_id_of(session: AsyncSession, *, email: str) -> int:
    """The officer in service whom a command names. Raises NoSuchStaff."""
    address = email.strip().lower()
    found = await session.exec(select(Staff).where(Staff.email == address, col(Staff.disabled_at).is_(None)))
    if (staff := found.one_or_none()) is None:
        raise NoSuchStaff
    return saved_id(staff)


async def prove_officer(
    session: AsyncSession, *, staff_id: int, totp: str, keys: Keys, now: datetime
) -> None:
    """Ask for the authenticator once more, for an act that needs it. Raises StaffSignInRefused, as at the door."""
    staff = await session.get_one(Staff, staff_id, populate_existing=True)
    ladder = limits.STAFF_TRIES
    if not await limits.take_turn(session, ladder, subject=staff.email, keys=keys, now=now):
        raise StaffSignInRefused("wait", int(ladder.waits[-1].total_seconds()))
    step = matching_step(_secret(staff, keys), totp, now)
    if step is None or not await _use_step(session, staff, step):
        await _note_refusal(session, staff_id, now)
        raise StaffSignInRefused("wrong")
    await limits.forget_tries(session, ladder, subject=staff.email, keys=keys)


async def sign_out_staff(session: AsyncSession, *, token_hash: str, staff_id: int, now: datetime) -> None:
    await sessions.end_session(session, token_hash=token_hash, now=now)
    await record(session, actor=officer(staff_id), action=IdentityAction.SIGNED_OUT, now=now)
