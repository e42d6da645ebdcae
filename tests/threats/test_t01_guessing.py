"""T-01: a stranger guesses the code, one guess after the other."""

import pytest

from identity.limits import MINUTE
from identity.proofs import codes, guards
from identity.proofs.challenges import CodeRefused, read_challenge
from identity.proofs.tables import Purpose
from tests.identity.world import BROWSER, ask, last_code, other_than


async def guess_six_times(session, fatima, keys, now) -> tuple[list[str], str]:
    """Five wrong codes and then the right one; what each was told, and what became of a new code afterwards."""
    told = []
    for moment in (now, now + 2 * MINUTE):
        challenge = await ask(session, fatima, keys, moment)
        right = await last_code(session, keys)
        guesses = [other_than(right, number) for number in range(1, 6)] if moment == now else []
        for guess in [*guesses, right]:
            facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": BROWSER}
            try:
                await codes.check_code(session, **facts, code=guess, keys=keys, now=moment)
                told.append("accepted")
            except CodeRefused as refused:
                told.append(refused.code)
    return told[:6], told[6]


async def test_the_sixth_guess_is_refused_even_when_it_is_right(session, fatima, keys, now):
    six, after = await guess_six_times(session, fatima, keys, now)
    assert six == ["wrong"] * 4 + ["too_many"] * 2
    assert after == "accepted"


async def test_the_same_guesses_against_tries_that_nobody_counts(session, fatima, keys, now, monkeypatch):
    async def count_nothing(session, mine, *, now, least_digits=6):
        return await read_challenge(session, mine)

    monkeypatch.setattr(codes, "count_try", count_nothing)
    six, _ = await guess_six_times(session, fatima, keys, now)
    assert six[-1] == "accepted"


@pytest.mark.parametrize("digits", [guards.SHORT, guards.LONG])
async def test_codes_are_drawn_from_all_that_have_so_many_digits(session, fatima, keys, now, digits):
    drawn = set()
    for day in range(12):
        challenge_at = now + day * 1440 * MINUTE
        careful = {"is_careful": digits == guards.LONG, "purpose": Purpose.CLAIM, "subject": str(day)}
        await ask(session, fatima, keys, challenge_at, **careful)
        drawn.add(await last_code(session, keys))
    assert len(drawn) == 12
    assert {len(code) for code in drawn} == {digits}
