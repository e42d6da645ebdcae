"""Keeping a value unreadable in the database until the moment it is needed."""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
NAME_BYTES = 4
# What was sealed before keys had names says nothing about its key.
UNNAMED, NAMED = b"\x01", b"\x02"
MARK_BYTES = len(NAMED) + NAME_BYTES


class SealBroken(Exception):
    """The bytes were not sealed with a key that is known here for this context, or were altered since."""

    code = "seal_broken"


def name_of(key: bytes) -> str:
    """What a sealed value says about its key: eight hexadecimal characters that tell nothing of it."""
    return hashlib.sha256(b"the name of a key of tiwizi" + key).digest()[:NAME_BYTES].hex()


class Sealer:
    """AES-256-GCM. The context names the row the value belongs to: a sealed value moved elsewhere does not open.

    Values are sealed with `key`; those that one of `others` has sealed are opened as well.
    """

    def __init__(self, key: bytes, *others: bytes) -> None:
        if any(len(each) != KEY_BYTES for each in (key, *others)):
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
        self.name = name_of(key)
        self._ciphers = {name_of(each): AESGCM(each) for each in (key, *others)}

    @property
    def mark(self) -> bytes:
        """How everything begins that is sealed now."""
        return NAMED + bytes.fromhex(self.name)

    def seal(self, value: str | bytes, context: str) -> bytes:
        plain = value.encode() if isinstance(value, str) else value
        nonce = os.urandom(NONCE_BYTES)
        return self.mark + nonce + self._ciphers[self.name].encrypt(nonce, plain, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Raises SealBroken."""
        if sealed[:1] == UNNAMED:
            ciphers, rest = list(self._ciphers.values()), sealed[len(UNNAMED) :]
        else:
            known = self._ciphers.get(name_in(sealed) or "")
            ciphers, rest = [known] if known else [], sealed[MARK_BYTES:]
        for cipher in ciphers:
            try:
                return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], context.encode())
            except (InvalidTag, ValueError):
                continue
        raise SealBroken

    def unseal_text(self, sealed: bytes, context: str) -> str:
        return self.unseal(sealed, context).decode()


def name_in(sealed: bytes) -> str | None:
    """The name of the key that a value was sealed with; None for one from before keys had names."""
    return sealed[len(NAMED) : MARK_BYTES].hex() if sealed[:1] == NAMED else None
