"""Codes of an authenticator (RFC 6238): six digits, thirty seconds, one step to either side."""

import hmac
from datetime import datetime
from typing import Final

import pyotp

ISSUER: Final = "Tiwizi"
# One step of thirty seconds to either side: few telephones are set by a time server.
STEPS: Final = (-1, 0, 1)


def new_secret() -> str:
    """Base 32, as authenticators take it when it is typed."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """What the QR code says; `name` is how the authenticator lists the account."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, looked for in all of the window whichever fits."""
    generator = pyotp.TOTP(secret)
    current = generator.timecode(now)
    fitting = [
        current + offset
        for offset in STEPS
        if hmac.compare_digest(generator.generate_otp(current + offset).encode(), code.encode())
    ]
    return fitting[-1] if fitting else None
