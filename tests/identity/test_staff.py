"""Officers: who may sign in, with what, and what each role may do."""

from datetime import timedelta

import pyotp
import pytest
from sqlmodel import select

from identity import limits, sessions
from identity.assurance import staff_proof_missing
from identity.audit import IdentityAction
from identity.proofs.passwords import PasswordRefused
from identity.roles import DUTIES, Duty, Role, may
from identity.staff import officers as staff
from identity.staff import sign_in as staff_sign_in
from identity.tables import AuditEntry, PortalSession, Staff
from tests.identity.world import ADDRESS, BROWSER, OTHER_BROWSER, StatementCounter, count

EMAIL, PASSWORD = "amina@centre.example.ma", "une longue phrase"
STEP = timedelta(seconds=30)


@pytest.fixture
def add(session, hasher, keys, now):
    async def add_staff(**facts):
        known = {
            "email": EMAIL,
            "name_ar": "أمينة",
            "name_latin": "Amina Bennani",
            "password": PASSWORD,
            "role": Role.AGENT,
            "centre_code": "C-1",
        }
        return await staff.add_staff(session, **(known | facts), hasher=hasher, keys=keys, now=now)

    return add_staff


@pytest.fixture
async def added(add):
    return await add()


@pytest.fixture
def sign_in(session, added, hasher, keys):
    async def sign_in_staff(now, **facts):
        known = {
            "email": EMAIL,
            "password": PASSWORD,
            "totp": pyotp.TOTP(added.totp_secret).at(now),
            "browser": BROWSER,
            "address": ADDRESS,
        }
        return await staff_sign_in.sign_in_staff(
            session, **(known | facts), hasher=hasher, keys=keys, now=now
        )

    return sign_in_staff


async def refusal(sign_in, now, **facts) -> str:
    with pytest.raises(staff_sign_in.StaffSignInRefused) as refused:
        await sign_in(now, **facts)
    return refused.value.code


async def test_signing_in(session, added, sign_in, now):
    signed_in = await sign_in(now)
    found = await sessions.find_session(session, token=signed_in.token, now=now)
    assert (found.staff_id, found.role, found.centre_code) == (added.staff.id, Role.AGENT, "C-1")
    actions = (await session.exec(select(AuditEntry.action).order_by(AuditEntry.id))).all()
    assert actions == [IdentityAction.STAFF_ADDED, IdentityAction.STAFF_SIGNED_IN]


async def test_the_address_is_taken_in_any_capitals(sign_in, now):
    assert await sign_in(now, email=" Amina@Centre.Example.MA ")


async def test_what_is_told_once_is_sealed(added):
    assert pyotp.parse_uri(added.otpauth_uri).secret == added.totp_secret
    assert len(added.totp_secret) == 32
    assert added.totp_secret.encode() not in added.staff.totp_sealed
    assert PASSWORD not in added.staff.password_hash


async def test_one_officer_an_address(session, added, add):
    with pytest.raises(staff.StaffExists):
        await add(email="AMINA@centre.example.ma")
    assert await count(session, Staff) == 1


@pytest.mark.parametrize("password", ["quatorze signe", "azertyazertyazerty", "amina@centre.example.ma"])
async def test_a_weak_password_is_refused(session, add, password):
    with pytest.raises(PasswordRefused):
        await add(password=password)
    assert await count(session, Staff) == 0


async def test_everything_wrong_is_one_answer_and_one_amount_of_work(
    session, engine, added, hasher, sign_in, now
):
    counter = StatementCounter(engine)
    outcomes = []
    for facts in (
        {"password": "une autre phrase"},
        {"totp": "000000"},
        {"email": "nobody@centre.example.ma"},
        {"totp": "é"},
    ):
        counter.take()
        hasher.calls = 0
        outcomes.append((await refusal(sign_in, now, **facts), hasher.calls, counter.take()))
    added.staff.disabled_at = now
    session.add(added.staff)
    await session.flush()
    counter.take()
    hasher.calls = 0
    outcomes.append((await refusal(sign_in, now, email=EMAIL.upper()), hasher.calls, counter.take()))
    assert outcomes[1:] == [outcomes[0]] * 4
    code, hashes, statements = outcomes[0]
    assert (code, hashes) == ("wrong", 1)
    assert len(statements) > 3
    assert await count(session, PortalSession) == 0


async def test_each_step_is_good_once_and_none_before_it(added, sign_in, now):
    generator = pyotp.TOTP(added.totp_secret)
    await sign_in(now)
    assert await refusal(sign_in, now) == "wrong"
    assert await refusal(sign_in, now, totp=generator.at(now - STEP)) == "wrong"
    assert await refusal(sign_in, now + STEP, totp=generator.at(now)) == "wrong"
    await sign_in(now + STEP)


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_the_window_is_one_step_to_either_side(added, sign_in, now, steps, fits):
    code = pyotp.TOTP(added.totp_secret).at(now + steps * STEP)
    if fits:
        await sign_in(now, totp=code)
    else:
        assert await refusal(sign_in, now, totp=code) == "wrong"


@pytest.mark.parametrize("email", [EMAIL, "nobody@centre.example.ma"])
async def test_five_tries_then_a_quarter_of_an_hour_for_known_and_unknown_alike(sign_in, now, email):
    for _ in range(5):
        assert await refusal(sign_in, now, email=email, password="une autre phrase") == "wrong"
    assert await refusal(sign_in, now + timedelta(minutes=14, seconds=59), email=email) == "wait"
    later = now + timedelta(minutes=15)
    if email == EMAIL:
        await sign_in(later)
    else:
        assert await refusal(sign_in, later, email=email) == "wrong"


async def test_a_success_starts_the_count_anew(sign_in, now):
    for _ in range(4):
        await refusal(sign_in, now, totp="000000")
    await sign_in(now)
    for _ in range(4):
        assert await refusal(sign_in, now, totp="000000") == "wrong"


STRANGER = {"browser": OTHER_BROWSER, "address": "203.0.113.9"}


async def test_a_stranger_keeps_nobody_out(sign_in, now):
    """Not on the browser of every day, not on a new one in the centre; the stranger waits alone."""
    await sign_in(now)
    for quarter in range(4):
        moment = now + quarter * timedelta(minutes=15)
        for _ in range(5):
            assert await refusal(sign_in, moment, password="une autre phrase", **STRANGER) == "wrong"
        assert await refusal(sign_in, moment, **STRANGER) == "wait"
    later = now + timedelta(minutes=46)
    await sign_in(later)
    await sign_in(later + STEP, browser="another computer of the centre")


async def test_from_everywhere_at_once_strangers_wait_and_the_officer_does_not(sign_in, now):
    """Past the fiftieth try each network has one a quarter of an hour; the officer's first is the right one."""
    await sign_in(now)
    for network in range(10):
        for number in range(5):
            stranger = {"browser": f"{network}-{number}", "address": f"203.0.113.{network}"}
            await refusal(sign_in, now, password="une autre phrase", **stranger)
    elsewhere = {"browser": "another", "address": "198.51.100.98"}
    assert await refusal(sign_in, now, password="une autre phrase", **elsewhere) == "wrong"
    assert await refusal(sign_in, now, **elsewhere) == "wait"
    await sign_in(now + STEP)
    await sign_in(now + 2 * STEP, browser="new", address="198.51.100.99")


async def test_a_whole_centre_comes_in_at_eight_on_new_computers_behind_one_address(
    session, add, sign_in, now
):
    """Though somebody there has just tried forty addresses that are nobody's."""
    officers = [await add(email=f"officer{number}@centre.example.ma") for number in range(40)]
    for number in range(40):
        nobody = {"email": f"nobody{number}@centre.example.ma", "browser": "stranger"}
        assert await refusal(sign_in, now, **nobody) == "wrong"
    for number, joined in enumerate(officers):
        code = pyotp.TOTP(joined.totp_secret).at(now)
        await sign_in(now, email=joined.staff.email, totp=code, browser=f"computer {number}")
    assert await count(session, PortalSession) == len(officers)


async def test_a_stranger_in_the_crowd_has_one_try_for_each_officer(sign_in, now):
    for number in range(40):
        await refusal(sign_in, now, email=f"nobody{number}@centre.example.ma", browser="stranger")
    guess = {"password": "une autre phrase", "browser": "stranger"}
    assert [await refusal(sign_in, now, **guess) for _ in range(2)] == ["wrong", "wait"]
    assert await refusal(sign_in, now + timedelta(minutes=14), **guess) == "wait"


async def test_a_flood_from_one_address_is_refused_and_the_known_browser_is_not(session, sign_in, keys, now):
    await sign_in(now)
    for _ in range(limits.FLOOD_FROM.count):
        await limits.spend(session, limits.FLOOD_FROM, subject=ADDRESS, keys=keys, now=now)
    assert await refusal(sign_in, now + STEP, browser="new") == "wait"
    await sign_in(now + STEP)


async def test_wrong_tries_on_the_known_browser_are_its_own(sign_in, now):
    await sign_in(now)
    for _ in range(5):
        await refusal(sign_in, now, password="une autre phrase")
    assert await refusal(sign_in, now + STEP) == "wait"
    await sign_in(now + STEP, **STRANGER)


async def test_the_authenticator_once_more_renews_the_session(session, added, sign_in, keys, now):
    token = (await sign_in(now)).token
    later = now + timedelta(minutes=6)
    found = await sessions.find_session(session, token=token, now=later)
    assert staff_proof_missing(found, now=later)
    proof = {"staff_id": added.staff.id, "token_hash": found.token_hash, "keys": keys}
    code = pyotp.TOTP(added.totp_secret).at(later)
    fresh = await staff_sign_in.prove_session(session, **proof, totp=code, now=later)
    renewed = await sessions.find_session(session, token=fresh, now=later)
    assert not staff_proof_missing(renewed, now=later + timedelta(minutes=4, seconds=59))
    assert staff_proof_missing(renewed, now=later + timedelta(minutes=5))
    assert await sessions.find_session(session, token=token, now=later) is None
    with pytest.raises(staff_sign_in.StaffSignInRefused, match="wrong"):
        await staff_sign_in.prove_session(
            session, **proof | {"token_hash": renewed.token_hash}, totp=code, now=later
        )


async def test_guessing_the_authenticator_of_an_open_session_ends_after_five(
    session, added, sign_in, keys, now
):
    await sign_in(now)
    later = now + timedelta(minutes=2)
    proof = {"staff_id": added.staff.id, "token_hash": "", "keys": keys, "now": later}
    told = []
    for code in (*["000000"] * 5, pyotp.TOTP(added.totp_secret).at(later)):
        with pytest.raises(staff_sign_in.StaffSignInRefused) as refused:
            await staff_sign_in.prove_session(session, **proof, totp=code)
        told.append(refused.value.code)
    assert told == ["wrong"] * 5 + ["wait"]


async def test_signing_out_ends_it_on_the_server(session, added, sign_in, now):
    token = (await sign_in(now)).token
    await staff_sign_in.sign_out_staff(
        session, token_hash=sessions.hash_token(token), staff_id=added.staff.id, now=now
    )
    assert await sessions.find_session(session, token=token, now=now) is None


def test_every_role_has_its_duties():
    assert set(DUTIES) == set(Role)
    assert {duty for duties in DUTIES.values() for duty in duties} == set(Duty)


def test_nobody_decides_about_files_and_manages_those_who_do():
    for role in Role:
        assert not (may(role, Duty.DECIDE_REQUESTS) and may(role, Duty.MANAGE_STAFF))
        assert not (may(role, Duty.READ_AUDIT) and may(role, Duty.DECIDE_REQUESTS))
