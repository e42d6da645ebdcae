"""T-03: one right code, sent fifty times at once through two processes."""

from sqlmodel import col

from app.db import Sessions
from identity.audit import IdentityAction
from identity.tables import AuditEntry, PortalSession
from tests.identity.world import count
from tests.threats.people import Owner, add_owner, at_the_code, code_of
from tests.threats.rig import Rig, emptied

TIMES, ROUNDS = 50, 20


async def send_the_code(
    rig: Rig, sessions: Sessions, owner: Owner, *, naive: bool = False
) -> tuple[int, int]:
    """How many sessions were opened, and how many were written down."""
    client, form = await at_the_code(rig, owner, naive=naive)
    right = await code_of(sessions, owner)
    answers = await client.post_at_once("/sign-in/code", [form | {"code": right}] * TIMES)
    async with sessions() as session:
        opened = await count(session, PortalSession, col(PortalSession.account_id) == owner.account_id)
        written = await count(
            session,
            AuditEntry,
            col(AuditEntry.person_id) == owner.opened.person.id,
            AuditEntry.action == IdentityAction.SIGNED_IN,
        )
    won = [answer for answer in answers if "session" in answer.cookies]
    assert len(won) == opened - 1
    return opened - 1, written


async def test_one_code_opens_one_session(two_processes: Rig, rig_sessions: Sessions) -> None:
    rounds = []
    for _ in range(ROUNDS):
        await emptied(rig_sessions)
        rounds.append(await send_the_code(two_processes, rig_sessions, await add_owner(rig_sessions)))
    assert rounds == [(1, 1)] * ROUNDS


async def test_the_same_code_against_a_use_that_is_looked_at_and_then_written(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    owner = await add_owner(rig_sessions)
    sessions, _ = await send_the_code(two_processes, rig_sessions, owner, naive=True)
    assert sessions > 1
