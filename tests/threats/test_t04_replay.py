"""T-04: a code used for another purpose, from another browser, again, too late, or before and after another was sent.

300 cells: 5 purposes tried on challenges of 5 purposes, own or other browser, before or after a resend, fresh, used or
expired. The right code opens its own challenge, in its own browser, fresh: 10 cells (a code sent again is as good).
"""

from datetime import timedelta
from itertools import product

import pytest

from identity.limits import DAY, MINUTE
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.tables import Challenge, Purpose
from notifications.tables import Channel
from tests.identity.world import BROWSER, OTHER_BROWSER, ask, last_code

PURPOSES = (Purpose.CLAIM, Purpose.SIGN_IN, Purpose.CHANGE_PHONE, Purpose.JOIN_HOUSEHOLD, Purpose.RECOVERY)
RESENT, STATES = (False, True), ("fresh", "used", "expired")


async def outcome(session, challenge, purpose, code, browser, keys, now) -> str:
    facts = {"challenge_id": challenge.id, "purpose": purpose, "browser": browser}
    try:
        await codes.check_code(session, **facts, code=code, keys=keys, now=now)
    except CodeRefused as refused:
        return refused.code
    return "proven"


async def opening_cells(session, fatima, keys, now, asked: Purpose) -> set[tuple[object, ...]]:
    """Of the sixty cells of a purpose, those in which the code was accepted."""
    opened = set()
    cells = product(PURPOSES, (BROWSER, OTHER_BROWSER), RESENT, STATES)
    for day, (tried, browser, resent, state) in enumerate(cells, start=1):
        at = now + day * DAY
        challenge = await ask(session, fatima, keys, at, purpose=asked, subject=f"{day}")
        if resent:
            at += MINUTE
            facts = {"challenge_id": challenge.id, "purpose": asked, "browser": BROWSER, "keys": keys}
            await codes.resend_code(session, **facts, now=at)
        code = await last_code(session, keys)
        if state == "used":
            await outcome(session, challenge, asked, code, BROWSER, keys, at)
            await use_proof(session, challenge, now=at)
        if state == "expired":
            at += codes.CODE_LIFE + timedelta(seconds=1)
        if await outcome(session, challenge, tried, code, browser, keys, at) == "proven":
            opened.add((tried, browser, resent, state))
    return opened


@pytest.mark.parametrize("asked", PURPOSES)
async def test_of_sixty_uses_of_a_code_two_are_right(session, fatima, keys, now, asked):
    expected = {(asked, BROWSER, resent, "fresh") for resent in RESENT}
    assert await opening_cells(session, fatima, keys, now, asked) == expected


async def test_the_same_uses_of_a_code_that_is_bound_to_its_challenge_alone(
    session, fatima, keys, now, monkeypatch
):
    def bound_to_nothing(challenge_id, purpose, browser, keys):
        return Challenge.id == challenge_id

    monkeypatch.setattr(codes, "bound", bound_to_nothing)
    opened = await opening_cells(session, fatima, keys, now, Purpose.CLAIM)
    assert {tried for tried, *_ in opened} == set(PURPOSES)
    assert {browser for _, browser, *_ in opened} == {BROWSER, OTHER_BROWSER}


@pytest.mark.parametrize("asked", codes.TEMPLATES)
async def test_a_code_of_every_purpose_opens_no_other(session, fatima, keys, now, asked):
    for day, tried in enumerate(Purpose, start=1):
        at = now + day * DAY
        recipient = codes.Recipient(fatima.id, fatima.phone, "fatima@example.ma", "fr", "fr")
        channel = Channel.EMAIL if asked == Purpose.CONFIRM_EMAIL else Channel.SMS
        challenge = await ask(
            session, fatima, keys, at, purpose=asked, subject=f"{day}", recipient=recipient, channel=channel
        )
        to = recipient.email if channel is Channel.EMAIL else fatima.phone
        code = await last_code(session, keys, address=to)
        said = await outcome(session, challenge, tried, code, BROWSER, keys, at)
        assert (said == "proven") == (tried == asked)
