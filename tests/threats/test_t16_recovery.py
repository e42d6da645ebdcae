"""T-16: one recovery code, used a hundred times at once through two processes."""

import secrets

from sqlmodel import col

from app.db import Sessions
from identity.audit import IdentityAction
from identity.tables import AuditEntry
from tests.identity.world import count
from tests.threats.people import add_owner, code_of
from tests.threats.rig import Client, Rig

TIMES = 100


async def recover_at_once(rig: Rig, sessions: Sessions, times: int, *, naive: bool = False) -> int:
    """How often the password was changed."""
    owner = await add_owner(sessions)
    client = Client(rig, naive=naive)
    form = await client.open("/recovery")
    known = {"identifier": owner.identifier, "recovery_code": owner.opened.recovery_code}
    await client.post("/recovery", form | known)
    form = await client.open("/recovery/code")
    await client.post("/recovery/code", form | {"code": await code_of(sessions, owner)})
    form = await client.open("/recovery/password")
    chosen = {"new_password": "quatre grenades rouges"}
    # Each a form of its own: the same form sent twice is answered once anyway.
    await client.post_at_once(
        "/recovery/password", [form | chosen | {"_key": secrets.token_hex(16)} for _ in range(times)]
    )
    async with sessions() as session:
        of_owner = col(AuditEntry.person_id) == owner.opened.person.id
        return await count(
            session, AuditEntry, of_owner, AuditEntry.action == IdentityAction.PASSWORD_RECOVERED
        )


async def test_one_recovery_code_changes_the_password_once(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    assert await recover_at_once(two_processes, rig_sessions, TIMES) == 1


async def test_the_same_code_against_a_use_that_is_looked_at_and_then_written(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    assert await recover_at_once(two_processes, rig_sessions, 20, naive=True) > 1
