"""Every key of the portal, derived from its one secret, so that no two uses share one."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from notifications.sealing import KEY_BYTES, Sealer

SECRET_MIN_BYTES = 32


def derive(secret: bytes, use: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=f"tiwizi/{use}".encode()).derive(
        secret
    )


@dataclass(frozen=True, repr=False)
class Keys:
    codes: bytes
    csrf: bytes
    pepper: bytes
    lookup: bytes
    sealer: Sealer

    @classmethod
    def from_secret(cls, secret: bytes) -> Keys:
        """Raises ValueError when the secret is shorter than 32 bytes."""
        if len(secret) < SECRET_MIN_BYTES:
            raise ValueError(f"the secret has at least {SECRET_MIN_BYTES} bytes")
        return cls(
            codes=derive(secret, "codes"),
            csrf=derive(secret, "csrf"),
            pepper=derive(secret, "pepper"),
            lookup=derive(secret, "lookup"),
            sealer=Sealer(derive(secret, "sealing")),
        )

    def lookup_hash(self, *parts: str) -> str:
        """A keyed name (64 hexadecimal characters) for something that must not be kept in clear, such as a number."""
        return hmac.new(self.lookup, join_parts(*parts), hashlib.sha256).hexdigest()


def join_parts(*parts: str) -> bytes:
    """Parts joined so that no two different lists give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
