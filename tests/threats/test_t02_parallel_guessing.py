"""T-02: 500 guesses at once through two processes, from as many forged addresses, the right code hidden among them.

The same over one process and on both databases: `tests/identity/test_parallel.py`.
"""

from random import Random

from sqlmodel import col

from app.db import POOL_SIZE, Sessions
from identity.proofs import guards
from identity.tables import PortalSession
from tests.identity.world import count, other_than
from tests.threats.people import Owner, add_owner, at_the_code, code_of
from tests.threats.rig import Rig, emptied

GUESSES, ROUNDS, OF_EACH_ROUND = 500, 20, 36


async def guess(
    rig: Rig, sessions: Sessions, owner: Owner, guesses: int, *, naive: bool = False
) -> tuple[int, int]:
    """How many of the guesses were compared with the code, and how many sessions came of it."""
    client, form = await at_the_code(rig, owner, naive=naive)
    right = await code_of(sessions, owner)
    sent = [form | {"code": other_than(right, number)} for number in range(1, guesses + 1)]
    # The right one comes somewhere after the first arrivals, which use up the tries.
    at_first, held = sent[: 2 * guesses // 3], sent[2 * guesses // 3 :]
    if not naive:
        held[Random(guesses).randrange(len(held))] = form | {"code": right}
    before = rig.compared
    await client.post_at_once("/sign-in/code", at_first, held=held, after=guards.TRIES)
    async with sessions() as session:
        opened = await count(session, PortalSession, col(PortalSession.account_id) == owner.account_id)
    return rig.compared - before, opened - 1


async def test_of_five_hundred_guesses_at_once_five_are_compared_and_none_wins(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    owner = await add_owner(rig_sessions)
    assert await guess(two_processes, rig_sessions, owner, GUESSES) == (guards.TRIES, 0)


async def test_so_it_is_every_time(two_processes: Rig, rig_sessions: Sessions) -> None:
    """Each round has more at once than three times the connections of a process."""
    assert OF_EACH_ROUND > 3 * POOL_SIZE
    rounds = []
    for _ in range(ROUNDS):
        await emptied(rig_sessions)
        rounds.append(await guess(two_processes, rig_sessions, await add_owner(rig_sessions), OF_EACH_ROUND))
    assert rounds == [(guards.TRIES, 0)] * ROUNDS


async def test_the_same_guesses_against_a_count_that_is_read_and_then_written(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    owner = await add_owner(rig_sessions)
    compared, _ = await guess(two_processes, rig_sessions, owner, OF_EACH_ROUND, naive=True)
    assert compared > guards.TRIES
