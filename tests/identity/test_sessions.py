"""A session ends, in every way it can, and nothing revives it."""

from datetime import date, timedelta
from functools import partial

import pytest

from app.db import session_factory
from identity import sessions
from identity.account.accounts import recipient
from identity.roles import Role
from identity.sessions import FoundSession
from identity.staff.officers import add_staff
from identity.tables import PortalSession, SecondProof, SessionKind
from notifications.messages import Template
from notifications.outbox import notify
from tests.identity.world import StatementCounter, add_account, add_person, all_at_once, count

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def sessions_factory(engine):
    return session_factory(engine)


@pytest.fixture
async def opened(session, fatima, hasher, keys, now):
    return await add_account(session, hasher, keys, now)


@pytest.fixture
async def officer(session, hasher, keys, now):
    added = await add_staff(
        session,
        email="Amina@Centre.example.ma",
        name_ar="أمينة بناني",
        name_latin="Amina Bennani",
        password="une longue phrase",
        role=Role.SUPERVISOR,
        centre_code="C-1",
        hasher=hasher,
        keys=keys,
        now=now,
    )
    return added.staff


@pytest.fixture
def begin(session, opened):
    async def open_citizen_session(now, *, shared_device=True):
        return await sessions.open_citizen_session(
            session, account_id=opened.account.id, shared_device=shared_device, now=now
        )

    return open_citizen_session


async def stay_until(session, token, start, end):
    """A request every five minutes, as somebody who works on."""
    moment = start
    while moment + 5 * MINUTE < end:
        moment += 5 * MINUTE
        assert await sessions.touch_session(session, token_hash=sessions.hash_token(token), now=moment)


async def is_running(session, token, now) -> bool:
    return await sessions.find_session(session, token=token, now=now) is not None


async def test_what_the_head_of_a_page_needs_comes_in_one_statement(session, engine, opened, begin, now):
    token = await begin(now)
    await session.flush()
    counter = StatementCounter(engine)
    found = await sessions.find_session(session, token=token, now=now)
    assert len(counter.take()) == 1
    assert found == FoundSession(
        token_hash=sessions.hash_token(token),
        reference=found.reference,
        kind=SessionKind.CITIZEN,
        device="",
        second_proof=SecondProof.SMS,
        second_at=now,
        created_at=now,
        seen_at=now,
        proven_at=now,
        ends_at=now + 2 * HOUR,
        idle_until=now + 15 * MINUTE,
        shared_device=True,
        given_name_ar="فاطمة",
        family_name_ar="الإدريسي",
        given_name_latin="Fatima",
        family_name_latin="El Idrissi",
        account_id=opened.account.id,
        person_id=opened.person.id,
        identifier="0123456789",
        language="fr",
        unread=1,
    )


async def test_unread_messages_are_counted(session, opened, begin, now):
    token = await begin(now)
    told = await recipient(session, person_id=opened.person.id)
    await notify(session, recipient=told, template=Template.SIGNED_IN, values={"at": now}, now=now)
    assert (await sessions.find_session(session, token=token, now=now)).unread == 2


async def test_an_officers_session(session, officer, now):
    token = await sessions.open_staff_session(session, staff_id=officer.id, now=now)
    hashed = sessions.hash_token(token)
    found = await sessions.find_session(session, token=token, now=now)
    assert (found.kind, found.staff_id, found.role) == (SessionKind.STAFF, officer.id, Role.SUPERVISOR)
    assert (found.staff_email, found.centre_code) == ("amina@centre.example.ma", "C-1")
    assert (found.given_name_ar, found.given_name_latin, found.family_name_ar) == (
        "أمينة بناني",
        "Amina Bennani",
        "",
    )
    assert (found.person_id, found.visit_id, found.unread) == (None, None, 0)
    assert found.idle_until == now + 10 * MINUTE
    assert found.ends_at == now + 8 * HOUR
    await sessions.set_visit(session, token_hash=hashed, visit_id=7)
    assert (await sessions.find_session(session, token=token, now=now)).visit_id == 7
    await sessions.set_visit(session, token_hash=hashed, visit_id=None)
    assert (await sessions.find_session(session, token=token, now=now)).visit_id is None


async def test_the_token_is_kept_nowhere_and_its_hash_opens_nothing(session, begin, now):
    token = await begin(now)
    assert len(token) >= 43
    hashed = sessions.hash_token(token)
    assert (await session.get(PortalSession, hashed)) is not None
    for planted in (hashed, "", "attacker-chosen-id-123", "\udcff", token + "x"):
        assert not await is_running(session, planted, now)


async def test_fifteen_minutes_without_a_request_end_it(session, begin, now):
    token = await begin(now)
    assert await is_running(session, token, now + 15 * MINUTE - SECOND)
    assert not await is_running(session, token, now + 15 * MINUTE)


async def test_ten_minutes_without_a_request_end_an_officers(session, officer, now):
    token = await sessions.open_staff_session(session, staff_id=officer.id, now=now)
    assert await is_running(session, token, now + 10 * MINUTE - SECOND)
    assert not await is_running(session, token, now + 10 * MINUTE)
    assert not await sessions.touch_session(
        session, token_hash=sessions.hash_token(token), now=now + 10 * MINUTE
    )


@pytest.mark.parametrize(("shared_device", "length"), [(True, 2 * HOUR), (False, 12 * HOUR)])
async def test_it_ends_however_busy_one_is(session, begin, now, shared_device, length):
    token = await begin(now, shared_device=shared_device)
    end = now + length
    await stay_until(session, token, now, end)
    assert await is_running(session, token, end - SECOND)
    assert not await is_running(session, token, end)
    assert not await sessions.touch_session(session, token_hash=sessions.hash_token(token), now=end)


async def test_an_officers_ends_after_eight_hours(session, officer, now):
    token = await sessions.open_staff_session(session, staff_id=officer.id, now=now)
    await stay_until(session, token, now, now + 8 * HOUR)
    assert await is_running(session, token, now + 8 * HOUR - SECOND)
    assert not await is_running(session, token, now + 8 * HOUR)


async def test_a_request_is_written_down_at_most_every_thirty_seconds(session, begin, now):
    hashed = sessions.hash_token(await begin(now))
    touch = partial(sessions.touch_session, session, token_hash=hashed)
    assert not await touch(now=now + 29 * SECOND)
    assert await touch(now=now + 30 * SECOND)
    assert not await touch(now=now + 31 * SECOND)


async def test_a_touch_moves_the_idle_end(session, begin, now):
    token = await begin(now)
    await sessions.touch_session(session, token_hash=sessions.hash_token(token), now=now + 10 * MINUTE)
    assert await is_running(session, token, now + 25 * MINUTE - SECOND)
    assert not await is_running(session, token, now + 25 * MINUTE)


async def test_signing_out_ends_one_and_a_new_password_ends_all(session, opened, begin, now):
    one, other, third = await begin(now), await begin(now), await begin(now)
    await sessions.end_session(session, token_hash=sessions.hash_token(one), now=now)
    assert [await is_running(session, token, now) for token in (one, other, third)] == [False, True, True]
    assert not await sessions.touch_session(session, token_hash=sessions.hash_token(one), now=now + MINUTE)
    await sessions.end_account_sessions(session, account_id=opened.account.id, now=now)
    assert [await is_running(session, token, now) for token in (other, third)] == [False, False]


async def test_ending_an_officers_sessions_leaves_citizens_alone(session, officer, begin, now):
    citizen = await begin(now)
    token = await sessions.open_staff_session(session, staff_id=officer.id, now=now)
    await sessions.end_staff_sessions(session, staff_id=officer.id, now=now)
    assert not await is_running(session, token, now)
    assert await is_running(session, citizen, now)


async def test_a_disabled_account_officer_or_a_dead_person_is_signed_out(
    session, opened, officer, begin, now
):
    citizen = await begin(now)
    staff = await sessions.open_staff_session(session, staff_id=officer.id, now=now)
    opened.account.disabled_at = officer.disabled_at = now
    session.add_all([opened.account, officer])
    await session.flush()
    assert not await is_running(session, citizen, now)
    assert not await is_running(session, staff, now)
    opened.account.disabled_at = None
    opened.person.deceased_on = date(2026, 1, 1)
    await session.flush()
    assert not await is_running(session, citizen, now)


async def test_thirty_requests_at_the_second_of_the_end_revive_nothing(sessions_factory, keys, hasher, now):
    async with sessions_factory() as session, session.begin():
        await add_person(session)
        token = (await add_account(session, hasher, keys, now)).token
    late = now - timedelta(days=2) + 15 * MINUTE
    touch = partial(sessions.touch_session, token_hash=sessions.hash_token(token), now=late)
    assert not any(await all_at_once(sessions_factory, [touch] * 30, kept=()))
    async with sessions_factory() as session:
        assert not await is_running(session, token, late)
        assert await count(session, PortalSession) == 1
