"""T-15: the code of an officer's authenticator, sent fifty times at once through two processes, and guessed.

Tries, waits and the window of the authenticator: `tests/identity/test_staff.py` and `tests/identity/test_parallel.py`.
"""

import re
from itertools import count as numbers

import pyotp
from sqlmodel import col

from app.db import Sessions
from app.forms.people import (
    EnrolAnswers,
    EnrolSecretsAnswers,
    OfficerActAnswers,
    OfficerAnswers,
    ProposalAnswers,
)
from identity.audit import IdentityAction
from identity.proofs.passwords import PasswordHasher
from identity.roles import Role
from identity.staff import officers as staff
from identity.staff.officers import AddedStaff
from identity.tables import AuditEntry, PortalSession
from tests.identity.world import count
from tests.threats.rig import KEYS, Client, Rig, now

TIMES, GUESSES, TRIES, PASSWORD = 50, 100, 5, "une longue phrase de centre"
NUMBERS = numbers(1)


async def add_officer(sessions: Sessions) -> AddedStaff:
    hasher = PasswordHasher(KEYS, memory_kib=8, passes=1)
    async with sessions() as session, session.begin():
        return await staff.add_staff(
            session,
            email=f"officer{next(NUMBERS)}@centre.example.ma",
            name_ar="أمينة",
            name_latin="Amina",
            password=PASSWORD,
            role=Role.AGENT,
            centre_code="C-1",
            hasher=hasher,
            keys=KEYS,
            now=now(),
        )


def right_answers(added: AddedStaff) -> dict[str, str]:
    code = pyotp.TOTP(added.totp_secret).at(now())
    return {"email": added.staff.email, "password": PASSWORD, "totp": code}


async def sessions_of(sessions: Sessions, added: AddedStaff) -> int:
    async with sessions() as session:
        return await count(session, PortalSession, col(PortalSession.staff_id) == added.staff.id)


async def sign_in_fifty_times(rig: Rig, sessions: Sessions, *, naive: bool = False) -> int:
    added, client = await add_officer(sessions), Client(rig, naive=naive)
    form = await client.open("/staff/sign-in")
    await client.post_at_once("/staff/sign-in", [form | right_answers(added)] * TIMES)
    return await sessions_of(sessions, added)


async def test_one_code_signs_in_once(two_processes: Rig, rig_sessions: Sessions) -> None:
    assert await sign_in_fifty_times(two_processes, rig_sessions) == 1


async def test_the_same_code_against_a_step_that_is_looked_at_and_then_written(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    assert await sign_in_fifty_times(two_processes, rig_sessions, naive=True) > 1


async def guess_codes(rig: Rig, sessions: Sessions, *, naive: bool = False) -> tuple[int, int]:
    """A hundred at once from one network, the right one behind the first: how many counted, and sessions."""
    added, client = await add_officer(sessions), Client(rig, naive=naive, address="198.51.100.7")
    form, right = await client.open("/staff/sign-in"), right_answers(added)
    wrong = form | right | {"totp": "000000"}
    guesses = [wrong] * (GUESSES - 1)
    held = guesses[60:] + ([] if naive else [form | right])
    await client.post_at_once("/staff/sign-in", guesses[:60], held=held, after=TRIES)
    return await refusals(sessions), await sessions_of(sessions, added)


async def test_of_a_hundred_guesses_five_count_and_none_wins(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    before = await refusals(rig_sessions)
    refused, opened = await guess_codes(two_processes, rig_sessions)
    assert (refused - before, opened) == (TRIES, 0)


async def test_the_same_guesses_where_no_try_waits_for_another(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    before = await refusals(rig_sessions)
    refused, _ = await guess_codes(two_processes, rig_sessions, naive=True)
    assert refused - before > TRIES


async def refusals(sessions: Sessions) -> int:
    async with sessions() as session:
        return await count(session, AuditEntry, AuditEntry.action == IdentityAction.STAFF_SIGN_IN_REFUSED)


def test_no_manager_is_asked_for_the_password_of_another() -> None:
    """The forms about colleagues, as they read what is sent: none has a secret in it."""
    secret = re.compile("password|totp|secret|enrolment_code")
    about_others = (OfficerAnswers, ProposalAnswers, OfficerActAnswers)
    assert not [name for form in about_others for name in form.model_fields if secret.search(name)]
    of_ones_own = (EnrolAnswers, EnrolSecretsAnswers)
    assert all(any(secret.search(name) for name in form.model_fields) for form in of_ones_own)
