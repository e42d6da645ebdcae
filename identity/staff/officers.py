"""Officers: who they are, and the secret of their authenticator, which is sealed."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.audit import SYSTEM, Actor, IdentityAction, record
from identity.keys import Keys
from identity.proofs.passwords import PasswordHasher, ShortestPassword, check_password
from identity.proofs.totp import address_of, new_secret
from identity.roles import Role
from identity.tables import Staff, saved_id
from notifications.references import new_reference


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
            reference=new_reference("O"),
            email=address,
            name_ar=name_ar,
            name_latin=name_latin,
            password_hash=await hasher.hash(password),
            totp_sealed=seal_authenticator(secret, address, keys),
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


def seal_authenticator(secret: str, email: str, keys: Keys) -> bytes:
    return keys.sealer.seal(secret, seal_context(email))


def authenticator_secret(staff: Staff, keys: Keys) -> str:
    return keys.sealer.unseal_text(staff.totp_sealed, seal_context(staff.email))


def seal_context(email: str) -> str:
    return f"staff.totp|{email}"


async def staff_id_of(session: AsyncSession, *, email: str) -> int:
    """The officer in service whom a command names. Raises NoSuchStaff."""
    address = email.strip().lower()
    found = await session.exec(select(Staff).where(Staff.email == address, col(Staff.disabled_at).is_(None)))
    if (staff := found.one_or_none()) is None:
        raise NoSuchStaff
    return saved_id(staff)
