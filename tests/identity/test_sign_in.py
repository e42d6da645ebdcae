"""Identifier and password, then a code; what a stranger learns (nothing) and whom a neighbour locks out (nobody)."""

from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from identity import limits, sessions
from identity.account import accounts
from identity.entering import recovery, sign_in
from identity.limits import HOUR, MINUTE
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused
from identity.proofs.passwords import PasswordHasher
from identity.proofs.tables import Challenge, Purpose
from identity.tables import KnownBrowser
from notifications.tables import Delivery, Notification
from tests.identity.world import (
    ADDRESS,
    BROWSER,
    OTHER_BROWSER,
    PASSWORD,
    StatementCounter,
    add_account,
    count,
    last_code,
)

STRANGER = {"browser": OTHER_BROWSER, "address": "203.0.113.9"}


@pytest.fixture
async def opened(session, fatima, hasher, keys, now):
    account = await add_account(session, hasher, keys, now)
    hasher.calls = 0
    return account


@pytest.fixture
def start(session, opened, hasher, keys):
    async def start_sign_in(now, **facts):
        known = {
            "identifier": opened.person.identifier,
            "password": PASSWORD,
            "browser": BROWSER,
            "address": ADDRESS,
        }
        return await sign_in.start_sign_in(
            session, **(known | {"hasher": hasher} | facts), keys=keys, now=now
        )

    return start_sign_in


@pytest.fixture
def finish(session, keys):
    async def finish_sign_in(challenge, now, *, shared_device=False, browser=BROWSER):
        return await sign_in.finish_sign_in(
            session,
            challenge_id=challenge.id,
            code=await last_code(session, keys),
            browser=browser,
            shared_device=shared_device,
            keys=keys,
            now=now,
        )

    return finish_sign_in


async def refusal(start, now, **facts):
    with pytest.raises(sign_in.SignInRefused) as refused:
        await start(now, **facts)
    return refused.value.code


async def test_signing_in(session, opened, start, finish, now):
    signed_in = await finish(await start(now), now)
    found = await sessions.find_session(session, token=signed_in.token, now=now)
    assert found is not None
    assert (found.account_id, found.person_id) == (opened.account.id, opened.person.id)
    assert found.ends_at == now + timedelta(hours=12)
    assert signed_in.is_new_browser


async def test_the_password_alone_gives_no_session(session, start, keys, now):
    challenge = await start(now)
    with pytest.raises(CodeRefused):
        await sign_in.finish_sign_in(
            session,
            challenge_id=challenge.id,
            code="",
            browser=BROWSER,
            shared_device=True,
            keys=keys,
            now=now,
        )


async def test_unknown_wrong_disabled_and_dead_are_one_answer_and_one_amount_of_work(
    session, engine, opened, hasher, start, now
):
    counter = StatementCounter(engine)
    outcomes = []

    async def try_with(**facts):
        counter.take()
        hasher.calls = 0
        code = await refusal(start, now, address=f"192.0.2.{len(outcomes)}", **facts)
        outcomes.append((code, hasher.calls, counter.take()))

    await try_with(password="un autre mot")
    await try_with(identifier="0999999999")
    opened.account.disabled_at = now
    session.add(opened.account)
    await session.flush()
    await try_with()
    opened.account.disabled_at = None
    opened.person.deceased_on = date(2026, 1, 1)
    await session.flush()
    await try_with()
    assert [code for code, _, _ in outcomes] == ["wrong"] * 4
    assert outcomes[1:] == [outcomes[0]] * 3
    assert outcomes[0][1] == 1
    assert len(outcomes[0][2]) > 3
    assert await count(session, Challenge, Challenge.purpose == Purpose.SIGN_IN) == 0


async def test_the_wait_grows_and_is_forgotten_after_success(start, finish, now):
    wrong = {"password": "un autre mot"}
    assert [await refusal(start, now, **wrong) for _ in range(5)] == ["wrong"] * 4 + ["wait"]
    assert await refusal(start, now + timedelta(seconds=4)) == "wait"
    assert await refusal(start, now + timedelta(seconds=5), **wrong) == "wrong"
    assert await refusal(start, now + timedelta(seconds=19)) == "wait"
    await start(now + timedelta(seconds=20))
    assert await refusal(start, now + timedelta(seconds=21), **wrong) == "wrong"


async def test_while_one_waits_even_the_right_password_is_not_tried(start, hasher, now):
    for _ in range(4):
        await refusal(start, now, password="un autre mot")
    before = hasher.calls
    assert await refusal(start, now) == "wait"
    assert hasher.calls == before


async def test_an_unknown_identifier_waits_like_a_known_one(start, now):
    tries = [await refusal(start, now, identifier="0999999999") for _ in range(5)]
    assert tries == ["wrong"] * 4 + ["wait"]


async def test_a_neighbour_cannot_lock_the_owner_out(start, finish, now):
    await finish(await start(now), now)
    for number in range(60):
        await refusal(
            start, now + HOUR, password="essai", browser=OTHER_BROWSER, address=f"203.0.113.{number}"
        )
    await start(now + HOUR)
    # On a new browser the owner is slowed down, and not refused.
    assert await refusal(start, now + HOUR, **STRANGER, password="essai") == "wrong"
    assert await refusal(start, now + HOUR, **STRANGER) == "wait"
    await start(now + HOUR + 15 * MINUTE, **STRANGER)


async def test_only_a_flood_of_tries_for_one_identifier_refuses_a_new_browser(
    session, start, finish, keys, opened, now
):
    await finish(await start(now), now)
    flood, person = limits.FLOOD_OF_SIGN_INS_TO, opened.person
    for _ in range(flood.count):
        await limits.spend(session, flood, subject=person.identifier, keys=keys, now=now)
    assert await refusal(start, now, **STRANGER) == "wait"
    await start(now + HOUR)


async def test_a_browser_of_a_shared_device_is_not_remembered(session, start, finish, now):
    signed_in = await finish(await start(now), now, shared_device=True)
    assert await count(session, KnownBrowser) == 0
    found = await sessions.find_session(session, token=signed_in.token, now=now)
    assert found.ends_at == now + timedelta(hours=2)


async def test_a_new_browser_is_told_by_email_and_inbox_once(session, opened, start, finish, keys, now):
    opened.account.email, opened.account.email_confirmed_at = "fatima@example.ma", now
    session.add(opened.account)
    await finish(await start(now), now)
    again = await finish(await start(now + HOUR), now + HOUR)
    assert not again.is_new_browser
    told = (await session.exec(select(Notification).where(Notification.template == "signed_in"))).all()
    assert len(told) == 1
    assert told[0].in_inbox
    sent = (await session.exec(select(Delivery.channel).where(Delivery.notification_id == told[0].id))).all()
    assert sent == ["email"]
    later = now + timedelta(days=31)
    assert (await finish(await start(later), later)).is_new_browser


async def test_from_an_address_of_many_people_the_code_is_longer_and_nobody_is_refused(start, finish, now):
    for number in range(30):
        await refusal(start, now, identifier=f"09999999{number:02}")
    crowded = await start(now)
    assert (crowded.digits, crowded.tries) == (8, 3)
    await finish(crowded, now)
    assert (await start(now + 5 * MINUTE)).digits == 6


async def test_an_outdated_hash_is_renewed(opened, hasher, keys, start, now):
    stronger = PasswordHasher(keys, memory_kib=8, passes=2)
    weak = opened.account.password_hash
    assert stronger.is_outdated(weak)
    await start(now, hasher=stronger)
    assert opened.account.password_hash != weak
    assert not stronger.is_outdated(opened.account.password_hash)
    assert await hasher.verify(opened.account.password_hash, PASSWORD)


async def test_signing_out_ends_it_on_the_server(session, opened, start, finish, now):
    token = (await finish(await start(now), now)).token
    hashed = sessions.hash_token(token)
    await sign_in.sign_out(session, token_hash=hashed, person_id=opened.person.id, now=now)
    assert await sessions.find_session(session, token=token, now=now) is None


@pytest.fixture
def begin_recovery(session, opened, hasher, keys):
    async def start_recovery(now, **facts):
        known = {
            "identifier": opened.person.identifier,
            "recovery_code": recovery.parse_recovery_code(opened.recovery_code),
            "browser": BROWSER,
            "address": ADDRESS,
        }
        return await recovery.start_recovery(session, **(known | facts), hasher=hasher, keys=keys, now=now)

    return start_recovery


async def prove_recovery(session, challenge, keys, now):
    facts = {"challenge_id": challenge.id, "purpose": Purpose.RECOVERY, "browser": BROWSER}
    await codes.check_code(session, **facts, code=await last_code(session, keys), keys=keys, now=now)


async def choose(session, challenge, hasher, keys, now, password="quatre grenades"):
    return await recovery.choose_password(
        session,
        challenge_id=challenge.id,
        browser=BROWSER,
        password=password,
        shared_device=True,
        hasher=hasher,
        keys=keys,
        now=now,
    )


async def test_recovery_changes_both_secrets_and_ends_every_session(
    session, opened, hasher, keys, begin_recovery, start, now
):
    challenge = await begin_recovery(now)
    await prove_recovery(session, challenge, keys, now)
    recovered = await choose(session, challenge, hasher, keys, now)
    assert recovered.recovery_code != opened.recovery_code
    assert await sessions.find_session(session, token=opened.token, now=now) is None
    assert await sessions.find_session(session, token=recovered.token, now=now) is not None
    assert await refusal(start, now) == "wrong"
    assert await start(now, password="quatre grenades")
    old = await begin_recovery(now + MINUTE)
    assert old.person_id is None
    renewed = recovery.parse_recovery_code(recovered.recovery_code)
    assert (await begin_recovery(now + 2 * MINUTE, recovery_code=renewed)).person_id == opened.person.id
    told = (await session.exec(select(Notification).where(Notification.template == "signed_in"))).all()
    assert len(told) == 1


async def test_recovery_tells_nobody_what_was_wrong(session, engine, hasher, keys, begin_recovery, now):
    counter = StatementCounter(engine)
    outcomes = []
    for number, facts in enumerate(({}, {"identifier": "0999999999"}, {"recovery_code": "0" * 16})):
        counter.take()
        hasher.calls = 0
        challenge = await begin_recovery(
            now, address=f"192.0.2.{number}", browser=f"browser {number}", **facts
        )
        outcomes.append((hasher.calls, counter.take()))
        assert challenge.reference
    assert outcomes[1:] == [outcomes[0]] * 2
    assert outcomes[0][0] == 1
    assert len(outcomes[0][1]) > 3
    assert await count(session, Delivery, col(Delivery.sealed).is_not(None)) == 2


async def test_recovery_needs_the_code_as_well(session, hasher, keys, begin_recovery, now):
    challenge = await begin_recovery(now)
    with pytest.raises(CodeRefused):
        await choose(session, challenge, hasher, keys, now)


async def test_recovery_codes_cannot_be_guessed_quickly(begin_recovery, now):
    for _ in range(3):
        await begin_recovery(now, recovery_code="0" * 16)
    with pytest.raises(recovery.RecoveryRefused) as refused:
        await begin_recovery(now, recovery_code="0" * 16)
    assert (refused.value.code, refused.value.seconds) == ("wait", 60)


async def test_an_email_address_counts_once_it_is_confirmed(session, opened, keys, now):
    account_id, person_id = opened.account.id, opened.person.id
    challenge = await accounts.start_email(
        session, account_id=account_id, email="fatima@example.ma", browser=BROWSER, keys=keys, now=now
    )
    assert (await accounts.recipient(session, person_id=person_id)).email is None
    code = await last_code(session, keys, address="fatima@example.ma")
    facts = {
        "challenge_id": challenge.id,
        "code": code,
        "browser": BROWSER,
        "here": "",
        "keys": keys,
        "now": now,
    }
    with pytest.raises(CodeRefused):
        await accounts.confirm_email(session, account_id=account_id, **(facts | {"browser": OTHER_BROWSER}))
    confirmed = await accounts.confirm_email(session, account_id=account_id, **facts)
    assert confirmed.email_confirmed_at == now
    assert (await accounts.recipient(session, person_id=person_id)).email == "fatima@example.ma"
    await accounts.remove_email(session, account_id=account_id, here="", now=now)
    assert (await accounts.recipient(session, person_id=person_id)).email is None


async def test_the_email_code_of_one_account_confirms_no_other(session, opened, keys, now):
    challenge = await accounts.start_email(
        session, account_id=opened.account.id, email="a@example.ma", browser=BROWSER, keys=keys, now=now
    )
    code = await last_code(session, keys, address="a@example.ma")
    with pytest.raises(CodeRefused):
        await accounts.confirm_email(
            session,
            account_id=opened.account.id + 1,
            challenge_id=challenge.id,
            code=code,
            browser=BROWSER,
            here="",
            keys=keys,
            now=now,
        )


async def test_languages_belong_to_the_person(session, opened, now):
    await accounts.change_languages(
        session, account_id=opened.account.id, language="zgh", sms_language="ar", now=now
    )
    told = await accounts.recipient(session, person_id=opened.person.id)
    assert (told.language, told.sms_language) == ("zgh", "ar")
