"""What the named people have already done when the demonstration opens, through the same functions as the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.demo.people import BY_KEY, CHARACTERS, PASSWORD, Character
from app.requests import Portal
from identity.entering.recovery import new_recovery_code, parse_recovery_code
from identity.people.tables import Person
from identity.tables import Account, Proofing
from notifications.country import country
from registry.declarations.invitations import invite_adult
from registry.declarations.sending import prepare, send_declaration
from registry.facts import (
    Diploma,
    DwellingType,
    Education,
    HealthCover,
    HouseholdFacts,
    Meter,
    Occupation,
    Relation,
    Schooling,
    Zone,
)
from registry.geography import atlas
from registry.members import HEAD_KEY, add_child
from registry.requests.asking import request_recomputation
from registry.tables import RequestReason
from registry.versions import MemberAnswers

AIN_CHOCK, TAOUNATE, MEKNES = "06.141.01.41", "03.531", "03.061"
HOME: dict[str, Any] = {
    "bath": True,
    "meter": Meter.INDIVIDUAL,
    "several_families": False,
    "satellite_antenna": False,
    "landline": False,
    "computers": 0,
    "cars": 0,
    "motorcycles": 0,
    "loan": False,
    "secondary_dwelling": False,
    "garage": False,
    "professional_premises": False,
}
SOME_MONTHS = dt.timedelta(days=300)
PAST_ITS_DATE = dt.timedelta(days=17)
AT_SCHOOL = MemberAnswers(schooling=Schooling.PUBLIC, health_cover=HealthCover.NONE)
LITTLE = MemberAnswers(health_cover=HealthCover.NONE)
TEENAGER = MemberAnswers(
    schooling=Schooling.PUBLIC,
    diploma=Diploma.NONE,
    active=False,
    occupation=Occupation.NONE,
    health_cover=HealthCover.NONE,
)


def _adult(*, active: bool = False, occupation: Occupation = Occupation.NONE) -> MemberAnswers:
    return MemberAnswers(
        education=Education.NONE,
        diploma=Diploma.NONE,
        literate=True,
        active=active,
        occupation=occupation,
        health_cover=HealthCover.NONE,
    )


async def tell(session: AsyncSession, portal: Portal, now: dt.datetime) -> None:
    """Open the accounts, then let each story happen."""
    ids = await open_accounts(session, portal, now, CHARACTERS)
    await _widow(session, ids["khadija"], now)
    await _alone(session, ids["rahma"], now)
    await _divorced(session, ids["naima"], now)
    await _village(session, ids["brahim"], now)


async def open_accounts(
    session: AsyncSession, portal: Portal, now: dt.datetime, characters: Iterable[Character]
) -> dict[str, int]:
    """An account for everybody who has one; the ids of all by their keys."""
    password = await portal.hasher.hash(PASSWORD)
    ids = {}
    for character in characters:
        person = (await session.exec(select(Person).where(Person.identifier == character.identifier))).one()
        ids[character.key] = person.id or 0
        if not character.has_account:
            continue
        session.add(
            Account(
                person_id=ids[character.key],
                password_hash=password,
                recovery_hash=await portal.hasher.hash(parse_recovery_code(new_recovery_code())),
                phone=character.phone or "",
                email=f"{character.key}@example.{country().code}",
                email_confirmed_at=now,
                language=character.language,
                sms_language=character.language,
                proofing=Proofing.REGISTER_MATCH,
                proofed_at=now,
                created_at=now,
            )
        )
    await session.flush()
    return ids


async def _widow(session: AsyncSession, person_id: int, now: dt.datetime) -> None:
    """Three children, an index a little above the direct support, and a request about the telephone bill."""
    answers = {HEAD_KEY: _adult(active=True, occupation=Occupation.OTHER)}
    for key, of_child in (("youssef", TEENAGER), ("hind", AT_SCHOOL), ("bilal", LITTLE)):
        reference = await add_child(session, person_id=person_id, identifier=BY_KEY[key].identifier, now=now)
        answers[reference] = of_child
    home = HouseholdFacts(
        commune=AIN_CHOCK,
        district="حي السلامة",
        rooms=2,
        mobile_phones=2,
        water_mad=Decimal(120),
        electricity_mad=Decimal(210),
        butane_mad=Decimal(80),
        telephone_mad=Decimal(90),
        internet_mad=Decimal(149),
        **HOME,
    )
    await declare_household(session, person_id, home, answers, now)
    await request_recomputation(
        session,
        person_id=person_id,
        reason=RequestReason.WRONG_LINE,
        line_code="U35",
        fact="internet_mad",
        proposed_value="0",
        words="كتبت مبلغ الأنترنيت خطأ: الاشتراك لجارتي، وأنا لا أؤدي شيئا عنه.",
        now=now,
    )


async def _alone(session: AsyncSession, person_id: int, now: dt.datetime) -> None:
    home = HouseholdFacts(
        commune=AIN_CHOCK,
        rooms=1,
        mobile_phones=1,
        water_mad=Decimal(40),
        electricity_mad=Decimal(80),
        butane_mad=Decimal(40),
        telephone_mad=Decimal(50),
        internet_mad=Decimal(0),
        **HOME,
    )
    await declare_household(session, person_id, home, {HEAD_KEY: _adult()}, now)


async def _divorced(session: AsyncSession, person_id: int, now: dt.datetime) -> None:
    """She declares her son first; his father will find that the boy is already in a household.

    Since then she has moved to Meknès, works, and has a telephone for the boy: two indexes to compare. What she
    asked before she moved was not answered in time: the supervisor of that centre finds it first.
    """
    before = now - SOME_MONTHS
    reference = await add_child(
        session, person_id=person_id, identifier=BY_KEY["ilyas"].identifier, now=before
    )
    first = HouseholdFacts(
        commune=AIN_CHOCK,
        rooms=1,
        mobile_phones=1,
        water_mad=Decimal(60),
        electricity_mad=Decimal(110),
        butane_mad=Decimal(50),
        telephone_mad=Decimal(40),
        internet_mad=Decimal(0),
        **HOME,
    )
    await declare_household(session, person_id, first, {HEAD_KEY: _adult(), reference: AT_SCHOOL}, before)
    await request_recomputation(
        session,
        person_id=person_id,
        reason=RequestReason.WRONG_LINE,
        line_code="U34",
        fact="electricity_mad",
        proposed_value="80",
        words="فاتورة الكهرباء مشتركة مع الجيران. نؤدي 80 درهما فقط.",
        now=now - PAST_ITS_DATE,
    )
    home = HouseholdFacts(
        commune=_first_commune(MEKNES, Zone.URBAN),
        rooms=2,
        mobile_phones=2,
        water_mad=Decimal(60),
        electricity_mad=Decimal(110),
        butane_mad=Decimal(50),
        telephone_mad=Decimal(40),
        internet_mad=Decimal(0),
        **HOME,
    )
    answers = {HEAD_KEY: _adult(active=True, occupation=Occupation.OTHER), reference: AT_SCHOOL}
    await declare_household(session, person_id, home, answers, now)


async def _village(session: AsyncSession, person_id: int, now: dt.datetime) -> None:
    """His declaration waits for the answer of his wife."""
    reference = await invite_adult(
        session,
        person_id=person_id,
        identifier=BY_KEY["touda"].identifier,
        birth_year=BY_KEY["touda"].born.year,
        relation=Relation.SPOUSE,
        now=now,
    )
    home = HouseholdFacts(
        commune=_first_commune(TAOUNATE, Zone.RURAL),
        dwelling_type=DwellingType.RURAL_OTHER_HOUSE,
        rooms=2,
        cars=0,
        motorcycles=0,
        water_mad=Decimal(30),
        electricity_mad=Decimal(70),
        butane_mad=Decimal(80),
        telephone_mad=Decimal(60),
        internet_mad=Decimal(0),
        secondary_dwelling=False,
        non_agricultural_land=False,
        irrigated_land=False,
        cows=1,
    )
    answers = {HEAD_KEY: _adult(active=True, occupation=Occupation.FARMER), reference: _adult()}
    await declare_household(session, person_id, home, answers, now)


async def declare_household(
    session: AsyncSession,
    person_id: int,
    home: HouseholdFacts,
    answers: dict[str, MemberAnswers],
    now: dt.datetime,
) -> None:
    prepared = await prepare(session, person_id=person_id, household=home, members=answers, now=now)
    await send_declaration(
        session,
        person_id=person_id,
        facts=prepared.facts,
        awaited=prepared.awaited,
        language="ar",
        now=now,
    )


def _first_commune(province_code: str, zone: Zone) -> str:
    """The first commune of the province, in the order of the codes, that has this zone."""
    communes = (place for place in atlas().communes.values() if place.province_code == province_code)
    return next(place.code for place in communes if place.zone is zone)
