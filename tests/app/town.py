"""A small town with one of everything: where the tests about all forms and all routes take place.

`Town.people` and `Town.officers` are named in lower case; `Town.words` has the identifiers and references that a path
or an answer of a test may name in braces: `/household/members/{pending}/withdraw`.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

import pyotp
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.requests import Portal
from identity import sessions
from identity.account.authenticators import set_authenticator
from identity.account.phones import bind_phone
from identity.desk_tables import BindingReason, PhoneBinding
from identity.people.partial_date import PartialDate
from identity.people.population import EmbeddedRegister, LineName
from identity.people.tables import DocumentKind, Gender, Person
from identity.roles import Role
from identity.staff.enrolment import Proposed, approve_enrolment, propose_officer
from identity.staff.officers import add_staff
from identity.tables import Account, PortalSession, Staff
from registry.appointments.arrivals import note_arrival
from registry.appointments.booking import book
from registry.appointments.closings import close_part
from registry.appointments.identity_checks import Seen, check_identity
from registry.appointments.slots import bookable_slots
from registry.appointments.tables import DayPart, Paper
from registry.centres.directory import centre
from registry.centres.phone_bindings import Asked, ask_to_bind, hold_number
from registry.centres.tables import VisitPurpose
from registry.centres.visits import end_visit, open_visit, request_visit_code
from registry.centres.witnesses import witness_binding
from registry.dates import country_time, local_date
from registry.facts import Diploma, Education, HealthCover, Occupation
from registry.model_life.dry_runs import begin_dry_run, dry_run_statement, end_dry_run, look_at_next
from registry.model_life.versions import propose, read
from registry.national.runs import end_staging
from registry.national.staging import stage_next_chunk
from registry.national.tables import RecomputationRun
from registry.requests.asking import request_recomputation
from registry.requests.documents import clean_document
from registry.sources.answering import receive
from registry.sources.port import Answer
from registry.sources.queue import take
from registry.tables import Declaration, Document, Membership, RequestReason
from registry.versions import MemberAnswers
from tests.identity.world import PASSWORD, add_account, last_code
from tests.registry.family import add_account as add_bare_account
from tests.registry.family import (
    add_family,
    add_person,
    declare,
    gather_members,
    settled_family,
)
from tests.registry.newcomers import add_pre_registration
from tests.registry.test_model_files import next_model
from tests.registry.worked_households import rural_home

CENTRE, CENTRE_ELSEWHERE = "06.141-1", "05.091-1"
STAFF_PASSWORD = "cinq oliviers au bord du puits"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
FARMER = MemberAnswers(
    education=Education.NONE,
    diploma=Diploma.NONE,
    literate=False,
    occupation=Occupation.FARMER,
    health_cover=HealthCover.NONE,
)
BORN = dt.date(1984, 3, 27)
EARLIER = dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC)
# Whose session has ended by itself because the account, or the officer, was disabled.
DISABLED = ("locked", "dismissed")


@dataclass
class Town:
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        for name, word in self.words.items():
            text = text.replace(f"{{{name}}}", word)
        return text


async def build_town(portal: Portal) -> Town:
    town, now = Town(), portal.clock()
    async with portal.writes() as session, session.begin():
        await _add_newcomers(session, town)
        await _add_households(session, town, now)
        await _add_account_of_amal(session, portal, town)
        await _add_request(session, portal, town)
        await _change_a_phone(session, town, now)
        await _add_officers(session, portal, town)
        await _add_model(session, portal, town)
        await _add_visits(session, portal, town)
        await _add_appointments(session, town, now)
        await _bind_telephones(session, portal, town)
        await _propose_an_officer(session, portal, town)
        await _open_sessions(session, town, now)
    return town


async def _add_newcomers(session: AsyncSession, town: Town) -> None:
    """People of the register without an account."""
    town.people["newcomer"] = await add_person(session, "Zineb", BORN, document_number="ZA654321")
    town.people["guest"] = await add_person(session, "Omar", BORN, gender=Gender.MALE)
    for name in ("newcomer", "guest"):
        town.words[f"{name}_identifier"] = town.people[name].identifier
    town.words["newcomer_document"] = str(town.people["newcomer"].document_number)
    town.words["newcomer_phone"] = str(town.people["newcomer"].phone)


async def _add_households(session: AsyncSession, town: Town, now: dt.datetime) -> None:
    """Hassan and Fatima have an index; Said waits for Samira; Brahim farms alone; Driss contests his index."""
    hassan = await settled_family(session, now)
    town.people |= {"hassan": hassan.hassan, "fatima": hassan.fatima}
    town.words["receipt"] = await _receipt(session, hassan.hassan)
    town.words["contradiction"] = await _contradict(session, hassan.hassan, now)
    town.words["member"] = await _membership(session, hassan.fatima)
    town.words["hassan_identifier"] = hassan.hassan.identifier
    said = await add_family(session, now)
    town.people |= {"said": said.hassan, "samira": said.fatima}
    town.words["pending"] = await gather_members(session, said, now)
    town.words["child"] = await _membership(session, said.yassine)
    parents = {"father_id": said.hassan.id, "mother_id": said.fatima.id}
    newborn = await add_person(session, "Aya", dt.date(2025, 5, 5), **parents)
    town.words["newborn_identifier"] = newborn.identifier
    await declare(session, said.hassan, now)
    brahim = await add_family(session, now)
    town.people |= {"brahim": brahim.hassan, "malika": brahim.fatima}
    await declare(session, brahim.hassan, now, home=rural_home(), members={"head": FARMER})
    driss = await settled_family(session, now)
    town.people |= {"driss": driss.hassan, "touria": driss.fatima}


async def _contradict(session: AsyncSession, person: Person, now: dt.datetime) -> str:
    """The register of vehicles has a car in the person's name; none was declared."""
    [taken] = await take(session, source="vehicles", now=now)
    car = Answer(person.identifier, "cars", "1", dt.date(2026, 2, 20), "V-1")
    received = await receive(session, source="vehicles", taken=[taken], answers=[car], now=now)
    [row] = received.contradictions
    return row.reference


async def _receipt(session: AsyncSession, person: Person) -> str:
    found = await session.exec(select(Declaration.reference).where(Declaration.declared_by == person.id))
    return found.first() or ""


async def _membership(session: AsyncSession, person: Person) -> str:
    found = await session.exec(select(Membership.reference).where(Membership.person_id == person.id))
    return found.one()


async def _staff_id(session: AsyncSession, name: str) -> int:
    found = await session.exec(select(Staff.id).where(Staff.email == f"{name}@centre.example.ma"))
    return found.one() or 0


async def _add_account_of_amal(session: AsyncSession, portal: Portal, town: Town) -> None:
    """Amal claimed her account as everybody does: she has a password, a recovery code and an address."""
    amal = town.people["amal"] = await add_person(session, "Amal", BORN, document_number="AB123456")
    known: dict[str, Any] = {
        "document_number": "AB123456",
        "birth_date": PartialDate(BORN.year, BORN.month, BORN.day),
        "phone": amal.phone,
    }
    opened = await add_account(session, portal.hasher, portal.keys, portal.clock(), **known)
    opened.account.email, opened.account.email_confirmed_at = "amal@example.ma", portal.clock()
    town.words |= {"amal_identifier": amal.identifier, "amal_recovery_code": opened.recovery_code}
    town.words |= {"password": PASSWORD, "amal_phone": str(amal.phone)}
    code = pyotp.TOTP(TOTP_SECRET).at(EARLIER)
    await set_authenticator(
        session,
        account_id=opened.account.id or 0,
        secret=TOTP_SECRET,
        code=code,
        here="",
        keys=portal.keys,
        now=EARLIER,
    )


async def _change_a_phone(session: AsyncSession, town: Town, now: dt.datetime) -> None:
    """Malika has a new telephone, which is on hold."""
    owner = (await session.exec(select(Account).where(Account.person_id == town.people["malika"].id))).one()
    change = await bind_phone(session, owner, phone="+212687654321", now=now)
    town.words["phone_change"] = change.reference


async def _add_request(session: AsyncSession, portal: Portal, town: Town) -> None:
    made = await request_recomputation(
        session,
        person_id=town.people["driss"].id or 0,
        reason=RequestReason.WRONG_LINE,
        words="We have no internet any more.",
        line_code="U35",
        fact="internet_mad",
        proposed_value="0",
        document=await clean_document(name="bill.pdf", content=PDF),
        sealer=portal.keys.sealer,
        now=portal.clock(),
    )
    town.words["request"] = made.reference
    town.words["document"] = (await session.exec(select(Document.reference))).one()


async def _add_officers(session: AsyncSession, portal: Portal, town: Town) -> None:
    officers = {
        "officer": (Role.AGENT, CENTRE),
        "elsewhere": (Role.AGENT, CENTRE_ELSEWHERE),
        "visiting": (Role.AGENT, CENTRE),
        "auditor": (Role.AUDITOR, CENTRE),
        "administrator": (Role.ADMINISTRATOR, CENTRE),
        "proposer": (Role.SUPERVISOR, CENTRE),
        "dismissed": (Role.AGENT, CENTRE),
    }
    for name, (role, code) in officers.items():
        await add_staff(
            session,
            email=f"{name}@centre.example.ma",
            name_ar="موظفة",
            name_latin="Amina Bennani",
            password=STAFF_PASSWORD,
            role=role,
            centre_code=code,
            totp_secret=TOTP_SECRET,
            hasher=portal.hasher,
            keys=portal.keys,
            now=portal.clock(),
        )
    town.words["staff_password"] = STAFF_PASSWORD


async def _add_model(session: AsyncSession, portal: Portal, town: Town) -> None:
    """The draft of a model, tried on all households."""
    staff_id = await _staff_id(session, "proposer")
    text, now = json.dumps(next_model()), portal.clock()
    version = await propose(session, text=text, staff_id=staff_id, now=now)
    dry_run = await begin_dry_run(session, version=version, chunk=1000, started_by="operator", now=now)
    run = await session.get_one(RecomputationRun, dry_run.run_id)
    content = read(version).content
    statement = dry_run_statement(run, content, portal.engine.dialect.name)
    while await stage_next_chunk(session, run=run, statement=statement):
        pass
    await end_staging(session, run_id=run.id, now=now)
    while await look_at_next(session, dry_run=dry_run, content=content):
        pass
    await end_dry_run(session, dry_run=dry_run, now=now)
    town.words["model"] = version.name


async def _add_visits(session: AsyncSession, portal: Portal, town: Town) -> None:
    """One visit of `officer` that has ended, and one of `visiting` for Hassan that has not."""
    staff_id = await _staff_id(session, "officer")
    visit = await _visit(session, portal, staff_id, town.people["touria"])
    ended = await end_visit(session, visit_id=visit, staff_id=staff_id, now=portal.clock())
    town.words["visit"] = ended.reference
    running = await _visit(session, portal, await _staff_id(session, "visiting"), town.people["hassan"])
    town.words["running_visit_id"] = str(running)


async def _visit(session: AsyncSession, portal: Portal, staff_id: int, person: Person) -> int:
    now = portal.clock()
    challenge = await request_visit_code(
        session,
        staff_id=staff_id,
        identifier=person.identifier,
        purpose=VisitPurpose.DECLARATION,
        browser="desk",
        keys=portal.keys,
        now=now,
    )
    visit = await open_visit(
        session,
        staff_id=staff_id,
        challenge_id=challenge.id,
        code=await last_code(session, portal.keys, address=str(person.phone)),
        browser="desk",
        keys=portal.keys,
        now=now,
    )
    return visit.id or 0


async def _add_appointments(session: AsyncSession, town: Town, now: dt.datetime) -> None:
    """Aminata is expected, Bintou is here, and somebody without papers waits for a second officer."""
    town.words["appointed_phone"] = "+212655000001"
    appointed = await add_pre_registration(session, now, phone=town.words["appointed_phone"])
    town.words["appointed"] = appointed.reference
    slots = bookable_slots(centre(CENTRE), now=now)
    booked = await book(session, kept=appointed, centre_code=CENTRE, starts_at=slots[3].starts_at, now=now)
    town.words["appointment"] = booked.reference
    present = await add_pre_registration(session, now, phone="+212655000002", given_name_latin="Bintou")
    here = await book(session, kept=present, centre_code=CENTRE, starts_at=slots[4].starts_at, now=now)
    alone = await add_pre_registration(session, now, phone="+212655000003", given_name_latin="Fanta")
    seen = await book(session, kept=alone, centre_code=CENTRE, starts_at=slots[5].starts_at, now=now)
    first = await _staff_id(session, "visiting")
    for appointment in (here, seen):
        await note_arrival(session, staff_id=first, reference=appointment.reference, now=now)
    town.words["present"] = here.reference
    check = await check_identity(
        session,
        staff_id=first,
        reference=seen.reference,
        seen=Seen(
            paper=Paper.BIRTH_EXTRACT,
            number="12431991",
            witnesses=None,
            name=LineName("فانتا", "كمارا", "Fanta", "Camara"),
            birth_date=PartialDate(1991, 11, 9),
            gender=Gender.FEMALE,
        ),
        compared=False,
        register=EmbeddedRegister,
        invented=True,
        now=now,
    )
    town.words["check"] = check.reference
    free = slots[6].starts_at.astimezone(country_time())
    town.words |= {"free_time": f"{free:%Y-%m-%dT%H:%M}", "free_day": f"{free:%Y-%m-%d}"}
    town.words["returning"] = (await add_pre_registration(session, now, phone=None)).reference
    expected = await add_pre_registration(session, now, phone="+212655000004")
    town.words["expected"] = expected.reference
    await book(session, kept=expected, centre_code=CENTRE, starts_at=slots[60].starts_at, now=now)
    closed_day = local_date(now) + dt.timedelta(days=25)
    town.words["closed_day"] = closed_day.isoformat()
    supervisor = await _staff_id(session, "proposer")
    await close_part(session, staff_id=supervisor, day=closed_day, part=DayPart.WHOLE_DAY, now=now)


async def _propose_an_officer(session: AsyncSession, portal: Portal, town: Town) -> None:
    """`proposer` proposes Omar as an officer; Samira was approved as well, and has her code."""
    by: dict[str, Any] = {
        "manager_id": await _staff_id(session, "proposer"),
        "language": "fr",
        "now": portal.clock(),
    }
    for name, word in (("guest", "proposal"), ("samira", "approved")):
        proposed = Proposed(
            email=f"{name}@centre.example.ma",
            name_ar="موظفة",
            name_latin="Amina Bennani",
            role=Role.AGENT,
            centre_code=CENTRE,
            identifier=town.people[name].identifier,
        )
        town.words[word] = (await propose_officer(session, proposed=proposed, **by)).reference
    await approve_enrolment(
        session,
        manager_id=await _staff_id(session, "administrator"),
        reference=town.words["approved"],
        hasher=portal.hasher,
        keys=portal.keys,
        now=portal.clock(),
    )
    town.words["enrolment_code"] = await last_code(session, portal.keys, address="samira@centre.example.ma")
    named = await session.exec(select(Staff.reference).where(Staff.email == "visiting@centre.example.ma"))
    town.words["colleague"] = named.one()


async def _bind_telephones(session: AsyncSession, portal: Portal, town: Town) -> None:
    """`officer` waits for a colleague to bind Omar's; Touria's is bound, and she may choose a password."""
    omar = await _ask_for_witness(session, portal, town.people["guest"], "+212676543210")
    touria = await _ask_for_witness(session, portal, town.people["touria"], "+212676543211")
    witness = await _staff_id(session, "visiting")
    await witness_binding(session, staff_id=witness, reference=touria.reference, now=portal.clock())
    town.words |= {"binding": omar.reference, "bound": touria.reference}
    town.words["touria_identifier"] = town.people["touria"].identifier


async def _ask_for_witness(session: AsyncSession, portal: Portal, person: Person, phone: str) -> PhoneBinding:
    """Some minutes ago, so that the telephone may get its next code."""
    staff_id = await _staff_id(session, "officer")
    earlier = portal.clock() - dt.timedelta(minutes=5)
    facts: dict[str, Any] = {"browser": "desk", "keys": portal.keys, "now": earlier}
    asked = Asked(
        document_kind=DocumentKind.NATIONAL_CARD,
        document_number=str(person.document_number),
        identifier=None,
        phone=phone,
        reason=BindingReason.LOST,
        password_lost=True,
    )
    challenge = await ask_to_bind(session, staff_id=staff_id, asked=asked, kept_elsewhere=False, **facts)
    code = await last_code(session, portal.keys, address=phone)
    return await hold_number(session, staff_id=staff_id, challenge_id=challenge.id, code=code, **facts)


async def _open_sessions(session: AsyncSession, town: Town, now: dt.datetime) -> None:
    locked = town.people["locked"] = await add_person(session, "Nadia", BORN)
    await add_bare_account(session, locked, now)
    for account in await session.exec(select(Account)):
        person = next(name for name, one in town.people.items() if one.id == account.person_id)
        town.tokens[person] = await sessions.open_citizen_session(
            session, account_id=account.id or 0, shared_device=False, now=now
        )
        account.disabled_at = now if person in DISABLED else None
    # Amal is signed in on another device too.
    elsewhere = await sessions.open_citizen_session(
        session, account_id=await _account_id(session, town.people["amal"]), shared_device=True, now=now
    )
    town.words["session"] = await _session_reference(session, elsewhere)
    for officer in await session.exec(select(Staff)):
        name = officer.email.partition("@")[0]
        token = await sessions.open_staff_session(session, staff_id=officer.id or 0, now=now)
        town.tokens[name] = token
        officer.disabled_at = now if name in DISABLED else None
    await sessions.set_visit(
        session,
        token_hash=sessions.hash_token(town.tokens["visiting"]),
        visit_id=int(town.words["running_visit_id"]),
    )


async def _account_id(session: AsyncSession, person: Person) -> int:
    return (await session.exec(select(Account.id).where(Account.person_id == person.id))).one() or 0


async def _session_reference(session: AsyncSession, token: str) -> str:
    wanted = PortalSession.token_hash == sessions.hash_token(token)
    return (await session.exec(select(PortalSession.reference).where(wanted))).one()
