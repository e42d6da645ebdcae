"""T-12: somebody knows what is printed on another person's card, and claims her identifier."""

from sqlmodel import col

from app.db import Sessions
from identity.audit import IdentityAction
from identity.entering import claims
from identity.limits import MINUTE
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused
from identity.proofs.tables import Challenge, Purpose
from identity.tables import Account, AuditEntry
from notifications.messages import Template
from notifications.tables import Delivery, Notification
from tests.identity.world import (
    FATIMA,
    PASSWORD,
    CountingHasher,
    add_account,
    add_person,
    all_at_once,
    count,
    last_code,
)


async def claim_with_wrong_numbers(session, keys, now, times: int) -> tuple[int, int]:
    """Claims with the right card, each with another number: codes sent, real challenges."""
    for number in range(times):
        facts = FATIMA | {"phone": f"+2126990{number * 101:05}"}
        from_where = {"browser": f"stranger {number % 20}", "address": f"10.0.0.{number}"}
        await claims.start_claim(session, **facts, **from_where, language="fr", keys=keys, now=now)
    real = await count(session, Challenge, col(Challenge.person_id).is_not(None))
    return await count(session, Delivery), real


async def test_a_hundred_wrong_third_facts_open_nothing(session, fatima, keys, now):
    assert await claim_with_wrong_numbers(session, keys, now, 100) == (0, 0)
    assert await count(session, AuditEntry, AuditEntry.action == IdentityAction.CLAIM_STARTED) == 100


async def test_the_same_claims_against_two_facts(session, fatima, keys, now, monkeypatch):
    async def by_the_card_alone(session, asked, facts):
        return fatima

    monkeypatch.setattr(claims, "_match", by_the_card_alone)
    sent, real = await claim_with_wrong_numbers(session, keys, now, 5)
    assert sent > 0
    assert real > 0


async def test_of_two_browsers_that_proved_one_claim_one_wins_and_both_are_written_down(
    sessions: Sessions, keys, now
):
    hasher = CountingHasher(keys, at_once=2, queue=100)
    async with sessions() as session, session.begin():
        await add_person(session)
    posts = []
    for number in range(2):
        moment = now + number * 2 * MINUTE
        facts = {"browser": f"browser {number}", "keys": keys, "now": moment}
        async with sessions() as session, session.begin():
            challenge = await claims.start_claim(
                session, **FATIMA, language="fr", address=f"10.0.0.{number}", **facts
            )
            proof = {"challenge_id": challenge.id, "purpose": Purpose.CLAIM}
            await codes.check_code(session, **proof, code=await last_code(session, keys), **facts)
        words = {"password": PASSWORD, "language": "fr", "sms_language": "fr", "email": None}

        def post(session, facts=facts, challenge=challenge, words=words):
            kept = {"challenge_id": challenge.id, "shared_device": True, "hasher": hasher}
            return claims.open_account(session, **kept, **words, **facts)

        posts.append(post)
    # Whoever reads the claim in the moment it is used is told that it can no longer be used.
    results = await all_at_once(sessions, posts * 25, kept=(claims.AlreadyClaimed, CodeRefused))
    assert sum(isinstance(result, claims.OpenedAccount) for result in results) == 1
    async with sessions() as session:
        assert await count(session, Account) == 1
        assert await count(session, AuditEntry, AuditEntry.action == IdentityAction.ACCOUNT_OPENED) == 1
        assert await count(session, AuditEntry, AuditEntry.action == IdentityAction.CLAIM_LOST) >= 1


async def claim_what_is_claimed(session, keys, now, times: int) -> tuple[int, int]:
    """Right claims of an identifier that has an account: codes that left for them, and warnings to its owner."""
    before = await count(session, Delivery, col(Delivery.sealed).is_not(None))
    for number in range(times):
        from_where = {"browser": f"stranger {number}", "address": f"10.0.0.{number}"}
        await claims.start_claim(session, **FATIMA, **from_where, language="fr", keys=keys, now=now)
    sent = await count(session, Delivery, col(Delivery.sealed).is_not(None)) - before
    return sent, await count(session, Notification, Notification.template == Template.CLAIM_ATTEMPTED)


async def test_a_claim_of_what_is_claimed_already_is_frozen_and_its_owner_warned(
    session, fatima, hasher, keys, now
):
    """Whoever is right, no code decides it any more, but a centre: with both there, and documents."""
    opened = await add_account(session, hasher, keys, now)
    assert await claim_what_is_claimed(session, keys, now, 20) == (0, 1)
    tried = AuditEntry.action == IdentityAction.CLAIM_ATTEMPTED
    assert await count(session, AuditEntry, tried, AuditEntry.person_id == fatima.id) == 20
    await session.refresh(opened.account)
    assert opened.account.phone == FATIMA["phone"]


async def test_the_same_claims_where_nobody_looks_for_an_account(
    session, fatima, hasher, keys, now, monkeypatch
):
    async def none_yet(_session, _person_id):
        return None

    await add_account(session, hasher, keys, now)
    monkeypatch.setattr(claims, "account_of_person", none_yet)
    sent, warned = await claim_what_is_claimed(session, keys, now, 1)
    assert (sent, warned) == (1, 0)
