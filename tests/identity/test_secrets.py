"""One secret takes the place of another: what the earlier one made is still accepted, and nobody gets more tries."""

import base64
import hashlib
import hmac
import os
from datetime import timedelta

import argon2
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from identity import known_secrets, limits
from identity.entering import claims, national, sign_in
from identity.keys import Keys
from identity.known_secrets import SecretsRefused, note_secrets
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused, TooSoon
from identity.proofs.codes import resend_code
from identity.proofs.passwords import PasswordHasher
from identity.proofs.tables import Purpose
from identity.tables import Account
from notifications.sealing import SealBroken
from tests.identity.world import (
    ADDRESS,
    BROWSER,
    FATIMA,
    PASSWORD,
    CountingHasher,
    StatementCounter,
    add_account,
    ask,
    last_code,
)

OLD, NEW, THIRD = (
    f"the {which} secret of the tests, long enough".encode() for which in ("old", "new", "third")
)


def keys_of(*lines: bytes) -> Keys:
    return Keys.from_secret(b"\n".join(lines))


BEFORE, TOGETHER, AFTER = keys_of(OLD), keys_of(NEW, OLD), keys_of(NEW)


@pytest.fixture
def keys() -> Keys:
    return BEFORE


def test_what_the_earlier_secret_sealed_opens_beside_the_new_one_and_not_without_it():
    sealed = BEFORE.sealer.seal("a document", "document:7")
    assert TOGETHER.sealer.unseal_text(sealed, "document:7") == "a document"
    with pytest.raises(SealBroken):
        AFTER.sealer.unseal(sealed, "document:7")
    anew = TOGETHER.sealer.seal("a document", "document:7")
    assert AFTER.sealer.unseal_text(anew, "document:7") == "a document"
    with pytest.raises(SealBroken):
        BEFORE.sealer.unseal(anew, "document:7")


def test_what_was_sealed_before_keys_had_names_opens_with_whichever_it_was():
    nonce = os.urandom(12)
    sealed = b"\x01" + nonce + AESGCM(BEFORE.present.sealing).encrypt(nonce, b"a document", b"document:7")
    assert keys_of(THIRD, NEW, OLD).sealer.unseal(sealed, "document:7") == b"a document"
    with pytest.raises(SealBroken):
        AFTER.sealer.unseal(sealed, "document:7")


def test_the_next_secret_is_known_and_seals_nothing():
    preparing = keys_of(b"next " + NEW, OLD)
    assert preparing.sealer.name == BEFORE.sealer.name
    assert preparing.sealer.unseal_text(AFTER.sealer.seal("x", "y"), "y") == "x"
    assert preparing.lookup_hash("browser", "x") == BEFORE.lookup_hash("browser", "x")


@pytest.mark.parametrize("lines", [(OLD, OLD), (b"next " + OLD,), (OLD, b"next " + NEW), (OLD, b"short")])
def test_a_file_that_cannot_be_meant_is_refused(lines):
    with pytest.raises(ValueError, match="secret"):
        keys_of(*lines)


async def test_a_hash_needs_no_password_to_move_to_the_new_secret():
    old, both, new = (PasswordHasher(keys, memory_kib=8, passes=1) for keys in (BEFORE, TOGETHER, AFTER))
    hashed = await old.hash(PASSWORD)
    assert await both.verify(hashed, PASSWORD)
    assert not await new.verify(hashed, PASSWORD)
    moved = both.sealed_anew(hashed)
    assert await new.verify(moved, PASSWORD)
    assert not await new.verify(moved, PASSWORD + "x")
    assert both.fingerprint(hashed) == both.fingerprint(moved)
    assert not both.is_outdated(moved)


async def test_a_hash_from_before_hashes_were_sealed_keeps_its_pepper_when_it_moves():
    old, both, new = (PasswordHasher(keys, memory_kib=8, passes=1) for keys in (BEFORE, TOGETHER, AFTER))
    peppered = hmac.new(BEFORE.present.pepper, PASSWORD.encode(), hashlib.sha256).digest()
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(peppered)
    assert await old.verify(hashed, PASSWORD)
    assert await both.verify(hashed, PASSWORD)
    assert not await new.verify(hashed, PASSWORD)
    assert both.is_outdated(hashed)
    moved = both.sealed_anew(hashed)
    assert len(moved) <= Account.__table__.c.password_hash.type.length
    assert await new.verify(moved, PASSWORD)
    assert BEFORE.present.pepper.hex().encode() not in base64.b64decode(moved.partition(".")[2])


async def test_a_right_password_is_hashed_anew_once(session, fatima, now):
    opened = await add_account(session, CountingHasher(BEFORE), BEFORE, now)
    peppered = hmac.new(BEFORE.present.pepper, PASSWORD.encode(), hashlib.sha256).digest()
    of_before = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(peppered)
    opened.account.password_hash = of_before
    await session.flush()
    calls = []
    for minute in (0, 5):
        hasher = CountingHasher(TOGETHER)
        await _start(session, opened, hasher, TOGETHER, now + timedelta(minutes=minute))
        calls.append(hasher.calls)
    assert calls == [2, 1]
    await session.refresh(opened.account)
    assert opened.account.password_hash.startswith(f"{AFTER.sealer.name}.")


async def test_with_two_secrets_an_unknown_person_costs_what_a_wrong_password_does(
    session, engine, fatima, now
):
    opened = await add_account(session, CountingHasher(BEFORE), BEFORE, now)
    counter, outcomes = StatementCounter(engine), []
    for number, facts in enumerate(({"password": "un autre mot"}, {"identifier": "0999999999"})):
        hasher = CountingHasher(TOGETHER)
        counter.take()
        with pytest.raises(sign_in.SignInRefused) as refused:
            await _start(session, opened, hasher, TOGETHER, now, address=f"192.0.2.{number}", **facts)
        outcomes.append((refused.value.code, hasher.calls, counter.take()))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][:2] == ("wrong", 1)


async def _start(session, opened, hasher, keys, now, **facts):
    usual = {
        "identifier": opened.person.identifier,
        "password": PASSWORD,
        "browser": BROWSER,
        "address": ADDRESS,
    }
    return await sign_in.start_sign_in(session, **(usual | facts), hasher=hasher, keys=keys, now=now)


@pytest.mark.parametrize("digits", [6, 8])
async def test_a_code_under_way_opens_under_both_and_only_its_challenge_is_gone_without(
    session, fatima, now, digits
):
    challenge = await ask(
        session, fatima, BEFORE, now, purpose=Purpose.CLAIM, is_careful=digits == 8, data={}
    )
    code = await last_code(session, BEFORE)
    assert len(code) == digits
    check = {"challenge_id": challenge.id, "purpose": Purpose.CLAIM, "browser": BROWSER, "now": now}
    with pytest.raises(CodeRefused):
        await codes.check_code(session, code=code, **check, keys=AFTER)
    with pytest.raises(TooSoon):
        await resend_code(session, **check, keys=TOGETHER)
    checked = await codes.check_code(session, code=code, **check, keys=TOGETHER)
    assert checked.challenge.id == challenge.id


async def test_asking_again_under_the_new_secret_goes_on_with_the_same_challenge(session, fatima, now):
    first = await ask(session, fatima, BEFORE, now)
    assert (await ask(session, fatima, TOGETHER, now)).id == first.id
    assert (await ask(session, fatima, AFTER, now)).id != first.id


async def test_a_known_browser_stays_known_and_is_remembered_under_the_new_name(session, fatima, now):
    opened = await add_account(session, CountingHasher(BEFORE), BEFORE, now)
    await _come_in(session, opened, BEFORE, now)
    assert not (await _come_in(session, opened, TOGETHER, now + timedelta(hours=1))).is_new_browser
    assert not (await _come_in(session, opened, AFTER, now + timedelta(hours=2))).is_new_browser


async def _come_in(session, opened, keys, now):
    challenge = await _start(session, opened, CountingHasher(TOGETHER), keys, now)
    return await sign_in.finish_sign_in(
        session,
        challenge_id=challenge.id,
        code=await last_code(session, TOGETHER),
        browser=BROWSER,
        shared_device=False,
        keys=keys,
        now=now,
    )


async def test_a_new_secret_gives_nobody_more_tries(session, now):
    limit = limits.Limit("test", 3, timedelta(hours=1))
    spend = {"subject": "somebody", "now": now}
    assert [await limits.spend(session, limit, **spend, keys=BEFORE) for _ in range(2)] == [True, True]
    assert [await limits.spend(session, limit, **spend, keys=TOGETHER) for _ in range(2)] == [True, False]
    assert await limits.is_full(session, limit, **spend, keys=TOGETHER)
    assert await limits.spend(session, limit, **spend, keys=AFTER)
    for _ in range(4):
        await limits.take_turn(session, limits.PASSWORD_TRIES, **spend, keys=BEFORE)
    assert not await limits.take_turn(session, limits.PASSWORD_TRIES, **spend, keys=TOGETHER)
    assert await limits.seconds_to_wait(session, limits.PASSWORD_TRIES, **spend, keys=TOGETHER) == 5
    await limits.forget_tries(session, limits.PASSWORD_TRIES, subject="somebody", keys=TOGETHER)
    assert await limits.take_turn(session, limits.PASSWORD_TRIES, **spend, keys=BEFORE)


async def test_wrong_codes_for_one_claim_are_counted_over_both(session, fatima, now, monkeypatch):
    facts = FATIMA | {"browser": BROWSER, "language": "fr", "address": ADDRESS}
    challenge = await claims.start_claim(session, **facts, keys=BEFORE, now=now)
    few = limits.Limit(limits.WRONG_CLAIM_CODES.scope, 1, limits.WRONG_CLAIM_CODES.window)
    monkeypatch.setattr(limits, "WRONG_CLAIM_CODES", few)
    with pytest.raises(CodeRefused):
        await codes.check_code(
            session,
            challenge_id=challenge.id,
            purpose=Purpose.CLAIM,
            code="x",
            browser=BROWSER,
            keys=BEFORE,
            now=now,
        )
    later = facts | {"browser": "another", "now": now + timedelta(minutes=2)}
    assert (await claims.start_claim(session, **later, keys=TOGETHER)).digits == 8


async def test_who_was_sent_to_the_national_service_comes_back(session, now):
    where = {"browser": BROWSER, "now": now}
    begun = await national.start_departure(session, language="fr", address=ADDRESS, **where, keys=BEFORE)
    with pytest.raises(national.NotAwaited):
        await national.take_return(session, state=begun.state, **where, keys=AFTER)
    back = await national.take_return(session, state=begun.state, **where, keys=TOGETHER)
    assert back.departure == begun


async def test_the_database_knows_which_secrets_it_needs(session, now):
    for keys in (
        BEFORE,
        BEFORE,
        keys_of(b"next " + NEW, OLD),
        BEFORE,
        TOGETHER,
        keys_of(b"next " + NEW, OLD),
    ):
        await note_secrets(session, keys=keys, now=now)
    names = [row.name for row in await known_secrets.known_secrets(session)]
    assert names == [BEFORE.sealer.name, AFTER.sealer.name]
    for wrong, said in (
        (AFTER, "lacks"),
        (keys_of(THIRD), "lacks"),
        (keys_of(OLD, NEW), "order"),
        (keys_of(NEW, THIRD, OLD), "order"),
    ):
        with pytest.raises(SecretsRefused, match=said):
            await note_secrets(session, keys=wrong, now=now)
    await known_secrets.retire(session, name=BEFORE.sealer.name, now=now)
    await note_secrets(session, keys=AFTER, now=now)
    await note_secrets(session, keys=TOGETHER, now=now)
    with pytest.raises(SecretsRefused, match="lacks"):
        await note_secrets(session, keys=BEFORE, now=now)
    with pytest.raises(SecretsRefused, match="retired"):
        await note_secrets(session, keys=keys_of(b"next " + NEW, OLD), now=now)
