"""T-16: one recovery code, used a hundred times at once through two processes."""

import secrets
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import Sessions
from identity.audit import IdentityAction
from identity.entering import recovery
from identity.keys import Keys
from identity.people.tables import Person
from identity.proofs import codes
from identity.proofs.passwords import PasswordHasher
from identity.proofs.tables import Purpose
from identity.tables import AuditEntry
from notifications.messages import Template
from notifications.tables import Channel, Delivery, Notification
from tests.identity.world import ADDRESS, BROWSER, add_account, count, last_code
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


async def test_a_recovery_is_told_on_every_channel(
    session: AsyncSession, fatima: Person, hasher: PasswordHasher, keys: Keys, now: datetime
) -> None:
    opened = await add_account(session, hasher, keys, now)
    opened.account.email, opened.account.email_confirmed_at = "fatima@example.ma", now
    session.add(opened.account)
    facts: dict[str, Any] = {"browser": BROWSER, "hasher": hasher, "keys": keys, "now": now}
    known = {
        "identifier": fatima.identifier,
        "recovery_code": recovery.parse_recovery_code(opened.recovery_code),
    }
    challenge = await recovery.start_recovery(session, **known, **facts, address=ADDRESS)
    proof = {"challenge_id": challenge.id, "purpose": Purpose.RECOVERY, "browser": BROWSER}
    await codes.check_code(session, **proof, code=await last_code(session, keys), keys=keys, now=now)
    chosen = {"challenge_id": challenge.id, "password": "quatre grenades rouges", "shared_device": True}
    await recovery.choose_password(session, **chosen, **facts)
    [told] = await session.exec(select(Notification).where(Notification.template == Template.SIGNED_IN))
    left = await session.exec(select(Delivery.channel).where(Delivery.notification_id == told.id))
    assert set(left) == set(Channel)
    assert told.in_inbox
