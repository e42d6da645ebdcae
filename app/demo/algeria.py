"""The named people of the Algerian demonstration, their officers, and what they have already done. All are invented."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.demo.newcomers import Newcomer
from app.demo.officers import Officer
from app.demo.people import FEMALE, MALE, Character
from app.demo.stories import declare_household, open_accounts
from app.i18n.catalogues import mark as N_
from app.requests import Portal
from identity.roles import Role
from registry.dates import local_date
from registry.declarations.invitations import answer_invitation, invitations_of, invite_adult
from registry.facts import HouseholdFacts, Relation
from registry.members import HEAD_KEY, add_child
from registry.requests.asking import request_recomputation
from registry.tables import RequestReason
from registry.versions import MemberAnswers

ALGIERS, TIZI_OUZOU, TAMANRASSET, CONSTANTINE, ORAN = "16.01", "15.63", "11.03", "25.03", "31.22"


@dataclass(frozen=True)
class Algerian(Character):
    """A number of eighteen digits without a check digit, a card of nine, a telephone of +213."""

    @property
    def identifier(self) -> str:
        return f"0{self.serial:017d}"

    @property
    def document_number(self) -> str | None:
        return None if self.document is None else f"9{self.serial:08d}"

    @property
    def phone(self) -> str | None:
        return f"+2135500{self.serial:05d}" if self.has_phone and self.document else None


BENALI, HADDAD = ("بن علي", "Benali"), ("حداد", "Haddad")
AIT_AMAR, SAADI = ("آيت عمار", "Aït Amar"), ("سعدي", "Saadi")
BRAHIMI, MEZIANE = ("براهيمي", "Brahimi"), ("مزيان", "Meziane")

CHARACTERS: tuple[Algerian, ...] = (
    Algerian(
        "houria",
        1,
        ("حورية", "Houria"),
        BENALI,
        dt.date(1986, 4, 18),
        FEMALE,
        N_(
            "A mother in Algiers who has not claimed her number yet."
            " Her son holds the special-needs card at 80 %: the family receives 7,000 dinars for him."
        ),
    ),
    Algerian(
        "mourad",
        2,
        ("مراد", "Mourad"),
        HADDAD,
        dt.date(1982, 9, 3),
        MALE,
        N_("Her husband, without an income: she can invite him, and he answers from his own account."),
    ),
    Algerian(
        "yanis",
        3,
        ("يانيس", "Yanis"),
        HADDAD,
        dt.date(2016, 6, 11),
        MALE,
        N_("Their son, who holds the card."),
        father="mourad",
        mother="houria",
        document=None,
    ),
    Algerian(
        "lina",
        4,
        ("لينا", "Lina"),
        HADDAD,
        dt.date(2019, 1, 27),
        FEMALE,
        N_("Their daughter."),
        father="mourad",
        mother="houria",
        document=None,
    ),
    Algerian(
        "tassadit",
        5,
        ("تسعديت", "Tassadit"),
        AIT_AMAR,
        dt.date(1979, 2, 5),
        FEMALE,
        N_("A widow in Tizi Ouzou who reads Amazigh and heads her family: the allowance is open to her."),
        has_account=True,
        language="zgh",
    ),
    Algerian(
        "mennad",
        6,
        ("مناد", "Mennad"),
        AIT_AMAR,
        dt.date(2012, 10, 22),
        MALE,
        N_("Her son."),
        mother="tassadit",
        document=None,
    ),
    Algerian(
        "slimane",
        7,
        ("سليمان", "Slimane"),
        SAADI,
        dt.date(1953, 5, 30),
        MALE,
        N_("A man over seventy who lives alone in Tamanrasset and has declared his household."),
        has_account=True,
    ),
    Algerian(
        "nassima",
        8,
        ("نسيمة", "Nassima"),
        BRAHIMI,
        dt.date(1992, 12, 1),
        FEMALE,
        N_(
            "A woman in Constantine who holds the card at 100 %: her husband's income counts no more, and the right"
            " ends with the card in three weeks."
        ),
        has_account=True,
    ),
    Algerian(
        "rachid",
        9,
        ("رشيد", "Rachid"),
        BRAHIMI,
        dt.date(1988, 7, 14),
        MALE,
        N_("Her husband, who has an income and an account of his own."),
        has_account=True,
        language="fr",
    ),
    Algerian(
        "kamel",
        10,
        ("كمال", "Kamel"),
        MEZIANE,
        dt.date(1975, 3, 9),
        MALE,
        N_("A man in Oran who cannot work any more: his card has ended, and he asks for a review."),
        has_account=True,
        language="fr",
    ),
)
BY_KEY = {character.key: character for character in CHARACTERS}

NEWCOMER = Newcomer(
    given=("أميناتا", "Aminata"),
    family=("تراوري", "Traoré"),
    born=dt.date(1994, 5, 17),
    phone="+213550000091",
    card="ZR000091",
    province="16",
)

OFFICERS: tuple[Officer, ...] = (
    Officer(
        "nadir@alger.example", "ندير عمراني", "Nadir Amrani", Role.AGENT, "16", MALE, dt.date(1987, 1, 12)
    ),
    Officer(
        "salima@alger.example",
        "سليمة قاسي",
        "Salima Kaci",
        Role.SUPERVISOR,
        "16",
        FEMALE,
        dt.date(1980, 6, 25),
    ),
    Officer(
        "yacine@oran.example", "ياسين بوزيد", "Yacine Bouzid", Role.AGENT, "31", MALE, dt.date(1991, 3, 30)
    ),
    Officer(
        "farida@oran.example",
        "فريدة شريف",
        "Farida Cherif",
        Role.SUPERVISOR,
        "31",
        FEMALE,
        dt.date(1978, 11, 8),
    ),
    Officer(
        "leila@audit.example", "ليلى مداني", "Leïla Madani", Role.AUDITOR, "16", FEMALE, dt.date(1975, 4, 16)
    ),
    Officer(
        "admin@tiwizi.example",
        "سمير المدير",
        "Samir Almoudir",
        Role.ADMINISTRATOR,
        "16",
        MALE,
        dt.date(1974, 9, 27),
    ),
)

ADULT: dict[str, Any] = {
    "national": True,
    "income": False,
    "chronic_illness": False,
    "special_needs_card": False,
}
HEAD: dict[str, Any] = ADULT | {"unable_to_work": False, "lives_alone": False, "woman_head_of_family": False}
CHILD = MemberAnswers(special_needs_card=False)


async def tell(session: AsyncSession, portal: Portal, now: dt.datetime) -> None:
    """Open the accounts, then let each story happen."""
    ids = await open_accounts(session, portal, now, CHARACTERS)
    await _widow(session, ids["tassadit"], now)
    await _old_man(session, ids["slimane"], now)
    await _couple(session, ids, now)
    await _card_ended(session, ids["kamel"], now)


async def _widow(session: AsyncSession, person_id: int, now: dt.datetime) -> None:
    child = await add_child(session, person_id=person_id, identifier=BY_KEY["mennad"].identifier, now=now)
    head = MemberAnswers(**HEAD | {"woman_head_of_family": True})
    await _declare(session, person_id, TIZI_OUZOU, {HEAD_KEY: head, child: CHILD}, now)


async def _old_man(session: AsyncSession, person_id: int, now: dt.datetime) -> None:
    head = MemberAnswers(**HEAD | {"lives_alone": True, "in_institution": False})
    await _declare(session, person_id, TAMANRASSET, {HEAD_KEY: head}, now)


async def _couple(session: AsyncSession, ids: dict[str, int], now: dt.datetime) -> None:
    """She declares; he has accepted her invitation. Her card ends in three weeks."""
    husband = BY_KEY["rachid"]
    place = await invite_adult(
        session,
        person_id=ids["nassima"],
        identifier=husband.identifier,
        birth_year=husband.born.year,
        relation=Relation.SPOUSE,
        now=now,
    )
    (asked,) = await invitations_of(session, person_id=ids["rachid"], now=now)
    await answer_invitation(session, person_id=ids["rachid"], reference=asked.reference, accept=True, now=now)
    card = {
        "special_needs_card": True,
        "card_rate": 100,
        "card_expires_on": local_date(now) + dt.timedelta(days=21),
    }
    answers = {HEAD_KEY: MemberAnswers(**HEAD | card), place: MemberAnswers(**ADULT | {"income": True})}
    await _declare(session, ids["nassima"], CONSTANTINE, answers, now)


async def _card_ended(session: AsyncSession, person_id: int, now: dt.datetime) -> None:
    card = {
        "special_needs_card": True,
        "card_rate": 60,
        "card_expires_on": local_date(now) - dt.timedelta(days=40),
    }
    head = MemberAnswers(**HEAD | card | {"unable_to_work": True})
    await _declare(session, person_id, ORAN, {HEAD_KEY: head}, now)
    await request_recomputation(
        session,
        person_id=person_id,
        reason=RequestReason.NEW_FACT,
        words="Ma carte a été renouvelée la semaine dernière : elle est valable jusqu’au 31/12/2030.",
        now=now,
    )


async def _declare(
    session: AsyncSession,
    person_id: int,
    commune: str,
    answers: dict[str, MemberAnswers],
    now: dt.datetime,
) -> None:
    await declare_household(session, person_id, HouseholdFacts(commune=commune), answers, now)
