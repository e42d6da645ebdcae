"""Which code opens which challenge, for how long, and how often."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from identity.limits import DAY, MINUTE
from identity.people.tables import Person
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused, TooSoon, find_challenge, proven_challenge, use_proof
from identity.proofs.guards import TRIES
from identity.proofs.tables import Challenge, OneTimeCode, Purpose, Step
from notifications.outbox import Recipient
from notifications.tables import Delivery, Notification
from tests.identity.world import (
    BROWSER,
    OTHER_BROWSER,
    PHONE,
    add_person,
    ask,
    count,
    last_code,
    other_than,
    sent_codes,
)

EMAIL = "fatima@example.ma"


def everywhere(person: Person) -> Recipient:
    return Recipient(person.id, PHONE, EMAIL, "fr", "fr")


def address_of(purpose: Purpose) -> str:
    return EMAIL if purpose == Purpose.CONFIRM_EMAIL else PHONE


async def outcome(session, challenge, purpose, code, browser, keys, now) -> str:
    try:
        await codes.check_code(
            session,
            challenge_id=challenge.id,
            purpose=purpose,
            code=code,
            browser=browser,
            keys=keys,
            now=now,
        )
    except CodeRefused as refused:
        return refused.code
    return "proven"


async def test_a_code_of_one_challenge_opens_no_other(session, fatima, keys, now):
    one = await ask(session, fatima, keys, now, subject="one")
    code = await last_code(session, keys)
    other = await ask(session, fatima, keys, now + 2 * MINUTE, purpose=Purpose.VISIT, subject="other")
    assert await outcome(session, other, Purpose.VISIT, code, BROWSER, keys, now + 2 * MINUTE) == "wrong"
    assert await outcome(session, one, Purpose.SIGN_IN, code, BROWSER, keys, now + 2 * MINUTE) == "proven"


@pytest.mark.parametrize(
    ("after", "expected"), [(timedelta(seconds=599), "proven"), (timedelta(seconds=601), "expired")]
)
async def test_a_code_lives_ten_minutes(session, fatima, keys, now, after, expected):
    challenge = await ask(session, fatima, keys, now)
    code = await last_code(session, keys)
    assert await outcome(session, challenge, Purpose.SIGN_IN, code, BROWSER, keys, now + after) == expected


async def test_the_two_latest_codes_are_good_and_the_third_last_is_not(session, fatima, keys, now):
    for wanted, expected in ((0, "wrong"), (1, "proven"), (2, "proven")):
        start = now + wanted * DAY
        challenge = await ask(session, fatima, keys, start, subject=str(wanted))
        for resend in (1, 2):
            await codes.resend_code(
                session,
                challenge_id=challenge.id,
                purpose=Purpose.SIGN_IN,
                browser=BROWSER,
                keys=keys,
                now=start + resend * MINUTE,
            )
        three = (await sent_codes(session, keys))[-3:]
        assert len(set(three)) == 3
        moment = start + 3 * MINUTE
        assert (
            await outcome(session, challenge, Purpose.SIGN_IN, three[wanted], BROWSER, keys, moment)
            == expected
        )


async def test_five_tries_then_even_the_right_code_is_refused_and_a_new_challenge_helps(
    session, fatima, keys, now
):
    challenge = await ask(session, fatima, keys, now)
    code = await last_code(session, keys)
    left = []
    for number in range(TRIES):
        with pytest.raises(CodeRefused) as refused:
            await codes.check_code(
                session,
                challenge_id=challenge.id,
                purpose=Purpose.SIGN_IN,
                code=other_than(code, number + 1),
                browser=BROWSER,
                keys=keys,
                now=now,
            )
        left.append((refused.value.code, refused.value.tries_left))
    assert left == [("wrong", 4), ("wrong", 3), ("wrong", 2), ("wrong", 1), ("too_many", 0)]
    assert await outcome(session, challenge, Purpose.SIGN_IN, code, BROWSER, keys, now) == "too_many"
    later = now + 2 * MINUTE
    again = await ask(session, fatima, keys, later)
    assert again.id != challenge.id
    assert (
        await outcome(session, again, Purpose.SIGN_IN, await last_code(session, keys), BROWSER, keys, later)
        == "proven"
    )


async def test_a_proof_is_used_once(session, fatima, keys, now):
    challenge = await ask(session, fatima, keys, now)
    facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": BROWSER, "keys": keys}
    with pytest.raises(CodeRefused):
        await proven_challenge(session, **facts, now=now)
    await codes.check_code(session, **facts, code=await last_code(session, keys), now=now)
    proven = await proven_challenge(session, **facts, now=now)
    await use_proof(session, proven, now=now)
    assert proven.step == Step.USED
    assert await find_challenge(session, **facts, now=now) is None
    with pytest.raises(CodeRefused):
        await use_proof(session, proven, now=now)


async def test_a_proof_expires(session, fatima, keys, now):
    challenge = await ask(session, fatima, keys, now)
    facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": BROWSER, "keys": keys}
    await codes.check_code(session, **facts, code=await last_code(session, keys), now=now)
    late = now + timedelta(minutes=31)
    with pytest.raises(CodeRefused):
        await proven_challenge(session, **facts, now=late)
    with pytest.raises(CodeRefused):
        await use_proof(session, challenge, now=late)


async def test_asking_again_from_the_same_browser_keeps_the_code_that_is_on_its_way(
    session, fatima, keys, now
):
    first = await ask(session, fatima, keys, now)
    code = await last_code(session, keys)
    again = await ask(session, fatima, keys, now + timedelta(seconds=20))
    assert again.id == first.id
    assert await count(session, Delivery) == 1
    assert await outcome(session, again, Purpose.SIGN_IN, code, BROWSER, keys, now + MINUTE) == "proven"


async def test_another_browser_overtakes_and_the_first_can_no_longer_be_opened(session, fatima, keys, now):
    first = await ask(session, fatima, keys, now)
    code = await last_code(session, keys)
    second = await ask(session, fatima, keys, now + 2 * MINUTE, browser=OTHER_BROWSER)
    assert await outcome(session, first, Purpose.SIGN_IN, code, BROWSER, keys, now + 2 * MINUTE) == "wrong"
    newest = await last_code(session, keys)
    assert (
        await outcome(session, second, Purpose.SIGN_IN, newest, OTHER_BROWSER, keys, now + 2 * MINUTE)
        == "proven"
    )
    assert await count(session, Challenge, col(Challenge.person_id).is_not(None)) == 1


async def test_a_browser_that_was_overtaken_can_ask_again(session, fatima, keys, now):
    first = await ask(session, fatima, keys, now)
    await ask(session, fatima, keys, now + 2 * MINUTE, browser=OTHER_BROWSER)
    back = await ask(session, fatima, keys, now + 4 * MINUTE)
    assert back.id == first.id
    code = await last_code(session, keys)
    assert await outcome(session, back, Purpose.SIGN_IN, code, BROWSER, keys, now + 4 * MINUTE) == "proven"


async def test_resending_waits_sixty_seconds(session, fatima, keys, now):
    challenge = await ask(session, fatima, keys, now)
    facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "keys": keys}
    with pytest.raises(TooSoon) as refused:
        await codes.resend_code(session, **facts, browser=BROWSER, now=now + timedelta(seconds=59))
    assert refused.value.seconds == 1
    with pytest.raises(CodeRefused):
        await codes.resend_code(session, **facts, browser=OTHER_BROWSER, now=now + timedelta(seconds=60))
    await codes.resend_code(session, **facts, browser=BROWSER, now=now + timedelta(seconds=60))
    assert await count(session, Delivery) == 2


async def test_a_dummy_answers_like_a_real_challenge(session, fatima, keys, now):
    answers = []
    for subject, recipient in (("real", everywhere(fatima)), ("dummy", None)):
        start = await ask(session, fatima, keys, now, subject=subject, recipient=recipient)
        facts = {"challenge_id": start.id, "purpose": Purpose.SIGN_IN, "browser": BROWSER, "keys": keys}
        said: list[object] = []
        for moment in (now, now + timedelta(seconds=30), now + MINUTE, now + 12 * MINUTE):
            try:
                await codes.resend_code(session, **facts, now=moment)
                said.append("sent")
            except TooSoon as refused:
                said.append(refused.seconds)
        for moment in (now + 13 * MINUTE, now + 23 * MINUTE, *[now + 24 * MINUTE] * 5, now + 31 * MINUTE):
            try:
                await codes.check_code(session, **facts, code="no code", now=moment)
            except CodeRefused as refused:
                said.append((refused.code, refused.tries_left))
        answers.append(said)
    assert answers[0] == answers[1]
    assert {"sent", ("wrong", 4), ("expired", 3), ("too_many", 0)} <= set(answers[0])


async def test_two_people_on_one_telephone_each_get_their_code(session, fatima, keys, now):
    """Within the same minute; what the telephone may receive in all is counted for both together."""
    hassan = await add_person(session, identifier="0000000002", document_number="CD1")
    for number in range(3):
        for each in (fatima, hassan):
            await ask(session, each, keys, now + number * MINUTE, subject=f"{each.id} {number}")
    people = [delivery.notification_id for delivery in await session.exec(select(Delivery))]
    told = [(await session.get(Notification, each)).person_id for each in people]
    assert told == [fatima.id, hassan.id, fatima.id]
    await ask(session, fatima, keys, now + 20 * MINUTE, subject="next")
    await ask(session, fatima, keys, now + 20 * MINUTE, subject="next but one")
    assert await count(session, Delivery) == 4


async def test_a_code_leaves_no_trace_in_clear(session, fatima, keys, now):
    challenge = await ask(session, fatima, keys, now)
    code = await last_code(session, keys)
    digest = await session.get(OneTimeCode, 1)
    delivery = await session.get(Delivery, 1)
    assert len(code) == 6
    assert code.isdigit()
    assert code not in f"{challenge!r}{digest!r}{delivery!r}"


async def test_a_browser_without_a_mark_starts_nothing(session, fatima, keys, now):
    with pytest.raises(ValueError, match="no mark"):
        await ask(session, fatima, keys, now, browser="")
