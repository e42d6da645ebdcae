"""T-09: somebody burns the tries of another person, so that she cannot come in."""

import pytest
from sqlmodel import select

from identity import limits
from identity.entering import claims, sign_in
from identity.limits import HOUR, MINUTE
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused
from identity.proofs.tables import Purpose
from identity.proofs.worn_phones import FAILURES_IN_A_ROW
from notifications.messages import Template
from notifications.tables import Notification
from tests.identity.world import (
    ADDRESS,
    BROWSER,
    FATIMA,
    OTHER_BROWSER,
    PASSWORD,
    add_account,
    ask,
    count,
    last_code,
    other_than,
)

FAILURES = 300


@pytest.fixture
async def opened(session, fatima, hasher, keys, now):
    return await add_account(session, hasher, keys, now)


@pytest.fixture
def start(session, opened, hasher, keys):
    async def start_sign_in(now, **facts):
        known = {"identifier": opened.person.identifier, "password": PASSWORD, "browser": BROWSER}
        given = known | {"address": ADDRESS, "hasher": hasher} | facts
        return await sign_in.start_sign_in(session, **given, keys=keys, now=now)

    return start_sign_in


async def come_in(session, start, keys, now, **facts) -> None:
    challenge = await start(now, **facts)
    await sign_in.finish_sign_in(
        session,
        challenge_id=challenge.id,
        code=await last_code(session, keys),
        browser=facts.get("browser", BROWSER),
        shared_device=False,
        keys=keys,
        now=now,
    )


async def burn(start, now) -> None:
    """Three hundred wrong passwords in an hour, from as many addresses as it takes."""
    for number in range(FAILURES):
        with pytest.raises(sign_in.SignInRefused):
            await start(
                now + number * HOUR / FAILURES,
                password="essai",
                browser=f"stranger {number}",
                address=f"10.0.{number // 250}.{number % 250}",
            )


async def first_success(session, start, keys, now, **facts):
    """After how long the owner is let in, trying every minute."""
    for minutes in range(31):
        try:
            await come_in(session, start, keys, now + minutes * MINUTE, **facts)
        except sign_in.SignInRefused:
            continue
        return minutes
    return None


async def test_after_hundreds_of_failures_the_owner_comes_in(session, start, keys, now):
    await come_in(session, start, keys, now)
    await burn(start, now)
    assert await first_success(session, start, keys, now + HOUR) == 0
    new = {"browser": OTHER_BROWSER, "address": "192.0.2.77"}
    waited = await first_success(session, start, keys, now + HOUR + 2 * MINUTE, **new)
    assert waited is not None
    assert waited <= 15


async def test_the_same_failures_against_a_lock_of_the_account(session, start, keys, now, monkeypatch):
    """The positive control: one count for the identifier, wherever the tries come from."""
    monkeypatch.setattr(sign_in._Turn, "subject", property(lambda turn: turn.identifier))
    await come_in(session, start, keys, now)
    for number in range(20):
        at = now + HOUR + number * 15 * MINUTE
        with pytest.raises(sign_in.SignInRefused):
            await start(at, password="essai", browser=f"b {number}", address=f"10.0.0.{number}")
    owner = now + HOUR + 19 * 15 * MINUTE + MINUTE
    assert await first_success(session, start, keys, owner) != 0


async def test_wrong_codes_of_one_browser_are_the_wait_of_that_browser(session, fatima, keys, now):
    at = now
    for _ in range(2):
        challenge = await ask(session, fatima, keys, at, browser="stranger")
        code = await last_code(session, keys)
        for number in range(1, 6):
            facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": "stranger"}
            with pytest.raises(CodeRefused):
                await codes.check_code(session, **facts, code=other_than(code, number), keys=keys, now=at)
        at += 2 * MINUTE
    waiting = await ask(session, fatima, keys, at, browser="stranger")
    assert waiting.asked_at > at + 10 * MINUTE
    facts = {"challenge_id": waiting.id, "purpose": Purpose.SIGN_IN, "browser": "stranger"}
    with pytest.raises(CodeRefused, match="wait_until"):
        await codes.check_code(session, **facts, code="123456", keys=keys, now=at)
    own = await ask(session, fatima, keys, at, browser=BROWSER)
    facts = {"challenge_id": own.id, "purpose": Purpose.SIGN_IN, "browser": BROWSER}
    await codes.check_code(session, **facts, code=await last_code(session, keys), keys=keys, now=at)


def test_the_wait_doubles_from_a_quarter_of_an_hour_to_a_day():
    minutes = [wait / MINUTE for wait in limits.USED_UP.waits]
    assert minutes == [0, 15, 30, 60, 120, 240, 480, 960, 1440]


async def test_fifty_wrong_codes_in_a_row_take_the_number_off_and_the_owner_is_told(
    session, opened, start, keys, now
):
    wrong, at = 0, now
    while opened.account.phone is not None and wrong < 60:
        challenge = await start(at, browser=f"thief {wrong}")
        code = await last_code(session, keys)
        for number in range(1, challenge.tries + 1):
            facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": f"thief {wrong}"}
            guess = other_than(code, number).zfill(challenge.digits)
            with pytest.raises(CodeRefused):
                await codes.check_code(session, **facts, code=guess, keys=keys, now=at)
        wrong += challenge.tries
        at += 3 * HOUR
        await session.refresh(opened.account)
    assert opened.account.phone is None
    assert wrong == FAILURES_IN_A_ROW
    told = Notification.template == Template.PHONE_WORN_OUT
    assert (await session.exec(select(Notification).where(told))).one().person_id == opened.person.id


async def test_a_right_code_in_between_starts_the_count_anew(session, opened, start, keys, now):
    opened.account.phone_failures = FAILURES_IN_A_ROW - 1
    session.add(opened.account)
    await come_in(session, start, keys, now)
    await session.refresh(opened.account)
    assert (opened.account.phone_failures, opened.account.phone is None) == (0, False)


async def test_a_stranger_who_knows_the_document_does_not_silence_the_claim(session, fatima, keys, now):
    for number in range(40):
        wrong = FATIMA | {"phone": f"+2126990{number * 101:05}"}
        stranger = {"browser": f"stranger {number}", "address": f"10.0.1.{number}"}
        await claims.start_claim(session, **wrong, **stranger, language="fr", keys=keys, now=now)
    mine = {"browser": BROWSER, "address": ADDRESS}
    challenge = await claims.start_claim(session, **FATIMA, **mine, language="fr", keys=keys, now=now)
    facts = {"challenge_id": challenge.id, "purpose": Purpose.CLAIM, "browser": BROWSER, "keys": keys}
    await codes.check_code(session, **facts, code=await last_code(session, keys), now=now)
    assert await count(session, Notification, Notification.template == Template.CLAIM_CODE) == 1
