"""A new telephone bound at a centre: an officer asks, the citizen shows to hold the number, a second officer witnesses.

Nothing happens before the witness: until then there is a request that ends by itself after a quarter of an hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.account.accounts import DEFAULT_LANGUAGE, account_of_person
from identity.audit import officer, record
from identity.desk_tables import BindingReason, BindingStatus, PhoneBinding
from identity.keys import Keys
from identity.people.tables import DocumentKind, Person
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.tables import Challenge, Purpose
from identity.roles import Duty
from identity.tables import Staff, saved_id
from notifications.outbox import Recipient
from notifications.references import new_reference
from registry.acts import Act
from registry.centres.officers import check_stranger, officer_with
from registry.errors import NotFound, Refused

WITNESS_WITHIN: Final = timedelta(minutes=15)


class BindingRefused(Refused):
    """`unknown_document`: nobody of the register has these numbers together. `same`: it is the number on file already.

    `kept_elsewhere`: without an account the number is corrected where it is kept. `same_officer`: the witness is the
    one who asked. `over`: it was decided, or took too long. `wait`: too many documents that are nobody's.
    Whoever catches this keeps the transaction.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Asked:
    """What the officer typed, with the document in hand. `identifier` is given when the citizen knows it."""

    document_kind: DocumentKind
    document_number: str
    identifier: str | None
    phone: str
    reason: BindingReason
    password_lost: bool


@dataclass(frozen=True)
class WaitingBinding:
    """A line of the queue. `asked_by` is the colleague's name in both scripts; `is_own` when there is nothing to do."""

    reference: str
    asked_by: tuple[str, str]
    asked_at: datetime
    expires_at: datetime
    is_own: bool


async def ask_to_bind(
    session: AsyncSession,
    *,
    staff_id: int,
    asked: Asked,
    browser: str,
    kept_elsewhere: bool,
    keys: Keys,
    now: datetime,
) -> Challenge:
    """Send a code to the new number. `kept_elsewhere`: numbers of people without an account are another register's.

    Raises BindingRefused, NotAllowed, OwnFile.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.BIND_PHONES)
    person = await _person_of_document(session, staff, asked, keys=keys, now=now)
    await check_stranger(session, staff=staff, person_ids=[saved_id(person)], now=now)
    owner = await account_of_person(session, saved_id(person))
    if asked.phone == (owner.phone if owner else person.phone):
        raise BindingRefused("same")
    if owner is None and kept_elsewhere:
        raise BindingRefused("kept_elsewhere")
    language, sms_language = (
        (owner.language, owner.sms_language) if owner else (DEFAULT_LANGUAGE, DEFAULT_LANGUAGE)
    )
    return await start_challenge(
        session,
        purpose=Purpose.BIND_PHONE,
        subject=f"{staff_id}|{person.id}|{asked.phone}",
        browser=browser,
        recipient=Recipient(person.id, asked.phone, None, language, sms_language),
        account_id=owner.id if owner else None,
        staff_id=staff_id,
        data=_kept(asked),
        keys=keys,
        now=now,
    )


async def _person_of_document(
    session: AsyncSession, staff: Staff, asked: Asked, *, keys: Keys, now: datetime
) -> Person:
    """The living person whose document it is. A miss is counted: the desk is no place to look for people."""
    subject = str(staff.id)
    if await limits.used(session, limits.DESK_MISSES, subject=subject, keys=keys, now=now) >= (
        limits.DESK_MISSES.count
    ):
        raise BindingRefused("wait")
    found = await session.exec(
        select(Person).where(
            Person.document_kind == asked.document_kind,
            Person.document_number == asked.document_number,
            col(Person.deceased_on).is_(None),
        )
    )
    person = found.one_or_none()
    if (
        person is None
        or asked.identifier not in (None, person.identifier)
        or await _is_closed(session, person)
    ):
        await limits.spend(session, limits.DESK_MISSES, subject=subject, keys=keys, now=now)
        await note_binding(session, staff, Act.ACCESS_REFUSED, None, None, now, why="unknown_document")
        raise BindingRefused("unknown_document")
    return person


async def _is_closed(session: AsyncSession, person: Person) -> bool:
    owner = await account_of_person(session, saved_id(person))
    return owner is not None and owner.disabled_at is not None


def _kept(asked: Asked) -> dict[str, Any]:
    return {
        "document_kind": asked.document_kind.value,
        "document_number": asked.document_number,
        "reason": asked.reason.value,
        "password_lost": asked.password_lost,
    }


async def hold_number(
    session: AsyncSession,
    *,
    staff_id: int,
    challenge_id: str,
    code: str,
    browser: str,
    keys: Keys,
    now: datetime,
) -> PhoneBinding:
    """With the code that the citizen read out the request waits for its witness; an earlier one of his is withdrawn.

    Raises CodeRefused (keep the transaction: the try counts), NotAllowed, OwnFile.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.BIND_PHONES)
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.BIND_PHONE,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    challenge = checked.challenge
    if challenge.staff_id != staff_id or challenge.person_id is None or challenge.address is None:
        raise CodeRefused("unknown")
    await use_proof(session, challenge, now=now)
    await check_stranger(session, staff=staff, person_ids=[challenge.person_id], now=now)
    # Two officers who ask for the same person at once wait for each other here, and one request is left.
    await session.exec(
        select(Person.id).where(Person.id == challenge.person_id).with_for_update(key_share=True)
    )
    await _end_waiting(session, col(PhoneBinding.person_id) == challenge.person_id, staff_id, now)
    binding = _binding(staff, challenge, now)
    session.add(binding)
    await session.flush()
    await note_binding(session, staff, Act.PHONE_BINDING_ASKED, binding.person_id, binding.reference, now)
    return binding


def _binding(staff: Staff, challenge: Challenge, now: datetime) -> PhoneBinding:
    data: Mapping[str, Any] = challenge.data
    return PhoneBinding(
        reference=new_reference("T"),
        person_id=challenge.person_id or 0,
        phone=challenge.address or "",
        document_kind=DocumentKind(data["document_kind"]),
        document_number=data["document_number"],
        reason=BindingReason(data["reason"]),
        password_lost=data["password_lost"] and challenge.account_id is not None,
        centre_code=staff.centre_code,
        asked_by=saved_id(staff),
        asked_at=now,
        expires_at=now + WITNESS_WITHIN,
    )


async def _end_waiting(session: AsyncSession, which: Any, staff_id: int, now: datetime) -> bool:
    ended = await session.exec(
        update(PhoneBinding)
        .where(which, col(PhoneBinding.status) == BindingStatus.WAITING)
        .values(status=BindingStatus.WITHDRAWN, decided_by=staff_id, decided_at=now)
        .returning(col(PhoneBinding.id))
        .execution_options(synchronize_session=False)
    )
    return ended.first() is not None


async def waiting_bindings(
    session: AsyncSession, *, staff_id: int, now: datetime
) -> tuple[WaitingBinding, ...]:
    """What waits in the officer's centre, the most urgent first. Nobody is named. Raises NotAllowed."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.BIND_PHONES)
    rows = await session.exec(
        select(PhoneBinding, Staff)
        .join(Staff, col(Staff.id) == PhoneBinding.asked_by)
        .where(
            PhoneBinding.centre_code == staff.centre_code,
            PhoneBinding.status == BindingStatus.WAITING,
            col(PhoneBinding.expires_at) > now,
        )
        .order_by(col(PhoneBinding.expires_at), col(PhoneBinding.id))
    )
    return tuple(
        WaitingBinding(
            reference=binding.reference,
            asked_by=(asker.name_ar, asker.name_latin),
            asked_at=binding.asked_at,
            expires_at=binding.expires_at,
            is_own=binding.asked_by == staff_id,
        )
        for binding, asker in rows
    )


async def binding_of_centre(session: AsyncSession, *, staff_id: int, reference: str) -> PhoneBinding:
    """A request of the officer's own centre. Raises NotAllowed, NotFound."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.BIND_PHONES)
    return await find_in_centre(session, staff, reference)


async def find_in_centre(session: AsyncSession, staff: Staff, reference: str) -> PhoneBinding:
    rows = await session.exec(
        select(PhoneBinding)
        .where(PhoneBinding.reference == reference, PhoneBinding.centre_code == staff.centre_code)
        .execution_options(populate_existing=True)
    )
    found = rows.one_or_none()
    if found is None:
        raise NotFound
    return found


def is_waiting(binding: PhoneBinding, *, now: datetime) -> bool:
    return binding.status == BindingStatus.WAITING and binding.expires_at > now


async def withdraw_binding(session: AsyncSession, *, staff_id: int, reference: str, now: datetime) -> None:
    """The one who asked takes it back; one that is over stays as it is. Raises NotAllowed, NotFound."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.BIND_PHONES)
    binding = await find_in_centre(session, staff, reference)
    if binding.asked_by != staff_id:
        raise NotFound
    if await _end_waiting(session, col(PhoneBinding.id) == binding.id, staff_id, now):
        await note_binding(session, staff, Act.PHONE_BINDING_WITHDRAWN, binding.person_id, reference, now)


async def note_binding(
    session: AsyncSession,
    staff: Staff,
    act: Act,
    person_id: int | None,
    reference: str | None,
    now: datetime,
    **details: Any,
) -> None:
    await record(
        session,
        actor=officer(saved_id(staff)),
        action=act,
        person_id=person_id,
        reference=reference,
        details=details,
        now=now,
    )
