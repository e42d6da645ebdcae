"""The citizen's authenticator: each step once, five tries, sealed, and told on every channel."""

from datetime import timedelta
from functools import partial

import pyotp
import pytest
from sqlmodel import col

from identity import sessions
from identity.account import authenticators
from identity.entering import sign_in
from identity.proofs import totp
from identity.proofs.challenges import CodeRefused
from identity.tables import Account, PortalSession
from notifications.messages import Template
from notifications.tables import Delivery, Notification
from tests.identity.world import ADDRESS, BROWSER, PASSWORD, add_account, add_person, all_at_once, count

STEP = timedelta(seconds=30)
SECRET = totp.new_secret()


def code_at(moment) -> str:
    return pyotp.TOTP(SECRET).at(moment)


@pytest.fixture
async def opened(session, hasher, keys, now):
    await add_person(session)
    return await add_account(session, hasher, keys, now)


@pytest.fixture
async def owner(session, opened, keys, now):
    """Set up an hour ago."""
    return await authenticators.set_authenticator(
        session,
        account_id=opened.account.id,
        secret=SECRET,
        code=code_at(now - 120 * STEP),
        here="",
        keys=keys,
        now=now - 120 * STEP,
    )


async def outcome(session, owner, code, keys, now) -> str:
    try:
        await authenticators.check_authenticator(session, account_id=owner.id, code=code, keys=keys, now=now)
    except CodeRefused as refused:
        return refused.code
    return "right"


async def test_each_step_is_good_once_and_none_before_it(session, owner, keys, now):
    check = partial(outcome, session, owner, keys=keys)
    assert await check(code_at(now), now=now) == "right"
    assert await check(code_at(now), now=now) == "not_current"
    assert await check(code_at(now - STEP), now=now) == "not_current"
    assert await check(code_at(now + STEP), now=now + STEP) == "right"


async def test_the_code_of_the_set_up_is_used_up(session, owner, keys, now):
    then = now - 120 * STEP
    assert await outcome(session, owner, code_at(then), keys, then) == "not_current"


async def test_five_tries_then_a_quarter_of_an_hour(session, owner, keys, now):
    for _ in range(5):
        assert await outcome(session, owner, "000000", keys, now) == "not_current"
    assert await outcome(session, owner, code_at(now), keys, now) == "wait"
    later = now + timedelta(minutes=15)
    assert await outcome(session, owner, code_at(later), keys, later) == "right"


async def test_the_secret_is_sealed_for_its_account(session, owner, keys):
    assert SECRET.encode() not in owner.authenticator_sealed
    assert keys.sealer.unseal_text(owner.authenticator_sealed, f"account.totp|{owner.id}") == SECRET


async def test_a_wrong_code_sets_nothing_up(session, opened, keys, now):
    with pytest.raises(CodeRefused):
        await authenticators.set_authenticator(
            session, account_id=opened.account.id, secret=SECRET, code="000000", here="", keys=keys, now=now
        )
    assert (await session.get(Account, opened.account.id)).authenticator_sealed is None


async def test_setting_and_removing_are_told_and_end_the_other_sessions(session, owner, keys, now):
    owner.email, owner.email_confirmed_at = "fatima@example.ma", now
    here, other = [
        await sessions.open_citizen_session(session, account_id=owner.id, shared_device=True, now=now)
        for _ in range(2)
    ]
    await authenticators.remove_authenticator(
        session, account_id=owner.id, here=sessions.hash_token(here), now=now
    )
    assert await sessions.find_session(session, token=here, now=now) is not None
    assert await sessions.find_session(session, token=other, now=now) is None
    told = col(Notification.template) == Template.AUTHENTICATOR_CHANGED
    assert await count(session, Notification, told, col(Notification.in_inbox)) == 2
    removal = col(Notification.created_at) == now
    assert (
        await count(session, Delivery, col(Delivery.created_at) == now)
        == 2 * await count(session, Notification, told, removal)
        == 2
    )


async def start(session, opened, hasher, keys, now):
    return await sign_in.start_sign_in(
        session,
        identifier=opened.person.identifier,
        password=PASSWORD,
        browser=BROWSER,
        address=ADDRESS,
        hasher=hasher,
        keys=keys,
        now=now,
    )


async def test_of_fifty_sign_ins_with_one_code_at_once_one_wins(sessions, hasher, keys, now):
    async with sessions() as session, session.begin():
        await add_person(session)
        opened = await add_account(session, hasher, keys, now)
        await authenticators.set_authenticator(
            session,
            account_id=opened.account.id,
            secret=SECRET,
            code=code_at(now - 9 * STEP),
            here="",
            keys=keys,
            now=now - 9 * STEP,
        )
        before = await count(session, PortalSession)
        challenge = await start(session, opened, hasher, keys, now)

    async def finish(session):
        return await sign_in.finish_with_authenticator(
            session,
            challenge_id=challenge.id,
            code=code_at(now),
            browser=BROWSER,
            shared_device=True,
            keys=keys,
            now=now,
        )

    results = await all_at_once(sessions, [finish] * 50, kept=(CodeRefused,))
    assert sum(isinstance(result, sign_in.SignedIn) for result in results) == 1
    async with sessions() as session:
        assert await count(session, PortalSession) == before + 1


async def test_an_account_without_authenticator_has_no_code(session, opened, hasher, keys, now):
    challenge = await start(session, opened, hasher, keys, now)
    with pytest.raises(CodeRefused, match="not_current"):
        await sign_in.finish_with_authenticator(
            session,
            challenge_id=challenge.id,
            code="000000",
            browser=BROWSER,
            shared_device=True,
            keys=keys,
            now=now,
        )
