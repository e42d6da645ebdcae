"""A claim leads to the number on file or nowhere, and nobody can tell from outside which."""

from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from identity import sessions
from identity.audit import IdentityAction
from identity.entering import claims
from identity.entering.recovery import parse_recovery_code
from identity.limits import DAY, FLOOD_FROM, HOUR, MINUTE, spend
from identity.people.numbers import InvalidNumber
from identity.people.partial_date import PartialDate
from identity.people.tables import BirthPrecision, DocumentKind
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused
from identity.proofs.passwords import Busy, PasswordRefused
from identity.proofs.tables import Challenge, OneTimeCode, Purpose
from identity.tables import Account, AuditEntry, Proofing
from notifications.tables import Delivery, Notification
from tests.identity.world import (
    ADDRESS,
    BROWSER,
    FATIMA,
    OTHER_BROWSER,
    PASSWORD,
    PHONE,
    StatementCounter,
    add_account,
    add_person,
    count,
    last_code,
)

WRONG = [
    {"document_number": "AB123457"},
    {"document_kind": DocumentKind.RESIDENCE_CARD},
    {"birth_date": PartialDate(1984, 5, 18)},
    {"birth_date": PartialDate(1984, 5)},
    {"phone": "+212612345679"},
]


async def claim(session, keys, now, **facts):
    known = {"language": "fr", "browser": BROWSER, "address": ADDRESS}
    return await claims.start_claim(session, **(FATIMA | known | facts), keys=keys, now=now)


async def prove(session, challenge, keys, now, browser=BROWSER):
    facts = {"challenge_id": challenge.id, "purpose": Purpose.CLAIM, "browser": browser}
    await codes.check_code(session, **facts, code=await last_code(session, keys), keys=keys, now=now)


async def open_account(session, challenge, hasher, keys, now, **options):
    facts = {
        "browser": BROWSER,
        "password": PASSWORD,
        "language": "zgh",
        "sms_language": "fr",
        "email": None,
        "shared_device": True,
    }
    return await claims.open_account(
        session, challenge_id=challenge.id, **(facts | options), hasher=hasher, keys=keys, now=now
    )


async def test_a_match_sends_one_code_to_the_number_on_file(session, fatima, keys, now):
    challenge = await claim(session, keys, now)
    [delivery] = (await session.exec(select(Delivery))).all()
    assert (delivery.address, delivery.language, challenge.person_id) == (PHONE, "fr", fatima.id)


@pytest.mark.parametrize("wrong", WRONG)
async def test_one_wrong_fact_sends_nothing_and_no_code_opens_it(session, fatima, keys, now, wrong):
    challenge = await claim(session, keys, now, **wrong)
    assert await count(session, Delivery) == 0
    assert challenge.person_id is challenge.address is None
    assert challenge.reference.startswith("C-")


@pytest.mark.parametrize(
    "nobody",
    [
        {"document_number": None, "document_kind": None},
        {"deceased_on": date(2025, 1, 1)},
        {"phone": None},
    ],
)
async def test_a_child_the_dead_and_people_without_a_number_cannot_claim(session, keys, now, nobody):
    await add_person(session, **nobody)
    await claim(session, keys, now)
    assert await count(session, Delivery) == 0


@pytest.mark.parametrize(
    ("precision", "recorded", "given", "fits"),
    [
        (BirthPrecision.YEAR, date(1950, 1, 1), PartialDate(1950), True),
        (BirthPrecision.YEAR, date(1950, 1, 1), PartialDate(1950, 12, 31), True),
        (BirthPrecision.YEAR, date(1950, 1, 1), PartialDate(1951), False),
        (BirthPrecision.MONTH, date(1950, 3, 1), PartialDate(1950, 3), True),
        (BirthPrecision.MONTH, date(1950, 3, 1), PartialDate(1950, 3, 9), True),
        (BirthPrecision.MONTH, date(1950, 3, 1), PartialDate(1950), False),
        (BirthPrecision.DAY, date(1950, 1, 1), PartialDate(1950), False),
        (BirthPrecision.DAY, date(1950, 1, 1), PartialDate(1950, 1), False),
    ],
)
async def test_a_birth_date_matches_as_far_as_the_register_knows_it(
    session, keys, now, precision, recorded, given, fits
):
    await add_person(session, birth_date=recorded, birth_precision=precision)
    await claim(session, keys, now, birth_date=given)
    assert await count(session, Delivery) == fits


def test_a_date_that_does_not_exist_is_refused():
    for parts in ((1984, 2, 30), (1984, 13), (1984, None, 3)):
        with pytest.raises(ValueError, match=r".+"):
            PartialDate(*parts)


async def test_match_and_no_match_do_the_same_work(session, engine, fatima, hasher, keys, now):
    counter = StatementCounter(engine)
    work = []
    for number, facts in enumerate(({}, *WRONG)):
        counter.take()
        challenge = await claim(session, keys, now, browser=f"browser {number}", **facts)
        started = counter.take()
        facts = {
            "challenge_id": challenge.id,
            "purpose": Purpose.CLAIM,
            "browser": f"browser {number}",
            "keys": keys,
        }
        await codes.resend_code(session, **facts, now=now + timedelta(minutes=11))
        resent = counter.take()
        with pytest.raises(CodeRefused) as refused:
            await codes.check_code(session, **facts, code="no code", now=now + timedelta(minutes=11))
        work.append((started, resent, counter.take(), refused.value.code, refused.value.tries_left))
    assert work[1:] == [work[0]] * len(WRONG)
    assert all(len(statements) > 3 for statements in work[0][:3])
    assert hasher.calls == 0
    assert await count(session, OneTimeCode) == 2 * len(work)


async def test_an_identifier_with_an_account_does_the_same_work_and_warns_its_owner_once_a_day(
    session, engine, fatima, hasher, keys, now
):
    await add_account(session, hasher, keys, now)
    counter = StatementCounter(engine)
    await claim(session, keys, now)
    taken = counter.take()
    assert len(taken) > 3
    await claim(session, keys, now, document_number="XY999", browser=OTHER_BROWSER)
    assert counter.take() == taken
    await claim(session, keys, now + HOUR)
    warnings = (
        await session.exec(select(Notification).where(Notification.template == "claim_attempted"))
    ).all()
    assert [warning.person_id for warning in warnings] == [fatima.id]
    assert await count(session, Delivery, col(Delivery.sealed).is_not(None)) == 1


async def test_wrong_facts_from_elsewhere_do_not_silence_the_right_ones(session, fatima, keys, now):
    for number in range(30):
        stranger = {"address": f"192.0.2.{number}", "browser": f"stranger {number}"}
        await claim(session, keys, now, phone="+212699999999", **stranger)
    right = await claim(session, keys, now, address="192.0.2.9")
    assert right.person_id == fatima.id
    assert (right.digits, right.tries) == (8, 3)
    assert len(await last_code(session, keys)) == 8
    await prove(session, right, keys, now)
    assert (await claim(session, keys, now + DAY, address="192.0.2.9")).digits == 6


async def test_a_browser_that_guesses_is_matched_with_nothing_more_that_day(session, fatima, keys, now):
    for number in range(10):
        await claim(session, keys, now, phone="+212699999999", address=f"192.0.2.{number}")
    assert (await claim(session, keys, now)).person_id is None
    assert (await claim(session, keys, now, browser=OTHER_BROWSER)).person_id == fatima.id


async def test_right_facts_sent_again_and_again_are_no_guesses(session, fatima, keys, now):
    first = await claim(session, keys, now)
    for minutes in range(1, 8):
        again = await claim(session, keys, now + minutes * MINUTE)
        assert (again.id, again.person_id) == (first.id, fatima.id)
    await prove(session, first, keys, now + 8 * MINUTE)


async def test_from_an_address_of_many_people_the_code_is_longer_and_nobody_is_refused(
    session, fatima, keys, now
):
    for number in range(10):
        facts = {"document_number": f"ZZ{number}00", "browser": f"browser {number}"}
        assert (await claim(session, keys, now, **facts)).digits == 6
    crowded = await claim(session, keys, now + timedelta(minutes=59))
    assert (crowded.person_id, crowded.digits) == (fatima.id, 8)
    assert (await claim(session, keys, now + 2 * HOUR)).digits == 6


async def test_a_flood_from_one_address_is_asked_to_wait_five_minutes(session, keys, now):
    for _ in range(FLOOD_FROM.count):
        await spend(session, FLOOD_FROM, subject=ADDRESS, keys=keys, now=now)
    with pytest.raises(claims.ClaimRefused):
        await claim(session, keys, now + timedelta(minutes=4))
    await claim(session, keys, now + timedelta(minutes=5))


async def test_the_whole_claim(session, fatima, hasher, keys, now):
    challenge = await claim(session, keys, now)
    await prove(session, challenge, keys, now)
    opened = await open_account(session, challenge, hasher, keys, now, email="fatima@example.ma")
    account = opened.account
    assert (account.person_id, account.phone, account.proofing) == (fatima.id, PHONE, Proofing.REGISTER_MATCH)
    assert (account.language, account.sms_language, account.email) == ("zgh", "fr", None)
    assert PASSWORD not in account.password_hash
    assert await hasher.verify(account.password_hash, PASSWORD)
    assert await hasher.verify(account.recovery_hash, parse_recovery_code(opened.recovery_code))
    signed_in = await sessions.find_session(session, token=opened.token, now=now)
    assert signed_in is not None
    assert (signed_in.person_id, signed_in.identifier) == (fatima.id, fatima.identifier)
    told = (
        await session.exec(select(Notification).where(Notification.template == "identifier_claimed"))
    ).one()
    assert told.values == {"identifier": fatima.identifier}
    assert opened.email_challenge is not None
    assert opened.email_challenge.address == "fatima@example.ma"
    audited = (await session.exec(select(AuditEntry.action).where(AuditEntry.person_id == fatima.id))).all()
    assert audited == [IdentityAction.CLAIM_STARTED, IdentityAction.ACCOUNT_OPENED]


async def test_no_account_without_the_code_or_from_another_browser(session, fatima, hasher, keys, now):
    challenge = await claim(session, keys, now)
    with pytest.raises(CodeRefused):
        await open_account(session, challenge, hasher, keys, now)
    await prove(session, challenge, keys, now)
    with pytest.raises(CodeRefused):
        await open_account(session, challenge, hasher, keys, now, browser=OTHER_BROWSER)
    with pytest.raises(CodeRefused):
        await open_account(session, challenge, hasher, keys, now + timedelta(minutes=31))
    assert await count(session, Account) == 0
    assert hasher.calls == 0


async def test_a_claim_is_used_once(session, fatima, hasher, keys, now):
    challenge = await claim(session, keys, now)
    await prove(session, challenge, keys, now)
    await open_account(session, challenge, hasher, keys, now)
    with pytest.raises(claims.AlreadyClaimed):
        await open_account(session, challenge, hasher, keys, now)


@pytest.mark.parametrize(
    "password", ["court", "motdepasse123", "Fatima1984", "0612345678", "0123456789", "AB123456!"]
)
async def test_a_weak_password_leaves_the_claim_open(session, fatima, hasher, keys, now, password):
    challenge = await claim(session, keys, now)
    await prove(session, challenge, keys, now)
    with pytest.raises(PasswordRefused):
        await open_account(session, challenge, hasher, keys, now, password=password)
    assert (await open_account(session, challenge, hasher, keys, now)).account.person_id == fatima.id


async def test_a_busy_hasher_leaves_the_claim_open(session, fatima, hasher, keys, now):
    challenge = await claim(session, keys, now)
    await prove(session, challenge, keys, now)
    with pytest.raises(Busy):
        await open_account(session, challenge, type(hasher)(keys, at_once=0, queue=0), keys, now)
    await open_account(session, challenge, hasher, keys, now)


async def test_a_recovery_code_is_read_as_it_is_misread(session, fatima, hasher, keys, now):
    opened = await add_account(session, hasher, keys, now)
    typed = opened.recovery_code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert parse_recovery_code(typed) == opened.recovery_code.replace("-", "")
    for wrong, code in (
        ("", "empty"),
        ("ABCD", "too_short"),
        ("A" * 17, "too_long"),
        ("é" * 16, "characters"),
    ):
        with pytest.raises(InvalidNumber) as refused:
            parse_recovery_code(wrong)
        assert refused.value.code == code


async def test_challenges_of_other_people_stay_apart(session, fatima, keys, now):
    await add_person(session, identifier="0123456780", document_number="CD1", phone="+212699999999")
    one = await claim(session, keys, now)
    other = await claim(
        session, keys, now + MINUTE, document_number="CD1", phone="+212699999999", browser=OTHER_BROWSER
    )
    assert await count(session, Challenge, col(Challenge.person_id).is_not(None)) == 2
    assert one.id != other.id
