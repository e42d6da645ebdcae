"""The register, the audit, the keys, and what is forgotten."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col

from identity import retention
from identity.account import accounts
from identity.audit import SYSTEM, IdentityAction, officer, record
from identity.keys import Keys, join_parts
from identity.people import register
from identity.people.partial_date import PartialDate
from identity.people.tables import BirthPrecision
from identity.proofs.tables import Challenge, OneTimeCode
from identity.tables import ActorKind, AuditEntry, KnownBrowser, PortalSession, Usage
from tests.identity.world import add_account, add_person, ask, count


async def test_finding_people(session, fatima):
    assert await register.person(session, fatima.id) is fatima
    assert await register.person_by_identifier(session, "0123456789") is fatima
    assert await register.person_by_identifier(session, "0000000000") is None
    assert await register.people(session, [fatima.id, 999]) == {fatima.id: fatima}
    assert await register.people(session, []) == {}
    with pytest.raises(register.UnknownPerson):
        await register.person(session, 999)


async def test_children_of_either_parent_oldest_first_and_living(session, fatima):
    nobody = {"document_kind": None, "document_number": None, "phone": None}
    father = await add_person(session, identifier="0000000001", document_number="CD1")
    for number, (born, parents) in enumerate(
        (
            (date(2015, 1, 1), {"mother_id": fatima.id}),
            (date(2010, 1, 1), {"mother_id": fatima.id, "father_id": father.id}),
            (date(2012, 1, 1), {"mother_id": fatima.id, "deceased_on": date(2020, 1, 1)}),
            (date(2011, 1, 1), {"father_id": father.id}),
        )
    ):
        await add_person(session, identifier=f"001000000{number}", birth_date=born, **nobody, **parents)
    assert [child.birth_date.year for child in await register.children_of(session, fatima.id)] == [2010, 2015]
    assert [child.birth_date.year for child in await register.children_of(session, father.id)] == [2010, 2011]


async def test_two_people_share_no_identifier_and_no_document(session, fatima):
    for same in ({"identifier": "0123456789", "document_number": "X1"}, {"identifier": "0999999999"}):
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await add_person(session, **same)


@pytest.mark.parametrize(
    ("locale", "full", "language"),
    [("ar", "فاطمة الإدريسي", "ar"), ("fr", "Fatima El Idrissi", "fr"), ("zgh", "Fatima El Idrissi", "fr")],
)
async def test_a_name_in_the_script_of_the_page(fatima, locale, full, language):
    name = register.names(fatima, locale)
    assert (name.full, name.language) == (full, language)
    assert register.display_name(fatima, locale) == full


@pytest.mark.parametrize(
    ("given", "precision", "first_day"),
    [
        (PartialDate(1950), BirthPrecision.YEAR, date(1950, 1, 1)),
        (PartialDate(1950, 3), BirthPrecision.MONTH, date(1950, 3, 1)),
        (PartialDate(1950, 3, 9), BirthPrecision.DAY, date(1950, 3, 9)),
    ],
)
def test_a_partial_date_is_stored_with_its_precision(given, precision, first_day):
    assert (given.precision, given.first_day) == (precision, first_day)


async def test_someone_without_an_account_is_told_on_the_number_on_file(session, fatima):
    told = await accounts.recipient(session, person_id=fatima.id)
    assert (told.phone, told.email, told.language) == (fatima.phone, None, "ar")
    with pytest.raises(register.UnknownPerson):
        await accounts.recipient(session, person_id=999)


async def test_the_audit_says_who_for_whom_and_in_which_visit(session, fatima, now):
    await record(
        session,
        actor=officer(3, visit_id=9),
        action=IdentityAction.SIGNED_OUT,
        person_id=fatima.id,
        reference="V-1",
        details={"why": "test"},
        now=now,
    )
    entry = await session.get(AuditEntry, 1)
    assert (entry.actor_kind, entry.actor_id, entry.visit_id) == (ActorKind.STAFF, 3, 9)
    assert (entry.person_id, entry.reference, entry.details) == (fatima.id, "V-1", {"why": "test"})


@pytest.mark.parametrize("change", ["UPDATE audit_entry SET action = 'nothing'", "DELETE FROM audit_entry"])
async def test_the_database_refuses_to_change_the_audit(session, now, change):
    await record(session, actor=SYSTEM, action=IdentityAction.SIGNED_OUT, now=now)
    with pytest.raises(DBAPIError, match="only added to"):
        async with session.begin_nested():
            await (await session.connection()).execute(text(change))
    assert await count(session, AuditEntry, AuditEntry.action == IdentityAction.SIGNED_OUT) == 1


def test_every_use_has_a_key_of_its_own():
    keys = Keys.from_secret(b"x" * 32)
    one, other = keys.present, Keys.from_secret(b"y" * 32).present
    assert len({one.codes, one.csrf, one.pepper, one.lookup, one.sealing}) == 5
    assert one.codes == Keys.from_secret(b"x" * 32).present.codes != other.codes
    assert one.codes.hex() not in repr(keys) + repr(one)
    with pytest.raises(ValueError, match="32 characters"):
        Keys.from_secret(b"x" * 31)


def test_parts_are_joined_unmistakably():
    assert len({join_parts("ab", "c"), join_parts("a", "bc"), join_parts("abc"), join_parts("abc", "")}) == 4


async def test_what_is_no_longer_needed_goes_and_the_audit_stays(session, fatima, hasher, keys, now):
    opened = await add_account(session, hasher, keys, now)
    session.add(KnownBrowser(account_id=opened.account.id, browser_hash="x", seen_at=now))
    await ask(session, fatima, keys, now)
    kept = (Usage, OneTimeCode, Challenge, PortalSession, KnownBrowser)
    before = [await count(session, table) for table in (*kept, AuditEntry)]
    assert min(before) > 0
    await retention.forget_expired(session, now=now)
    assert await count(session, OneTimeCode) == 1
    assert await count(session, Challenge) == before[2]
    assert await count(session, PortalSession) == 1
    assert await count(session, Usage, col(Usage.expires_at) <= now) == 0
    await retention.forget_expired(session, now=now + timedelta(days=40))
    assert [await count(session, table) for table in kept] == [0] * len(kept)
    assert await count(session, AuditEntry) == before[-1]
