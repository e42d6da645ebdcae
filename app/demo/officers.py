"""The officers of the demonstration's two centres, with their passwords and their authenticator secrets."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass

from identity.people.tables import Gender
from identity.roles import Role

PASSWORD = "quatorze cigognes sur la kasbah"
CASABLANCA = "06.141"
ZAGORA = "08.587"
FEMALE, MALE = Gender.FEMALE, Gender.MALE
# Officers are people of the register too: their numbers follow those of the named people.
FIRST_SERIAL = 500


@dataclass(frozen=True)
class Officer:
    email: str
    name_ar: str
    name_latin: str
    role: Role
    province: str
    gender: Gender
    born: dt.date

    @property
    def totp_secret(self) -> str:
        """The same on every machine, so that an authenticator that was set up once keeps working."""
        return base64.b32encode(hashlib.sha256(f"demonstration:{self.email}".encode()).digest()[:20]).decode()


OFFICERS: tuple[Officer, ...] = (
    Officer(
        "amal@casablanca.example",
        "أمل الصقلي",
        "Amal Skalli",
        Role.AGENT,
        CASABLANCA,
        FEMALE,
        dt.date(1988, 2, 14),
    ),
    Officer(
        "omar@casablanca.example",
        "عمر بركاش",
        "Omar Bargach",
        Role.AGENT,
        CASABLANCA,
        MALE,
        dt.date(1985, 7, 3),
    ),
    Officer(
        "leila@casablanca.example",
        "ليلى برادة",
        "Leïla Berrada",
        Role.SUPERVISOR,
        CASABLANCA,
        FEMALE,
        dt.date(1979, 10, 21),
    ),
    Officer(
        "hassan@zagora.example", "حسن أوبها", "Hassan Oubaha", Role.AGENT, ZAGORA, MALE, dt.date(1990, 5, 9)
    ),
    Officer(
        "tifaw@zagora.example",
        "تيفاو أمغار",
        "Tifaw Amghar",
        Role.SUPERVISOR,
        ZAGORA,
        MALE,
        dt.date(1982, 12, 1),
    ),
    Officer(
        "nadia@audit.example",
        "نادية الكتاني",
        "Nadia Kettani",
        Role.AUDITOR,
        CASABLANCA,
        FEMALE,
        dt.date(1976, 3, 18),
    ),
    Officer(
        "admin@tiwizi.example",
        "سمير المدير",
        "Samir Almoudir",
        Role.ADMINISTRATOR,
        CASABLANCA,
        MALE,
        dt.date(1974, 9, 27),
    ),
)
