"""Keeping a value unreadable in the database until the moment it is needed."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class SealBroken(Exception):
    """The bytes were not sealed with this key for this context, or were altered since."""

    code = "seal_broken"


class Sealer:
    """AES-256-GCM. The context names the row the value belongs to: a sealed value moved elsewhere does not open."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(key)

    def seal(self, value: str | bytes, context: str) -> bytes:
        plain = value.encode() if isinstance(value, str) else value
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        if sealed[:1] != VERSION:
            raise SealBroken
        nonce, secret = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, secret, context.encode())
        except (InvalidTag, ValueError) as broken:
            raise SealBroken from broken

    def unseal_text(self, sealed: bytes, context: str) -> str:
        return self.unseal(sealed, context).decode()
