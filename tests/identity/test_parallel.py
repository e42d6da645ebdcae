"""What many do at once. Decided by the database, on ten connections, never by what a process remembers.

Every answer is judged by what the database holds afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import pyotp
import pytest
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import Sessions, create_engine, session_factory
from identity.audit import IdentityAction
from identity.entering import claims, recovery, sign_in
from identity.keys import Keys
from identity.limits import (
    FAILED_CODES,
    MINUTE,
    PASSWORD_TRIES,
    Limit,
    spend,
    take_turn,
    used,
)
from identity.people.tables import Person
from identity.proofs import challenges, codes, guards
from identity.proofs.challenges import CodeRefused
from identity.proofs.tables import Challenge, OneTimeCode, Purpose, Step
from identity.roles import Role
from identity.staff import officers as staff
from identity.staff import sign_in as staff_sign_in
from identity.tables import Account, AuditEntry, PortalSession
from notifications.tables import Delivery
from tests.identity.world import (
    ADDRESS,
    BROWSER,
    FATIMA,
    PASSWORD,
    add_account,
    add_person,
    all_at_once,
    ask,
    count,
    last_code,
    other_than,
)

GUESSES = 500


@pytest.fixture
async def asked(sessions: Sessions, keys: Keys, now: datetime) -> tuple[Challenge, str]:
    async with sessions() as session, session.begin():
        challenge = await ask(session, await add_person(session), keys, now)
        return challenge, await last_code(session, keys)


@pytest.fixture
async def opened(sessions: Sessions, hasher, keys: Keys, now: datetime) -> claims.OpenedAccount:
    async with sessions() as session, session.begin():
        await add_person(session)
        return await add_account(session, hasher, keys, now)


def check(
    challenge: Challenge, code: str, keys: Keys, now: datetime
) -> Callable[[AsyncSession], Awaitable[object]]:
    async def run(session: AsyncSession) -> object:
        return await codes.check_code(
            session,
            challenge_id=challenge.id,
            purpose=challenge.purpose,
            code=code,
            browser=BROWSER,
            keys=keys,
            now=now,
        )

    return run


async def test_of_fifty_right_codes_at_once_one_wins(sessions, asked, keys, now):
    challenge, code = asked
    results = await all_at_once(sessions, [check(challenge, code, keys, now)] * 50, kept=(CodeRefused,))
    assert sum(isinstance(result, codes.CheckedCode) for result in results) == 1
    async with sessions() as session:
        found = await session.get(Challenge, challenge.id)
        assert (found.step, found.attempts) == (Step.PROVEN, 1)


async def guess_500_times(sessions, asked, keys, now, monkeypatch) -> int:
    """How many of 500 wrong guesses in parallel were compared with a code."""
    challenge, code = asked
    compared = 0
    is_right = codes._is_right

    def counting(*arguments: object) -> bool:
        nonlocal compared
        compared += 1
        return is_right(*arguments)

    monkeypatch.setattr(codes, "_is_right", counting)
    guesses = [check(challenge, other_than(code, number), keys, now) for number in range(1, GUESSES + 1)]
    results = await all_at_once(sessions, guesses, kept=(CodeRefused,))
    assert all(isinstance(result, CodeRefused) for result in results)
    return compared


async def test_of_five_hundred_guesses_at_once_five_are_compared(sessions, asked, keys, now, monkeypatch):
    assert await guess_500_times(sessions, asked, keys, now, monkeypatch) == guards.TRIES
    async with sessions() as session:
        assert await used(session, FAILED_CODES, subject="service", keys=keys, now=now) == guards.TRIES
    challenge, code = asked
    [refused] = await all_at_once(sessions, [check(challenge, code, keys, now)], kept=(CodeRefused,))
    assert isinstance(refused, CodeRefused)
    assert refused.code == "too_many"


async def count_try_naively(
    session: AsyncSession, mine: object, *, now: datetime, least_digits: int
) -> Challenge:
    """Read, compare, write back: what `count_try` must not be."""
    challenge = await challenges.read_challenge(session, mine)
    if challenge is None or challenges.refusal(challenge, now, least_digits):
        raise CodeRefused("too_many")
    await asyncio.sleep(0.002)
    challenge.attempts += 1
    session.add(challenge)
    await session.flush()
    return challenge


async def test_the_same_guesses_find_out_a_count_that_is_read_and_then_written(
    postgresql, keys, now, monkeypatch
):
    """The positive control of the test above. SQLite has one writer at a time, which hides the mistake."""
    engine = create_engine(postgresql)
    sessions = session_factory(engine)
    async with sessions() as session, session.begin():
        challenge = await ask(session, await add_person(session), keys, now)
        code = await last_code(session, keys)
    monkeypatch.setattr(codes, "count_try", count_try_naively)
    compared = await guess_500_times(sessions, (challenge, code), keys, now, monkeypatch)
    await engine.dispose()
    assert compared > guards.TRIES


async def test_two_hundred_requests_at_once_for_one_number_send_one_sms(sessions, keys, now):
    async with sessions() as session, session.begin():
        await add_person(session)

    def request(number: int) -> Callable[[AsyncSession], Awaitable[Challenge]]:
        return lambda session: claims.start_claim(
            session,
            **FATIMA,
            language="fr",
            browser=f"browser {number}",
            address=f"198.51.100.{number}",
            keys=keys,
            now=now,
        )

    results = await all_at_once(sessions, [request(number) for number in range(200)], kept=())
    async with sessions() as session:
        assert len(results) == await count(session, Challenge) == 200
        assert await count(session, Delivery) == 1
        assert await count(session, Challenge, col(Challenge.person_id).is_not(None)) == 1


async def test_two_hundred_codes_asked_at_once_for_one_person_send_one_sms(sessions, keys, now):
    async with sessions() as session, session.begin():
        fatima = await add_person(session)
    asking = [
        partial(ask, person=fatima, keys=keys, now=now, subject=f"{number}", browser=f"browser {number}")
        for number in range(200)
    ]
    await all_at_once(sessions, asking, kept=())
    async with sessions() as session:
        assert await count(session, Delivery) == await count(session, OneTimeCode) == 1
        assert await count(session, Challenge, col(Challenge.person_id).is_not(None)) == 1


async def test_resending_twenty_times_at_once_sends_once(sessions, asked, keys, now):
    challenge, _ = asked

    async def resend(session: AsyncSession) -> None:
        await codes.resend_code(
            session,
            challenge_id=challenge.id,
            purpose=Purpose.SIGN_IN,
            browser=BROWSER,
            keys=keys,
            now=now + MINUTE,
        )

    results = await all_at_once(sessions, [resend] * 20, kept=(challenges.TooSoon,))
    assert results.count(None) == 1
    async with sessions() as session:
        assert await count(session, Delivery) == await count(session, OneTimeCode) == 2


async def test_starting_resending_and_guessing_at_once_block_nobody(sessions, asked, keys, now):
    """Rows are locked in one order everywhere: otherwise PostgreSQL would break off one of two that wait crosswise."""
    challenge, code = asked
    async with sessions() as session:
        fatima = await session.get(Person, challenge.person_id)
    moment = now + 2 * MINUTE
    facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": BROWSER, "keys": keys}
    mixed = []
    for number in range(40):
        mixed += [
            partial(ask, person=fatima, keys=keys, now=moment, browser=f"browser {number % 4}"),
            partial(ask, person=fatima, keys=keys, now=moment, purpose=Purpose.VISIT, browser=BROWSER),
            partial(codes.resend_code, **facts, now=moment),
            check(challenge, other_than(code, number + 1), keys, moment),
        ]
    await all_at_once(sessions, mixed, kept=(CodeRefused, challenges.TooSoon))
    async with sessions() as session:
        assert await count(session, Challenge, col(Challenge.person_id).is_not(None)) == 2
        assert await count(session, Delivery) == 2


def open_account(
    challenge_id: str, browser: str, hasher, keys, now
) -> Callable[[AsyncSession], Awaitable[object]]:
    return lambda session: claims.open_account(
        session,
        challenge_id=challenge_id,
        browser=browser,
        password=PASSWORD,
        language="ar",
        sms_language="ar",
        email=None,
        shared_device=True,
        hasher=hasher,
        keys=keys,
        now=now,
    )


async def prove_claim(sessions: Sessions, browser: str, keys: Keys, now: datetime) -> str:
    async with sessions() as session, session.begin():
        challenge = await claims.start_claim(
            session, **FATIMA, language="fr", browser=browser, address=ADDRESS, keys=keys, now=now
        )
        code = await last_code(session, keys)
        facts = {"challenge_id": challenge.id, "purpose": Purpose.CLAIM, "browser": browser}
        await codes.check_code(session, **facts, code=code, keys=keys, now=now)
        return challenge.id


async def assert_one_account(sessions: Sessions, results: list[object]) -> None:
    assert sum(isinstance(result, claims.OpenedAccount) for result in results) == 1
    async with sessions() as session:
        assert await count(session, Account) == 1
        assert await count(session, PortalSession) == 1
        assert await count(session, AuditEntry, AuditEntry.action == IdentityAction.ACCOUNT_OPENED) == 1


async def test_one_claim_posted_fifty_times_at_once_opens_one_account(sessions, hasher, keys, now):
    async with sessions() as session, session.begin():
        await add_person(session)
    challenge_id = await prove_claim(sessions, BROWSER, keys, now)
    roomy = type(hasher)(keys, at_once=2, queue=100)
    posts = [open_account(challenge_id, BROWSER, roomy, keys, now)] * 50
    results = await all_at_once(sessions, posts, kept=(claims.AlreadyClaimed,))
    await assert_one_account(sessions, results)


async def test_three_browsers_that_proved_the_same_claim_open_one_account(sessions, hasher, keys, now):
    async with sessions() as session, session.begin():
        await add_person(session)
    posts = []
    for number in range(3):
        browser, moment = f"browser {number}", now + number * 2 * MINUTE
        posts.append(
            open_account(await prove_claim(sessions, browser, keys, moment), browser, hasher, keys, moment)
        )
    results = await all_at_once(sessions, posts, kept=(claims.AlreadyClaimed,))
    await assert_one_account(sessions, results)
    async with sessions() as session:
        assert (
            await count(session, AuditEntry, AuditEntry.action == IdentityAction.CLAIM_LOST) == len(posts) - 1
        )


async def test_one_sign_in_code_fifty_times_at_once_gives_one_session(sessions, opened, hasher, keys, now):
    async with sessions() as session, session.begin():
        challenge = await sign_in.start_sign_in(
            session,
            identifier=opened.person.identifier,
            password=PASSWORD,
            browser=BROWSER,
            address=ADDRESS,
            hasher=hasher,
            keys=keys,
            now=now,
        )
        code = await last_code(session, keys)
        before = await count(session, PortalSession)

    finish = partial(
        sign_in.finish_sign_in,
        challenge_id=challenge.id,
        code=code,
        browser=BROWSER,
        shared_device=False,
        keys=keys,
        now=now,
    )
    results = await all_at_once(sessions, [finish] * 50, kept=(CodeRefused,))
    assert sum(isinstance(result, sign_in.SignedIn) for result in results) == 1
    async with sessions() as session:
        assert await count(session, PortalSession) == before + 1
        assert await count(session, AuditEntry, AuditEntry.action == IdentityAction.SIGNED_IN) == 1


async def test_one_recovery_used_twenty_times_at_once_works_once(sessions, opened, hasher, keys, now):
    async with sessions() as session, session.begin():
        challenge = await recovery.start_recovery(
            session,
            identifier=opened.person.identifier,
            recovery_code=recovery.parse_recovery_code(opened.recovery_code),
            browser=BROWSER,
            address=ADDRESS,
            hasher=hasher,
            keys=keys,
            now=now,
        )
        facts = {"challenge_id": challenge.id, "purpose": Purpose.RECOVERY, "browser": BROWSER}
        await codes.check_code(session, **facts, code=await last_code(session, keys), keys=keys, now=now)
    roomy = type(hasher)(keys, at_once=2, queue=100)

    choose = partial(
        recovery.choose_password,
        challenge_id=challenge.id,
        browser=BROWSER,
        password="quatre grenades rouges",
        shared_device=True,
        hasher=roomy,
        keys=keys,
        now=now,
    )
    results = await all_at_once(sessions, [choose] * 20, kept=(CodeRefused,))
    assert sum(isinstance(result, recovery.Recovered) for result in results) == 1
    async with sessions() as session:
        running = col(PortalSession.ended_at).is_(None)
        assert await count(session, PortalSession, running) == 1


async def test_a_recovery_code_proven_from_three_browsers_works_once(sessions, opened, hasher, keys, now):
    roomy, chosen = type(hasher)(keys, at_once=2, queue=100), []
    for number in range(3):
        facts = {"browser": f"browser {number}", "keys": keys, "now": now + number * 2 * MINUTE}
        async with sessions() as session, session.begin():
            challenge = await recovery.start_recovery(
                session,
                identifier=opened.person.identifier,
                recovery_code=recovery.parse_recovery_code(opened.recovery_code),
                address=f"192.0.2.{number}",
                hasher=hasher,
                **facts,
            )
            code = await last_code(session, keys)
            proof = {"challenge_id": challenge.id, "purpose": Purpose.RECOVERY}
            await codes.check_code(session, **proof, code=code, **facts)
        password = {"password": "quatre grenades rouges", "shared_device": True, "hasher": roomy}
        chosen.append(partial(recovery.choose_password, challenge_id=challenge.id, **password, **facts))
    results = await all_at_once(sessions, chosen, kept=(CodeRefused,))
    assert sum(isinstance(result, recovery.Recovered) for result in results) == 1


@pytest.fixture
async def officer(sessions: Sessions, hasher, keys, now) -> staff.AddedStaff:
    async with sessions() as session, session.begin():
        return await staff.add_staff(
            session,
            email="amina@centre.example.ma",
            name_ar="أمينة",
            name_latin="Amina",
            password="une longue phrase",
            role=Role.AGENT,
            centre_code="C-1",
            hasher=hasher,
            keys=keys,
            now=now,
        )


def come_in(totp: str, password: str, hasher, keys, now) -> Callable[[AsyncSession], Awaitable[object]]:
    return partial(
        staff_sign_in.sign_in_staff,
        email="amina@centre.example.ma",
        password=password,
        totp=totp,
        browser=BROWSER,
        address=ADDRESS,
        hasher=hasher,
        keys=keys,
        now=now,
    )


async def test_one_authenticator_code_at_once_signs_in_once(sessions, officer, hasher, keys, now):
    code = pyotp.TOTP(officer.totp_secret).at(now)
    roomy = type(hasher)(keys, at_once=2, queue=100)
    posts = [come_in(code, "une longue phrase", roomy, keys, now)] * 50
    results = await all_at_once(sessions, posts, kept=(staff_sign_in.StaffSignInRefused,))
    assert sum(isinstance(result, staff_sign_in.StaffSignedIn) for result in results) == 1
    async with sessions() as session:
        assert await count(session, PortalSession) == 1


async def test_of_a_hundred_wrong_staff_tries_at_once_five_are_told_so(sessions, officer, hasher, keys, now):
    roomy = type(hasher)(keys, at_once=2, queue=100)
    posts = [come_in("000000", f"une longue phrase {number}", roomy, keys, now) for number in range(100)]
    results = await all_at_once(sessions, posts, kept=(staff_sign_in.StaffSignInRefused,))
    told = [result.code for result in results if isinstance(result, staff_sign_in.StaffSignInRefused)]
    assert sorted(told) == ["wait"] * 95 + ["wrong"] * 5


async def test_a_limit_counts_exactly(sessions, keys, now):
    limit = Limit("test", 7, MINUTE)
    uses = [partial(spend, limit=limit, subject="somebody", keys=keys, now=now)] * 100
    assert sum(await all_at_once(sessions, uses, kept=())) == 7


async def test_turns_without_a_wait_are_as_many_as_the_ladder_says(sessions, keys, now):
    turns = [partial(take_turn, ladder=PASSWORD_TRIES, subject="somebody", keys=keys, now=now)] * 100
    assert sum(await all_at_once(sessions, turns, kept=())) == 4
