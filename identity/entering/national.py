"""Claiming through the national identity service: out with a random state, back once, in the browser it began in.

What the service says is brought together with the portal's own copy of the register; then the claim goes on as proven,
to the same account page as any other.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.account.accounts import account_of_person
from identity.audit import ANONYMOUS, IdentityAction, record
from identity.keys import Keys, Secret
from identity.openid.relying_party import Authorization, Departure
from identity.people.population import Line, LineName
from identity.people.register import person, person_by_identifier
from identity.people.tables import Person
from identity.proofs.challenges import PROVEN_LIFE, browser_hashes, hash_browser
from identity.proofs.tables import Challenge, Purpose, Step
from identity.tables import NationalIdentity, Proofing, saved_id
from notifications.references import new_reference

# Longer than anybody needs at the service, who may have to fetch a card or wait for a code.
DEPARTURE_LIFE: Final = timedelta(minutes=15)


class TooManyDepartures(Exception):
    """Too many ways out from this address; another is possible within an hour."""

    code = "wait"


class NotAwaited(Exception):
    """Nothing was begun in this browser with this state, or it has come back already, or too late."""

    code = "not_awaited"


class NotAdmitted(Exception):
    """The service proved who it is, and still no account can be opened: `differs`, `incomplete` or `deceased`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class HasAccount(Exception):
    """The person who was proven has an account: signing in is the way."""

    code = "has_account"


@dataclass(frozen=True)
class Return:
    """A departure that has come back, for the first and only time."""

    departure: Departure
    begun_at: datetime
    reference: str

    def authorization(self, *, code: str, issuer: str | None) -> Authorization:
        kept = self.departure
        return Authorization(code, issuer, kept.nonce, kept.verifier, self.begun_at)


async def start_departure(
    session: AsyncSession, *, language: str, browser: str, address: str, keys: Keys, now: datetime
) -> Departure:
    """Note that this browser is sent out. Only a hash of the state is kept. Raises TooManyDepartures."""
    if not await limits.spend(session, limits.NATIONAL_IDENTITY_FROM, subject=address, keys=keys, now=now):
        raise TooManyDepartures
    departure = _departure(secrets.token_urlsafe(32), language, keys.present)
    challenge = Challenge(
        id=secrets.token_hex(16),
        reference=new_reference("C"),
        purpose=Purpose.NATIONAL_IDENTITY,
        subject=_hash_state(departure.state, keys.present),
        browser_hash=hash_browser(browser, keys),
        data={"language": language},
        created_at=now,
        asked_at=now,
        expires_at=now + DEPARTURE_LIFE,
    )
    session.add(challenge)
    await session.flush()
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.NATIONAL_IDENTITY_STARTED,
        reference=challenge.reference,
        now=now,
    )
    return departure


def _departure(state: str, language: str, secret: Secret) -> Departure:
    """Nonce and verifier follow from the state by the portal's own key, so that neither has to be kept anywhere."""
    return Departure(
        state=state,
        nonce=secret.lookup_hash("national identity nonce", state),
        verifier=secret.lookup_hash("national identity verifier", state),
        language=language,
    )


def _hash_state(state: str, secret: Secret) -> str:
    return secret.lookup_hash("national identity state", state)


async def take_return(
    session: AsyncSession, *, state: str, browser: str, keys: Keys, now: datetime
) -> Return:
    """The departure that ends here; afterwards it is used, whatever the service then says. Raises NotAwaited."""
    if not browser:
        raise NotAwaited
    begun_with = {_hash_state(state, secret): secret for secret in keys.known}
    taken = await session.exec(
        update(Challenge)
        .where(
            col(Challenge.purpose) == Purpose.NATIONAL_IDENTITY,
            col(Challenge.subject).in_(begun_with),
            col(Challenge.browser_hash).in_(browser_hashes(browser, keys)),
            col(Challenge.step) == Step.STARTED,
            col(Challenge.expires_at) > now,
        )
        .values(step=Step.USED, used_at=now)
        .returning(
            col(Challenge.subject), col(Challenge.created_at), col(Challenge.data), col(Challenge.reference)
        )
        .execution_options(synchronize_session=False)
    )
    row = taken.one_or_none()
    if row is None:
        raise NotAwaited
    subject, begun_at, data, reference = row
    return Return(_departure(state, data["language"], begun_with[subject]), begun_at, reference)


async def record_refusal(
    session: AsyncSession, *, reason: str, now: datetime, reference: str | None = None
) -> None:
    """`reason` is one of our own codes: nothing that the service or the browser wrote is kept."""
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.NATIONAL_IDENTITY_REFUSED,
        reference=reference,
        details={"reason": reason},
        now=now,
    )


async def record_stray(session: AsyncSession, *, address: str, keys: Keys, now: datetime) -> None:
    """A return that nothing here awaited: a replay, another browser, or an attack. Written down up to a limit."""
    if await limits.spend(session, limits.NATIONAL_IDENTITY_FROM, subject=address, keys=keys, now=now):
        await record_refusal(session, reason="not_awaited", now=now)


async def admit(
    session: AsyncSession, line: Line, *, returned: Return, browser: str, keys: Keys, now: datetime
) -> Challenge:
    """A proven claim of the person whom the service has proven, written into the copy of the register if need be.

    Raises NotAdmitted and HasAccount.
    """
    owner = await _person_of(session, line)
    if owner.deceased_on is not None:
        raise NotAdmitted("deceased")
    phone = line.phone or owner.phone
    if phone is None:
        raise NotAdmitted("incomplete")
    await _link(session, owner, line, now)
    await record(
        session,
        actor=ANONYMOUS,
        action=IdentityAction.NATIONAL_IDENTITY_PROVEN,
        person_id=owner.id,
        reference=returned.reference,
        details={"acr": line.proof.acr},
        now=now,
    )
    if await account_of_person(session, saved_id(owner)):
        raise HasAccount
    return await _proven_claim(session, owner, phone, returned, browser=browser, keys=keys, now=now)


async def _person_of(session: AsyncSession, line: Line) -> Person:
    linked = await _linked(session, line)
    if linked is not None:
        return await person(session, linked.person_id)
    known = await person_by_identifier(session, line.identifier) if line.identifier else None
    if known is None:
        return await _write_line(session, line)
    if line.birth_date is None or not line.birth_date.agrees_with(known.birth_date, known.birth_precision):
        raise NotAdmitted("differs")
    return known


async def _linked(session: AsyncSession, line: Line) -> NationalIdentity | None:
    found = await session.exec(
        select(NationalIdentity).where(
            NationalIdentity.issuer == line.proof.issuer, NationalIdentity.subject == line.proof.subject
        )
    )
    return found.one_or_none()


async def _write_line(session: AsyncSession, line: Line) -> Person:
    """Somebody whom the copy does not know yet. Raises NotAdmitted (`incomplete`) for less than a line."""
    if line.identifier is None or line.birth_date is None or line.gender is None or not line.name.is_known:
        raise NotAdmitted("incomplete")
    names = line.name
    fresh = Person(
        identifier=line.identifier,
        given_name_ar=names.given_name_ar or names.given_name_latin,
        family_name_ar=_family(names, names.given_name_ar, names.family_name_ar),
        given_name_latin=names.given_name_latin or names.given_name_ar,
        family_name_latin=_family(names, names.given_name_latin, names.family_name_latin),
        birth_date=line.birth_date.first_day,
        birth_precision=line.birth_date.precision,
        gender=line.gender,
        phone=line.phone,
    )
    session.add(fresh)
    await session.flush()
    return fresh


def _family(names: LineName, given: str, family: str) -> str:
    """A script that the register does not write borrows the whole name of the other one."""
    return family if given else names.family_name_ar or names.family_name_latin


async def _link(session: AsyncSession, owner: Person, line: Line, now: datetime) -> None:
    """One person a subject, and one subject a person. Raises NotAdmitted (`differs`) for a second one."""
    proof = line.proof
    rows = await session.exec(
        select(NationalIdentity).where(
            NationalIdentity.issuer == proof.issuer,
            or_(NationalIdentity.subject == proof.subject, NationalIdentity.person_id == owner.id),
        )
    )
    known = rows.all()
    if any(each.subject != proof.subject or each.person_id != owner.id for each in known):
        raise NotAdmitted("differs")
    link = (
        known[0]
        if known
        else NationalIdentity(
            person_id=saved_id(owner),
            issuer=proof.issuer,
            subject=proof.subject,
            acr=proof.acr,
            proven_at=now,
        )
    )
    link.acr, link.proven_at = proof.acr, now
    session.add(link)
    await session.flush()


async def _proven_claim(
    session: AsyncSession,
    owner: Person,
    phone: str,
    returned: Return,
    *,
    browser: str,
    keys: Keys,
    now: datetime,
) -> Challenge:
    claim = Challenge(
        id=secrets.token_hex(16),
        reference=new_reference("C"),
        purpose=Purpose.CLAIM,
        subject=keys.lookup_hash("national identity claim", returned.departure.state),
        person_id=owner.id,
        address=phone,
        browser_hash=hash_browser(browser, keys),
        step=Step.PROVEN,
        data={"proofing": Proofing.NATIONAL_IDENTITY_SERVICE.value},
        created_at=now,
        asked_at=now,
        proven_at=now,
        expires_at=now + PROVEN_LIFE,
    )
    session.add(claim)
    await session.flush()
    return claim
