"""T-05: a few guesses for each of many accounts. No account ever locks; the sum is what gives it away.

Here a small part of the attack against the thresholds as they are: 60 accounts, five guesses each, from 12 addresses,
and 20 honest sign-ins beside it. `benchmarks/spray.py` runs all 10,000 accounts.
"""

import logging
from datetime import datetime

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import Sessions, create_engine, session_factory
from identity import limits
from identity.entering import sign_in
from identity.keys import Keys
from identity.limits import DAY, HOUR, MINUTE
from identity.proofs import codes, guards
from identity.proofs.challenges import CodeRefused
from identity.proofs.tables import Challenge, Guard, Purpose, Standing
from tests.identity.world import (
    BROWSER,
    OTHER_BROWSER,
    PASSWORD,
    add_account,
    all_at_once,
    ask,
    last_code,
    other_than,
)
from tests.threats import naive
from tests.threats.spray import Spray

MOST_FAILURES_UNTIL_CLOSED = 500
# What is compared after the guard has closed: one guess of a hundred passes the gate of a long code.
LUCK = 12


async def sprayed(database: str, hasher, keys: Keys, now) -> Spray:
    engine = create_engine(database)
    spray = Spray(session_factory(engine), hasher, keys, now, accounts=60, addresses=12, genuine=20)
    await spray.run()
    closed_after = await spray.closed_after()
    await engine.dispose()
    assert closed_after is None or closed_after < MOST_FAILURES_UNTIL_CLOSED
    return spray


async def test_a_spray_is_stopped_and_honest_people_are_served(database: str, hasher, keys, now) -> None:
    spray = await sprayed(database, hasher, keys, now)
    assert spray.tried > 190
    assert spray.compared <= guards.FAILED_CODES_FOR_A_RATIO + guards.TRIES + LUCK
    assert spray.hits == 0
    assert spray.served == spray.genuine
    assert spray.long_codes > spray.genuine / 2
    # A slip, or a longer code in the place of a short one: never more than that.
    assert spray.longest_way <= 3


async def test_the_same_spray_against_a_service_that_does_not_add_up(
    sqlite: str, hasher, keys, now, monkeypatch
) -> None:
    """The positive control: every guess is compared."""
    monkeypatch.setattr(guards, "note_failed_code", naive.note_nothing)
    spray = await sprayed(sqlite, hasher, keys, now)
    assert spray.compared == spray.tried == 300
    assert spray.long_codes == 0


async def fail(session: AsyncSession, keys: Keys, now, times: int) -> None:
    """So many failed codes, of which only the last is looked at."""
    for _ in range(times - 1):
        await limits.spend(session, limits.FAILED_CODES, subject=guards.SERVICE, keys=keys, now=now)
    await guards.note_failed_code(session, keys=keys, now=now)


def proven_at(now: datetime, number: int) -> Challenge:
    marks = {"subject": "x", "browser_hash": "x", "created_at": now, "asked_at": now, "expires_at": now}
    name = f"{number:032x}"
    return Challenge(id=name, reference=name[-20:], purpose=Purpose.SIGN_IN, proven_at=now, **marks)


@pytest.mark.parametrize(
    ("proven", "failed", "closes"),
    [(0, 49, False), (0, 50, True), (22, 51, False), (22, 52, True), (200, 199, False), (200, 200, True)],
)
async def test_the_sum_that_closes_the_guard(session, keys, now, proven, failed, closes):
    """200 in ten minutes, or from 50 on more than seven wrong of ten."""
    session.add_all(proven_at(now, number) for number in range(proven))
    await fail(session, keys, now, failed)
    assert await guards.is_closed(session, now=now) == closes


async def test_wrong_codes_of_more_than_ten_minutes_ago_are_forgotten(session, keys, now):
    await fail(session, keys, now, 49)
    await fail(session, keys, now + 10 * MINUTE, 49)
    assert not await guards.is_closed(session, now=now + 10 * MINUTE)


async def test_the_guard_stays_closed_longer_each_time_and_says_so_once(session, keys, now, caplog):
    lasted = []
    for _ in range(7):
        await fail(session, keys, now, 60)
        until = (await session.get(Guard, guards.CODES, populate_existing=True)).closed_until
        lasted.append((until - now) / HOUR)
        assert await guards.is_closed(session, now=until - MINUTE)
        assert not await guards.is_closed(session, now=until)
        now = until
    assert lasted == [1, 2, 4, 8, 16, 24, 24]
    alarms = [entry.message for entry in caplog.records if entry.levelno == logging.ERROR]
    assert len(alarms) == 7
    assert alarms[0] == "guard_closed why=spray_suspected times=1 failed=60 proven=0"
    await fail(session, keys, now + 2 * DAY, 60)
    assert not await guards.is_closed(session, now=now + 2 * DAY + HOUR)


async def test_a_spray_that_goes_on_keeps_the_guard_closed(session, keys, now):
    for minutes in range(0, 180, 9):
        await fail(session, keys, now + minutes * MINUTE, 60)
        assert await guards.is_closed(session, now=now + minutes * MINUTE)
    assert (await session.get(Guard, guards.CODES, populate_existing=True)).times == 1


async def test_a_short_code_on_its_way_is_taken_until_too_many_have_failed(session, fatima, keys, now):
    challenge = await ask(session, fatima, keys, now)
    short = await last_code(session, keys)
    facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": BROWSER, "keys": keys}
    await fail(session, keys, now, guards.FAILED_CODES_TOO_MANY)
    later = now + 2 * MINUTE
    with pytest.raises(CodeRefused, match="longer") as refused:
        await codes.check_code(session, **facts, code=short, now=later)
    assert refused.value.tries_left == guards.TRIES
    await codes.resend_code(session, **facts, now=later)
    long = await last_code(session, keys)
    assert (len(short), len(long)) == (6, 8)
    with pytest.raises(CodeRefused, match="wrong"):
        await codes.check_code(session, **facts, code=short, now=later)
    await codes.check_code(session, **facts, code=long, now=later)


async def test_a_short_code_is_taken_while_few_have_failed(session, fatima, keys, now):
    challenge = await ask(session, fatima, keys, now)
    await fail(session, keys, now, guards.FAILED_CODES_TOO_MANY - 1)
    facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": BROWSER, "keys": keys}
    await codes.check_code(session, **facts, code=await last_code(session, keys), now=now)


@pytest.mark.parametrize(
    ("purpose", "standing", "digits", "tries"),
    [
        (Purpose.SIGN_IN, None, 8, 3),
        (Purpose.CLAIM, None, 8, 3),
        (Purpose.RECOVERY, None, 8, 3),
        (Purpose.REMOVE_PHONE, None, 8, 3),
        (Purpose.SIGN_IN, Standing.KNOWN_BROWSER, 6, 5),
        (Purpose.PROVE, None, 6, 5),
        (Purpose.VISIT, None, 6, 5),
    ],
)
async def test_strangers_alone_are_asked_for_longer_codes(
    session, fatima, keys, now, purpose, standing, digits, tries
):
    await fail(session, keys, now, 60)
    challenge = await ask(session, fatima, keys, now, purpose=purpose, standing=standing)
    code = await last_code(session, keys)
    assert (len(code), challenge.digits, challenge.tries) == (digits, digits, tries)
    dummy = await ask(
        session, fatima, keys, now, purpose=purpose, standing=standing, recipient=None, subject="x"
    )
    assert (dummy.digits, dummy.tries) == (digits, tries)
    for wrong in range(1, tries + 1):
        facts = {"challenge_id": challenge.id, "purpose": purpose, "browser": BROWSER, "keys": keys}
        with pytest.raises(CodeRefused):
            await codes.check_code(session, **facts, code=other_than(code, wrong).zfill(digits), now=now)
    with pytest.raises(CodeRefused, match="too_many"):
        await codes.check_code(session, **facts, code=code, now=now)


async def test_the_owner_on_a_known_browser_notices_nothing(session, fatima, hasher, keys, now):
    opened = await add_account(session, hasher, keys, now)

    async def come_in(browser: str) -> str:
        challenge = await sign_in.start_sign_in(
            session,
            identifier=opened.person.identifier,
            password=PASSWORD,
            browser=browser,
            address="192.0.2.1",
            hasher=hasher,
            keys=keys,
            now=now,
        )
        code = await last_code(session, keys)
        facts = {"challenge_id": challenge.id, "browser": browser, "shared_device": False, "keys": keys}
        await sign_in.finish_sign_in(session, **facts, code=code, now=now)
        return code

    assert len(await come_in(BROWSER)) == 6
    now += 2 * MINUTE
    await fail(session, keys, now, guards.FAILED_CODES_TOO_MANY)
    assert len(await come_in(BROWSER)) == 6
    now += 2 * MINUTE
    assert len(await come_in(OTHER_BROWSER)) == 8


async def test_failures_at_once_are_each_counted_and_close_it_once(sessions: Sessions, keys, now):
    async def one(session: AsyncSession) -> None:
        await guards.note_failed_code(session, keys=keys, now=now)

    await all_at_once(sessions, [one] * 120, kept=())
    async with sessions() as session:
        failed = await limits.used(session, limits.FAILED_CODES, subject=guards.SERVICE, keys=keys, now=now)
        assert failed == 120
        assert (await session.get(Guard, guards.CODES)).times == 1
