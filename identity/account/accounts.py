"""The account of a person: where it is reached, in which languages, and its e-mail address."""

from datetime import datetime
from typing import Final, cast

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account.own_sessions import end_other_sessions
from identity.audit import IdentityAction, citizen, record
from identity.keys import Keys
from identity.people.register import UnknownPerson
from identity.people.tables import Person
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.tables import Challenge, Purpose
from identity.tables import Account, saved_id
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.tables import Channel

DEFAULT_LANGUAGE: Final = "ar"


class UnknownAccount(Exception):
    """No account that is in use has this id."""

    code = "unknown_account"


async def account(session: AsyncSession, account_id: int) -> Account:
    """Raises UnknownAccount, also for a disabled one."""
    found = await session.get(Account, account_id)
    if found is None or found.disabled_at is not None:
        raise UnknownAccount
    return found


async def account_of_person(session: AsyncSession, person_id: int) -> Account | None:
    return (await session.exec(select(Account).where(Account.person_id == person_id))).one_or_none()


async def account_by_identifier(session: AsyncSession, identifier: str) -> tuple[Account, Person] | None:
    """The account that can be used with this identifier: not disabled, its person alive."""
    return await usable_account(session, col(Person.identifier) == identifier)


async def usable_account(session: AsyncSession, which: ColumnElement[bool]) -> tuple[Account, Person] | None:
    rows = await session.exec(
        select(Account, Person)
        .join(Person, col(Person.id) == Account.person_id)
        .where(which, col(Account.disabled_at).is_(None), col(Person.deceased_on).is_(None))
    )
    return rows.one_or_none()


async def recipient(session: AsyncSession, *, person_id: int) -> Recipient:
    """Where to tell a person something: the account's number and confirmed e-mail, else the number on file.

    Raises UnknownPerson.
    """
    rows = await session.exec(
        select(Person, Account)
        .outerjoin(Account, col(Account.person_id) == Person.id)
        .where(Person.id == person_id)
    )
    found = rows.one_or_none()
    if found is None:
        raise UnknownPerson
    person, owned = found[0], cast("Account | None", found[1])
    if owned is not None:
        return recipient_of(owned)
    return Recipient(person_id, person.phone, None, DEFAULT_LANGUAGE, DEFAULT_LANGUAGE)


def recipient_of(account: Account) -> Recipient:
    confirmed = account.email if account.email_confirmed_at else None
    return Recipient(account.person_id, account.phone, confirmed, account.language, account.sms_language)


async def start_email(
    session: AsyncSession, *, account_id: int, email: str, browser: str, keys: Keys, now: datetime
) -> Challenge:
    """Send a code to the address; it becomes the account's only once `confirm_email` has seen the code."""
    owner = await account(session, account_id)
    return await start_challenge(
        session,
        purpose=Purpose.CONFIRM_EMAIL,
        subject=f"{account_id}|{email}",
        browser=browser,
        recipient=Recipient(owner.person_id, None, email, owner.language, owner.sms_language),
        channel=Channel.EMAIL,
        account_id=account_id,
        keys=keys,
        now=now,
    )


async def confirm_email(
    session: AsyncSession,
    *,
    account_id: int,
    challenge_id: str,
    code: str,
    browser: str,
    here: str,
    keys: Keys,
    now: datetime,
) -> Account:
    """The address that was confirmed before, and every other channel, are told. Raises CodeRefused."""
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.CONFIRM_EMAIL,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    if checked.challenge.account_id != account_id:
        raise CodeRefused("unknown")
    await use_proof(session, checked.challenge, now=now)
    owner = await account(session, account_id)
    await _change_email(session, owner, checked.challenge.address, here, now)
    await _note(session, owner, IdentityAction.EMAIL_CONFIRMED, now)
    return owner


async def remove_email(session: AsyncSession, *, account_id: int, here: str, now: datetime) -> Account:
    """`here` is the hash of the token of the one session that goes on. Removing what is not there changes nothing."""
    owner = await account(session, account_id)
    if owner.email is None:
        return owner
    await _change_email(session, owner, None, here, now)
    await _note(session, owner, IdentityAction.EMAIL_REMOVED, now)
    return owner


async def _change_email(
    session: AsyncSession, owner: Account, email: str | None, here: str, now: datetime
) -> None:
    """Told where the account was reached until now: whoever changes it must not be the only one to know."""
    told = recipient_of(owner)
    owner.email, owner.email_confirmed_at = email, now if email else None
    await end_other_sessions(session, account_id=saved_id(owner), here=here, now=now)
    await notify(
        session,
        recipient=told,
        template=Template.EMAIL_CHANGED,
        values={"at": now},
        link="/account/sessions",
        now=now,
    )


async def change_languages(
    session: AsyncSession, *, account_id: int, language: str, sms_language: str, now: datetime
) -> Account:
    """The languages of notices: the person's own, whatever the browser speaks."""
    owner = await account(session, account_id)
    owner.language, owner.sms_language = language, sms_language
    await _note(session, owner, IdentityAction.LANGUAGES_CHANGED, now)
    return owner


async def _note(session: AsyncSession, owner: Account, action: IdentityAction, now: datetime) -> None:
    session.add(owner)
    await record(session, actor=citizen(owner.person_id), action=action, person_id=owner.person_id, now=now)
