"""The second officer of a binding: looks at the person and the document, and makes the new number count, or refuses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.accounts import DEFAULT_LANGUAGE, account_of_person
from identity.account.phones import bind_phone_in_person
from identity.audit import officer
from identity.desk_tables import BindingStatus, PhoneBinding
from identity.people import register
from identity.people.tables import Person
from identity.roles import Duty
from identity.tables import Account, Staff, saved_id
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from registry.acts import Act
from registry.centres.officers import check_stranger, officer_with
from registry.centres.phone_bindings import BindingRefused, find_in_centre, is_waiting, note_binding

PASSWORD_WITHIN: Final = timedelta(hours=24)


HELP_PAGE: Final = "/help/lost"


@dataclass(frozen=True)
class ToWitness:
    """What the second officer compares with the person and the document."""

    binding: PhoneBinding
    person: Person
    asked_by: tuple[str, str]
    has_account: bool


async def look_as_witness(
    session: AsyncSession, *, staff_id: int, reference: str, now: datetime
) -> ToWitness:
    """What the witness is shown, and the audit entry of it. Raises NotAllowed, NotFound, OwnFile, BindingRefused."""
    staff, binding, asker = await _as_witness(session, staff_id, reference, now)
    person = await register.person(session, binding.person_id)
    await note_binding(session, staff, Act.PHONE_BINDING_VIEWED, binding.person_id, binding.reference, now)
    return ToWitness(
        binding=binding,
        person=person,
        asked_by=(asker.name_ar, asker.name_latin),
        has_account=await account_of_person(session, binding.person_id) is not None,
    )


async def _as_witness(
    session: AsyncSession, staff_id: int, reference: str, now: datetime
) -> tuple[Staff, PhoneBinding, Staff]:
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.BIND_PHONES)
    binding = await find_in_centre(session, staff, reference)
    asker = await session.get_one(Staff, binding.asked_by)
    if asker.id == staff.id or (staff.person_id is not None and asker.person_id == staff.person_id):
        raise BindingRefused("same_officer")
    if not is_waiting(binding, now=now) or asker.disabled_at is not None:
        raise BindingRefused("over")
    await check_stranger(session, staff=staff, person_ids=[binding.person_id], now=now)
    return staff, binding, asker


async def witness_binding(
    session: AsyncSession, *, staff_id: int, reference: str, now: datetime
) -> PhoneBinding:
    """The number is the person's from now on. Of several witnesses at once the first counts.

    Raises NotAllowed, NotFound, OwnFile, BindingRefused.
    """
    staff, binding, asker = await _as_witness(session, staff_id, reference, now)
    await _decide(session, binding, BindingStatus.CONFIRMED, staff, now)
    owner = await account_of_person(session, binding.person_id)
    if owner is None:
        await _correct_number_on_file(session, binding, now)
    else:
        await _bind_to_account(session, binding, owner, staff, now)
    await note_binding(
        session,
        staff,
        Act.PHONE_BINDING_WITNESSED,
        binding.person_id,
        binding.reference,
        now,
        asked_by=asker.id,
        reason=binding.reason.value,
        document=binding.document_kind.value,
    )
    return binding


async def _decide(
    session: AsyncSession, binding: PhoneBinding, status: BindingStatus, staff: Staff, now: datetime
) -> None:
    decided = await session.exec(
        update(PhoneBinding)
        .where(
            col(PhoneBinding.id) == binding.id,
            col(PhoneBinding.status) == BindingStatus.WAITING,
            col(PhoneBinding.expires_at) > now,
        )
        .values(status=status, decided_by=staff.id, decided_at=now)
        .returning(col(PhoneBinding.id))
        .execution_options(synchronize_session=False)
    )
    if decided.first() is None:
        raise BindingRefused("over")
    await session.refresh(binding)


async def _bind_to_account(
    session: AsyncSession, binding: PhoneBinding, owner: Account, staff: Staff, now: datetime
) -> None:
    if owner.disabled_at is not None:
        raise BindingRefused("over")
    change = await bind_phone_in_person(
        session, account_id=saved_id(owner), phone=binding.phone, actor=officer(saved_id(staff)), now=now
    )
    binding.phone_change_id = change.id
    binding.password_until = now + PASSWORD_WITHIN if binding.password_lost else None
    session.add(binding)
    await session.flush()


async def _correct_number_on_file(session: AsyncSession, binding: PhoneBinding, now: datetime) -> None:
    """The number that was on file is told: whoever has it may be the person after all."""
    person = await register.person(session, binding.person_id)
    told = Recipient(person.id, person.phone, None, DEFAULT_LANGUAGE, DEFAULT_LANGUAGE)
    person.phone = binding.phone
    session.add(person)
    await session.flush()
    await notify(
        session,
        recipient=told,
        template=Template.PHONE_CORRECTED,
        values={"reference": binding.reference, "at": now},
        link=HELP_PAGE,
        now=now,
    )


async def refuse_binding(
    session: AsyncSession, *, staff_id: int, reference: str, now: datetime
) -> PhoneBinding:
    """The witness does not know the person in the document. Raises NotAllowed, NotFound, OwnFile, BindingRefused."""
    staff, binding, _asker = await _as_witness(session, staff_id, reference, now)
    await _decide(session, binding, BindingStatus.REFUSED, staff, now)
    await note_binding(session, staff, Act.PHONE_BINDING_REFUSED, binding.person_id, binding.reference, now)
    return binding
