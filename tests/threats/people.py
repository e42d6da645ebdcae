"""People of the rig: each test has its own, so that nothing of one test counts in another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from app.db import Sessions
from identity.entering.claims import OpenedAccount
from identity.proofs.passwords import PasswordHasher
from tests.identity.world import PASSWORD, add_account, add_person, last_code
from tests.threats.rig import KEYS, Client, Rig, now

NUMBERS = count(1)


@dataclass(frozen=True)
class Owner:
    opened: OpenedAccount
    identifier: str
    phone: str
    account_id: int


async def add_owner(sessions: Sessions) -> Owner:
    """Somebody with an account, claimed two days ago."""
    number = next(NUMBERS)
    phone, document = f"+21261{number * 1000:07}", f"RG{number:06}"
    hasher = PasswordHasher(KEYS, memory_kib=8, passes=1)
    async with sessions() as session, session.begin():
        person = await add_person(session, identifier=f"{number:010}", document_number=document, phone=phone)
        opened = await add_account(session, hasher, KEYS, now(), document_number=document, phone=phone)
        return Owner(opened, person.identifier, phone, opened.account.id or 0)


async def at_the_code(rig: Rig, owner: Owner, *, naive: bool = False) -> tuple[Client, dict[str, str]]:
    """A browser that has given the password, and the form of the page of the code."""
    client = Client(rig, naive=naive)
    form = await client.open("/sign-in")
    answers = {"identifier": owner.identifier, "password": PASSWORD, "shared_device": "yes"}
    answer = await client.post("/sign-in", form | answers)
    assert answer.status_code == 303, answer.text[:500]
    return client, await client.open("/sign-in/code")


async def code_of(sessions: Sessions, owner: Owner) -> str:
    async with sessions() as session:
        return await last_code(session, KEYS, address=owner.phone)
