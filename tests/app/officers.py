"""Officers who sign in by filling in the page, and what they are asked to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyotp
from sqlmodel import col, select

from app.requests import Portal
from identity.people.tables import Person
from identity.roles import Role
from identity.staff.officers import add_staff
from identity.tables import AuditEntry
from registry.requests.asking import request_recomputation
from registry.tables import RecomputationRequest, RequestReason
from tests.app.conftest import Clock
from tests.app.pages import PageBrowser
from tests.app.settled import CENTRE

PASSWORD = "quatorze cigognes sur la kasbah"
ELSEWHERE = "08.587-1"


@dataclass(frozen=True)
class OfficerAccount:
    staff_id: int
    email: str
    totp_secret: str

    def code(self, clock: Clock) -> str:
        return pyotp.TOTP(self.totp_secret).at(clock.now)


async def add_officer_account(
    portal: Portal,
    name: str = "amal",
    *,
    role: Role = Role.AGENT,
    centre: str = CENTRE,
    person: Person | None = None,
) -> OfficerAccount:
    async with portal.writes() as session, session.begin():
        added = await add_staff(
            session,
            email=f"{name}@centre.example",
            name_ar="أمل الصقلي",
            name_latin="Amal Skalli",
            password=PASSWORD,
            role=role,
            centre_code=centre,
            hasher=portal.hasher,
            keys=portal.keys,
            person_id=person.id if person else None,
            now=portal.clock(),
        )
    assert added.staff.id is not None
    return OfficerAccount(added.staff.id, added.staff.email, added.totp_secret)


async def sign_in_officer(
    browser: PageBrowser, officer: OfficerAccount, clock: Clock, **changed: str
) -> None:
    """Fill in the officers' door, wherever the browser was led to it from."""
    if browser.response.status_code == 204 or browser.path != "/staff/sign-in":
        await browser.open("/staff/sign-in")
    answers = {"email": officer.email, "password": PASSWORD, "totp": officer.code(clock)}
    await browser.submit(**(answers | changed))


async def ask(portal: Portal, person: Person, **asked: Any) -> RecomputationRequest:
    """The person asks for recomputation; about the water bill, unless the test asks otherwise."""
    usual = {
        "reason": RequestReason.WRONG_LINE,
        "line_code": "U34",
        "fact": "water_mad",
        "proposed_value": "60",
        "words": "The bill says 60.",
    }
    async with portal.writes() as session, session.begin():
        return await request_recomputation(
            session, person_id=person.id or 0, now=portal.clock(), **(usual | asked)
        )


async def audited(portal: Portal, officer: OfficerAccount) -> list[AuditEntry]:
    """What the officer did, in the order in which it was done."""
    async with portal.reads() as session:
        found = select(AuditEntry).where(
            AuditEntry.actor_id == officer.staff_id, AuditEntry.actor_kind == "staff"
        )
        return list(await session.exec(found.order_by(col(AuditEntry.id))))
