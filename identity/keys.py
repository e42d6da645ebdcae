"""Every key of the portal, derived from its secret, so that no two uses share one.

There is one secret at a time that new things are made with. Others are known beside it while it takes the place of an
earlier one: what they have sealed or signed is still accepted.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from notifications.sealing import KEY_BYTES, Sealer, name_of

SECRET_MIN_BYTES: Final = 32
# In front of a secret that every process is to know before the first one uses it.
NEXT: Final = b"next "


def derive(secret: bytes, use: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=f"tiwizi/{use}".encode()).derive(
        secret
    )


@dataclass(frozen=True, repr=False)
class Secret:
    """One secret, as what is derived from it. `name` is what sealed values say about it, and no secret."""

    name: str
    is_next: bool
    codes: bytes
    csrf: bytes
    pepper: bytes
    lookup: bytes
    sealing: bytes

    @classmethod
    def of_line(cls, line: bytes) -> Secret:
        """Raises ValueError when the secret is shorter than 32 bytes."""
        secret = line.removeprefix(NEXT).strip()
        if len(secret) < SECRET_MIN_BYTES:
            raise ValueError(f"a secret has at least {SECRET_MIN_BYTES} characters")
        sealing = derive(secret, "sealing")
        return cls(
            name=name_of(sealing),
            is_next=line.startswith(NEXT),
            codes=derive(secret, "codes"),
            csrf=derive(secret, "csrf"),
            pepper=derive(secret, "pepper"),
            lookup=derive(secret, "lookup"),
            sealing=sealing,
        )

    def lookup_hash(self, *parts: str) -> str:
        """A keyed name (64 hexadecimal characters) for something that must not be kept in clear, such as a number."""
        return hmac.new(self.lookup, join_parts(*parts), hashlib.sha256).hexdigest()


@dataclass(frozen=True, repr=False)
class Keys:
    """`present` is the secret that new things are made with; `known` are all that are accepted, the newest first."""

    present: Secret
    known: tuple[Secret, ...]
    sealer: Sealer

    @classmethod
    def from_secret(cls, content: bytes) -> Keys:
        """`content` is that of the secret file: a secret a line, the newest first. Raises ValueError, saying why."""
        known = tuple(Secret.of_line(line.strip()) for line in content.splitlines() if line.strip())
        if len({secret.name for secret in known}) < len(known):
            raise ValueError("the same secret stands there twice")
        in_use = [secret for secret in known if not secret.is_next]
        if not in_use:
            raise ValueError("there is no secret that is not the next one")
        if known[: -len(in_use)] != tuple(secret for secret in known if secret.is_next):
            raise ValueError("the next secret stands above the present one")
        present = in_use[0]
        others = [secret.sealing for secret in known if secret is not present]
        return cls(present, known, Sealer(present.sealing, *others))

    @property
    def in_use(self) -> tuple[Secret, ...]:
        """Those that something may have been made with, the newest first."""
        return tuple(secret for secret in self.known if not secret.is_next)

    @property
    def presented(self) -> tuple[Secret, ...]:
        """All that are known, the present one first."""
        return (self.present, *(secret for secret in self.known if secret is not self.present))

    def lookup_hash(self, *parts: str) -> str:
        return self.present.lookup_hash(*parts)

    def lookup_hashes(self, *parts: str) -> tuple[str, ...]:
        """What the same thing may be named, under each secret that is known: the name of new things first."""
        return tuple(secret.lookup_hash(*parts) for secret in self.presented)


def is_one_of(given: str, expected: Iterable[str]) -> bool:
    """Compared with every one, however early one fits."""
    same = [hmac.compare_digest(given.encode(), each.encode()) for each in expected]
    return any(same)


def join_parts(*parts: str) -> bytes:
    """Parts joined so that no two different lists give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
