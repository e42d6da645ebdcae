"""T-15: the code of an officer's authenticator, sent fifty times at once through two processes.

Tries, waits and the window of the authenticator: `tests/identity/test_staff.py` and `tests/identity/test_parallel.py`.
"""

from itertools import count as numbers

import pyotp
from sqlmodel import col

from app.db import Sessions
from identity.proofs.passwords import PasswordHasher
from identity.roles import Role
from identity.staff import officers as staff
from identity.tables import PortalSession
from tests.identity.world import count
from tests.threats.rig import KEYS, Client, Rig, now

TIMES, PASSWORD = 50, "une longue phrase de centre"
NUMBERS = numbers(1)


async def sign_in_fifty_times(rig: Rig, sessions: Sessions, *, naive: bool = False) -> int:
    email = f"officer{next(NUMBERS)}@centre.example.ma"
    hasher = PasswordHasher(KEYS, memory_kib=8, passes=1)
    async with sessions() as session, session.begin():
        added = await staff.add_staff(
            session,
            email=email,
            name_ar="أمينة",
            name_latin="Amina",
            password=PASSWORD,
            role=Role.AGENT,
            centre_code="C-1",
            hasher=hasher,
            keys=KEYS,
            now=now(),
        )
        officer = added.staff.id
    client = Client(rig, naive=naive)
    form = await client.open("/staff/sign-in")
    answers = {"email": email, "password": PASSWORD, "totp": pyotp.TOTP(added.totp_secret).at(now())}
    await client.post_at_once("/staff/sign-in", [form | answers] * TIMES)
    async with sessions() as session:
        return await count(session, PortalSession, col(PortalSession.staff_id) == officer)


async def test_one_code_signs_in_once(two_processes: Rig, rig_sessions: Sessions) -> None:
    assert await sign_in_fifty_times(two_processes, rig_sessions) == 1


async def test_the_same_code_against_a_step_that_is_looked_at_and_then_written(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    assert await sign_in_fifty_times(two_processes, rig_sessions, naive=True) > 1
