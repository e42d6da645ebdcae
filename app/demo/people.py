"""The named people of the demonstration and their stories. All are invented."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.demo.newcomers import Newcomer
from app.demo.officers import CASABLANCA
from app.demo.population import document_number, identifier, phone
from app.i18n.catalogues import mark as N_
from identity.people.tables import BirthPrecision, DocumentKind, Gender

PASSWORD = "sept oliviers verts"
FEMALE, MALE = Gender.FEMALE, Gender.MALE


@dataclass(frozen=True)
class Character:
    """One named person: `key` is how the rest of the demonstration refers to them, `serial` makes their numbers."""

    key: str
    serial: int
    given: tuple[str, str]
    family: tuple[str, str]
    born: dt.date
    gender: Gender
    story: str
    father: str | None = None
    mother: str | None = None
    has_account: bool = False
    language: str = "ar"
    precision: BirthPrecision = BirthPrecision.DAY
    document: DocumentKind | None = DocumentKind.NATIONAL_CARD
    phone_of: str | None = None
    has_phone: bool = True

    @property
    def identifier(self) -> str:
        return identifier(self.serial)

    @property
    def document_number(self) -> str | None:
        if self.document is None:
            return None
        number = document_number(self.serial)
        return number if self.document is DocumentKind.NATIONAL_CARD else "ZR" + number[2:]

    @property
    def phone(self) -> str | None:
        if not self.has_phone or self.document is None:
            return None
        return BY_KEY[self.phone_of].phone if self.phone_of else phone(self.serial)


BENNANI, AMRANI = ("بناني", "Bennani"), ("العمراني", "Amrani")
OUALI, AITMOUH = ("أوعلي", "Ouali"), ("أيت موح", "Aït Mouh")
FILALI, MANSOURI = ("الفيلالي", "Filali"), ("المنصوري", "Mansouri")
DIOP, ZIANI = ("ديوب", "Diop"), ("الزياني", "Ziani")
TAZI, IDRISSI = ("التازي", "Tazi"), ("الإدريسي", "Idrissi")
RAHALI, AZELMAD = ("الرحالي", "Rahali"), ("أزلماط", "Azelmad")

CHARACTERS: tuple[Character, ...] = (
    Character(
        "fatima",
        1,
        ("فاطمة الزهراء", "Fatima Zahra"),
        BENNANI,
        dt.date(1984, 3, 12),
        FEMALE,
        N_("A mother of two schoolchildren in Casablanca who has not claimed her identifier yet."),
    ),
    Character(
        "karim",
        2,
        ("كريم", "Karim"),
        AMRANI,
        dt.date(1981, 7, 2),
        MALE,
        N_("Her husband: she can invite him, and he answers from his own account."),
    ),
    Character(
        "salma",
        3,
        ("سلمى", "Salma"),
        AMRANI,
        dt.date(2014, 5, 20),
        FEMALE,
        N_("Their daughter, at a public school."),
        father="karim",
        mother="fatima",
        document=None,
    ),
    Character(
        "adam",
        4,
        ("آدم", "Adam"),
        AMRANI,
        dt.date(2017, 9, 8),
        MALE,
        N_("Their son, at a public school."),
        father="karim",
        mother="fatima",
        document=None,
    ),
    Character(
        "moha",
        5,
        ("موحى", "Moha"),
        OUALI,
        dt.date(1976, 11, 30),
        MALE,
        N_("A farmer near Zagora, in Drâa-Tafilalet, who reads Amazigh."),
        language="zgh",
    ),
    Character(
        "itto",
        6,
        ("إيطو", "Itto"),
        OUALI,
        dt.date(1980, 2, 14),
        FEMALE,
        N_("The farmer's wife, who shares his telephone."),
        language="zgh",
        phone_of="moha",
    ),
    Character(
        "anir",
        7,
        ("أنير", "Anir"),
        OUALI,
        dt.date(2012, 1, 25),
        MALE,
        N_("The farmer's son."),
        father="moha",
        mother="itto",
        document=None,
    ),
    Character(
        "khadija",
        8,
        ("خديجة", "Khadija"),
        FILALI,
        dt.date(1978, 6, 18),
        FEMALE,
        N_("A widow in Casablanca with three children, a little above a threshold: she contests a line."),
        has_account=True,
    ),
    Character(
        "youssef",
        9,
        ("يوسف", "Youssef"),
        FILALI,
        dt.date(2009, 10, 3),
        MALE,
        N_("The widow's eldest son, at a public school."),
        mother="khadija",
        document=None,
    ),
    Character(
        "hind",
        10,
        ("هند", "Hind"),
        FILALI,
        dt.date(2013, 12, 11),
        FEMALE,
        N_("The widow's daughter, at a public school."),
        mother="khadija",
        document=None,
    ),
    Character(
        "bilal",
        11,
        ("بلال", "Bilal"),
        FILALI,
        dt.date(2021, 4, 6),
        MALE,
        N_("The widow's youngest child."),
        mother="khadija",
        document=None,
    ),
    Character(
        "amadou",
        12,
        ("أمادو", "Amadou"),
        DIOP,
        dt.date(1990, 8, 22),
        MALE,
        N_("A foreign resident in Tanger, known by his residence card."),
        document=DocumentKind.RESIDENCE_CARD,
        language="fr",
    ),
    Character(
        "yasmine",
        13,
        ("ياسمين", "Yasmine"),
        MANSOURI,
        dt.date(2005, 5, 5),
        FEMALE,
        N_("A student living alone in Rabat."),
        language="fr",
    ),
    Character(
        "rahma",
        14,
        ("رحمة", "Rahma"),
        TAZI,
        dt.date(1961, 1, 9),
        FEMALE,
        N_(
            "A woman of sixty-five who lives alone in Casablanca. She declared no car, and the register of vehicles "
            "has one in her name; her electricity is dearer than she declared. Her page asks which is right."
        ),
        has_account=True,
    ),
    Character(
        "ahmed",
        15,
        ("أحمد", "Ahmed"),
        IDRISSI,
        dt.date(1950, 1, 1),
        MALE,
        N_("An old man of whose birth only the year is known."),
        precision=BirthPrecision.YEAR,
    ),
    Character(
        "naima",
        16,
        ("نعيمة", "Naïma"),
        ZIANI,
        dt.date(1988, 4, 17),
        FEMALE,
        N_(
            "A divorced mother in Meknès: her son is claimed by two households, she has two indexes to compare,"
            " and a request that was not answered in time."
        ),
        has_account=True,
    ),
    Character(
        "hamid",
        17,
        ("حميد", "Hamid"),
        RAHALI,
        dt.date(1985, 9, 29),
        MALE,
        N_("The boy's father, who declares another household."),
        has_account=True,
        language="fr",
    ),
    Character(
        "ilyas",
        18,
        ("إلياس", "Ilyas"),
        RAHALI,
        dt.date(2016, 2, 2),
        MALE,
        N_("The boy whom both parents declare."),
        father="hamid",
        mother="naima",
        document=None,
    ),
    Character(
        "brahim",
        19,
        ("إبراهيم", "Brahim"),
        AZELMAD,
        dt.date(1982, 12, 1),
        MALE,
        N_("The head of a village household near Taounate, with one cow and a declaration already made."),
        has_account=True,
        language="zgh",
    ),
    Character(
        "touda",
        20,
        ("تودا", "Touda"),
        AZELMAD,
        dt.date(1986, 3, 3),
        FEMALE,
        N_("His wife, whom he has invited and who has not answered yet."),
        has_account=True,
        language="zgh",
    ),
    Character(
        "said",
        21,
        ("سعيد", "Saïd"),
        AITMOUH,
        dt.date(1969, 7, 7),
        MALE,
        N_("A man without a telephone on file: the way to a centre is for him."),
        has_phone=False,
    ),
)
BY_KEY = {character.key: character for character in CHARACTERS}

NEWCOMER = Newcomer(
    given=("مريامة", "Mariama"),
    family=("كامارا", "Camara"),
    born=dt.date(1991, 11, 9),
    phone=phone(91),
    card="ZR000091",
    province=CASABLANCA,
)
