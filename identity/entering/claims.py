"""Claiming one's identifier: three facts that match the register, a code to the number on file, an account.

Whether the facts match is never told. Every path through `start_claim` does the same work, and what reaches the owner
of the number goes through the outbox.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.account.accounts import account, account_of_person, recipient_of, start_email
from identity.audit import ANONYMOUS, IdentityAction, citizen, record
from identity.entering.recovery import new_recovery_code, parse_recovery_code
from identity.keys import Keys
from identity.people.partial_date import PartialDate
from identity.people.population import (
    DocumentFacts,
    EmbeddedRegister,
    NothingProven,
    PopulationRegister,
    RegisterOf,
)
from identity.people.register import person, personal_facts
from identity.people.tables import DocumentKind, Person
from identity.proofs import guards
from identity.proofs.challenges import (
    CodeRefused,
    bound,
    hash_browser,
    proven_challenge,
    read_challenge,
    use_proof,
)
from identity.proofs.codes import start_challenge
from identity.proofs.passwords import PasswordHasher, ShortestPassword, check_password
from identity.proofs.tables import Challenge, Purpose, Step
from identity.tables import Account, Proofing, saved_id
from notifications.messages import Template
from notifications.outbox import Recipient, notify, notify_evenly


class ClaimRefused(Exception):
    """A flood of claims from this address: nothing about anybody's data. Another is possible in five minutes."""

    code = "wait"


class AlreadyClaimed(Exception):
    """Somebody else's claim of the same identifier was first. Whoever catches this keeps the transaction."""

    code = "already_claimed"


@dataclass(frozen=True)
class OpenedAccount:
    """`recovery_code` is shown once; `token` is for the session cookie; the challenge is that of the e-mail address."""

    account: Account
    person: Person
    recovery_code: str
    token: str
    email_challenge: Challenge | None


async def start_claim(
    session: AsyncSession,
    *,
    document_kind: DocumentKind,
    document_number: str,
    birth_date: PartialDate,
    phone: str,
    language: str,
    browser: str,
    address: str,
    keys: Keys,
    now: datetime,
    register: RegisterOf = EmbeddedRegister,
) -> Challenge:
    """Always a challenge. A code goes to the number on file when all three facts match and nobody has the account yet.

    `address` is the visitor's network address. Raises ClaimRefused and RegisterUnavailable.
    """
    await _refuse_flood(session, address, keys=keys, now=now)
    is_crowded = await guards.is_crowded(session, address, phone=phone, keys=keys, now=now)
    await guards.note_number(session, phone, keys=keys, now=now)
    document = f"{document_kind}|{document_number}"
    subject = f"{document}|{birth_date.first_day}|{birth_date.precision}|{phone}"
    facts = DocumentFacts(document_kind, document_number, birth_date, phone)
    match = await _match(session, register(session), facts)
    guessed = await _count_guess(session, document, hash_browser(browser, keys), match, keys=keys, now=now)
    is_guessed = guessed.everywhere or await _is_worn(session, subject, keys=keys, now=now)
    matched = None if guessed.here else match
    owner = await account_of_person(session, saved_id(matched) if matched else 0)
    challenge = await start_challenge(
        session,
        purpose=Purpose.CLAIM,
        subject=subject,
        browser=browser,
        recipient=_recipient(matched, language) if matched and not owner else None,
        is_careful=is_crowded or is_guessed,
        keys=keys,
        now=now,
    )
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.CLAIM_ATTEMPTED if owner else IdentityAction.CLAIM_STARTED,
        person_id=matched.id if matched else None,
        reference=challenge.reference,
        now=now,
    )
    await _warn(session, owner, document, keys=keys, now=now)
    return challenge


async def _match(
    session: AsyncSession, asked: PopulationRegister[DocumentFacts], facts: DocumentFacts
) -> Person | None:
    try:
        line = await asked.match(facts)
    except NothingProven:
        found = 0
    else:
        found = line.person_id or 0
    # Read in every case, whatever this session remembers of it.
    mine = select(Person).where(Person.id == found).execution_options(populate_existing=True)
    return (await session.exec(mine)).one_or_none()


async def _refuse_flood(session: AsyncSession, address: str, *, keys: Keys, now: datetime) -> None:
    if not await limits.spend(session, limits.FLOOD_FROM, subject=address, keys=keys, now=now):
        raise ClaimRefused


@dataclass(frozen=True)
class _Guessed:
    """Whether wrong facts about a document were tried too often today: in this browser, and from wherever."""

    here: bool
    everywhere: bool


async def _count_guess(
    session: AsyncSession,
    document: str,
    browser_hash: str,
    match: Person | None,
    *,
    keys: Keys,
    now: datetime,
) -> _Guessed:
    """Guesses alone are counted: somebody who sends the right facts again and again is impatient, not a stranger.

    A stranger must not be able to silence the right facts of the owner, so what everybody tries together makes the code
    longer and nothing else. A guess that is right shows nothing: the code goes to the number on file.
    """
    here = f"{document}|{browser_hash}"
    guessed = _Guessed(
        here=await limits.is_full(session, limits.GUESSES_OF_BROWSER, subject=here, keys=keys, now=now),
        everywhere=await limits.is_full(
            session, limits.GUESSES_OF_DOCUMENT, subject=document, keys=keys, now=now
        ),
    )
    # The same statements for right facts, which are counted where nobody looks.
    found = "|found" if match else ""
    await limits.spend(session, limits.GUESSES_OF_BROWSER, subject=here + found, keys=keys, now=now)
    await limits.spend(session, limits.GUESSES_OF_DOCUMENT, subject=document + found, keys=keys, now=now)
    return guessed


async def _is_worn(session: AsyncSession, subject: str, *, keys: Keys, now: datetime) -> bool:
    """Whether too many wrong codes were given in a row for claims with these facts."""
    failed = [
        await limits.used(session, limits.WRONG_CLAIM_CODES, subject=hashed, keys=keys, now=now)
        for hashed in keys.lookup_hashes(Purpose.CLAIM, subject)
    ]
    return sum(failed) >= limits.WRONG_CLAIM_CODES.count


def _recipient(person: Person, language: str) -> Recipient:
    return Recipient(person.id, person.phone, None, language, language)


async def _warn(
    session: AsyncSession, owner: Account | None, document: str, *, keys: Keys, now: datetime
) -> None:
    """Whoever has an account already is told, once a day."""
    whose = f"account {owner.id}" if owner else f"nobody {document}"
    is_first = await limits.spend(session, limits.CLAIM_WARNINGS, subject=whose, keys=keys, now=now)
    await notify_evenly(
        session,
        recipient=recipient_of(owner) if owner and is_first else None,
        template=Template.CLAIM_ATTEMPTED,
        values={"at": now},
        now=now,
    )


async def open_account(
    session: AsyncSession,
    *,
    challenge_id: str,
    browser: str,
    password: str,
    language: str,
    sms_language: str,
    email: str | None,
    shared_device: bool,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
    device: str = "",
) -> OpenedAccount:
    """Open the account of the person whose claim this browser has proven, and sign in.

    An e-mail address is only asked for confirmation here. Raises CodeRefused (`unknown`), AlreadyClaimed,
    PasswordRefused and Busy.
    """
    challenge = await _proven_claim(session, challenge_id=challenge_id, browser=browser, keys=keys, now=now)
    owner = await person(session, challenge.person_id or 0)
    check_password(password, shortest=ShortestPassword.CITIZEN, personal=personal_facts(owner, email))
    recovery_code = new_recovery_code()
    # Hashing comes before the first write, so that no row is locked while it lasts.
    password_hash, recovery_hash = await hasher.hash_all(password, parse_recovery_code(recovery_code))
    await _use(session, challenge, now)
    opened = await _insert(
        session,
        Account(
            person_id=saved_id(owner),
            password_hash=password_hash,
            recovery_hash=recovery_hash,
            phone=challenge.address or "",
            language=language,
            sms_language=sms_language,
            proofing=Proofing(challenge.data.get("proofing", Proofing.REGISTER_MATCH)),
            proofed_at=now,
            created_at=now,
        ),
        reference=challenge.reference,
    )
    token = await _welcome(
        session, opened, owner, challenge, shared_device=shared_device, device=device, now=now
    )
    email_challenge = (
        await start_email(
            session, account_id=saved_id(opened), email=email, browser=browser, keys=keys, now=now
        )
        if email
        else None
    )
    return OpenedAccount(opened, owner, recovery_code, token, email_challenge)


async def _proven_claim(
    session: AsyncSession, *, challenge_id: str, browser: str, keys: Keys, now: datetime
) -> Challenge:
    """A claim that was used already has its account: the second of two posts is told so."""
    challenge = await read_challenge(session, bound(challenge_id, Purpose.CLAIM, browser, keys))
    if challenge is not None and challenge.step == Step.USED:
        raise AlreadyClaimed
    return await proven_challenge(
        session, challenge_id=challenge_id, purpose=Purpose.CLAIM, browser=browser, keys=keys, now=now
    )


async def _use(session: AsyncSession, challenge: Challenge, now: datetime) -> None:
    """It was proven a moment ago: if it is not any more, the same claim was used beside this one."""
    try:
        await use_proof(session, challenge, now=now)
    except CodeRefused as refused:
        raise AlreadyClaimed from refused


async def _insert(session: AsyncSession, fresh: Account, *, reference: str) -> Account:
    """One account a person: the unique constraint decides, and no error breaks the transaction of the loser."""
    inserted = await session.exec(
        limits.upsert(session)(Account)
        .values(**fresh.model_dump(exclude={"id"}))
        .on_conflict_do_nothing(index_elements=["person_id"])
        .returning(col(Account.id))
    )
    account_id = inserted.scalar_one_or_none()
    if account_id is None:
        await record(
            session,
            actor=ANONYMOUS,
            action=IdentityAction.CLAIM_LOST,
            person_id=fresh.person_id,
            reference=reference,
            now=fresh.created_at,
        )
        raise AlreadyClaimed
    return await account(session, account_id)


async def _welcome(
    session: AsyncSession,
    opened: Account,
    owner: Person,
    challenge: Challenge,
    *,
    shared_device: bool,
    device: str,
    now: datetime,
) -> str:
    """The audit, the identifier sent once for those who live without paper, and the session."""
    await record(
        session,
        actor=citizen(opened.person_id),
        action=IdentityAction.ACCOUNT_OPENED,
        person_id=opened.person_id,
        reference=challenge.reference,
        now=now,
    )
    await notify(
        session,
        recipient=recipient_of(opened),
        template=Template.IDENTIFIER_CLAIMED,
        values={"identifier": owner.identifier},
        now=now,
    )
    return await sessions.open_citizen_session(
        session, account_id=saved_id(opened), shared_device=shared_device, device=device, now=now
    )
