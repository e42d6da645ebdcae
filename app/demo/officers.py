"""The officers of the demonstration's two centres, with their passwords and their authenticator secrets."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from identity.roles import Role

PASSWORD = "quatorze cigognes sur la kasbah"
CASABLANCA = "06.141"
ZAGORA = "08.587"


@dataclass(frozen=True)
class Officer:
    email: str
    name_ar: str
    name_latin: str
    role: Role
    province: str

    @property
    def totp_secret(self) -> str:
        """The same on every machine, so that an authenticator that was set up once keeps working."""
        return base64.b32encode(hashlib.sha256(f"demonstration:{self.email}".encode()).digest()[:20]).decode()


OFFICERS: tuple[Officer, ...] = (
    Officer("amal@casablanca.example", "أمل الصقلي", "Amal Skalli", Role.AGENT, CASABLANCA),
    Officer("omar@casablanca.example", "عمر بركاش", "Omar Bargach", Role.AGENT, CASABLANCA),
    Officer("leila@casablanca.example", "ليلى برادة", "Leïla Berrada", Role.SUPERVISOR, CASABLANCA),
    Officer("hassan@zagora.example", "حسن أوبها", "Hassan Oubaha", Role.AGENT, ZAGORA),
    Officer("tifaw@zagora.example", "تيفاو أمغار", "Tifaw Amghar", Role.SUPERVISOR, ZAGORA),
    Officer("nadia@audit.example", "نادية الكتاني", "Nadia Kettani", Role.AUDITOR, CASABLANCA),
    Officer("admin@tiwizi.example", "سمير المدير", "Samir Almoudir", Role.ADMINISTRATOR, CASABLANCA),
)
