"""Secrets that people choose, and the slow hash that keeps them.

argon2id with OWASP's parameters (19 MiB, two passes, one lane), and the hash itself is sealed: a stolen table without
the key cannot even be guessed at, and another key can take its place without anybody typing a password. One hash costs
some 50 ms of a processor, so hashing runs in threads behind a limiter, and a flood of sign-ins is answered "try again"
instead of stopping the portal.
"""

import base64
import hashlib
import hmac
import logging
import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from copy import copy
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final, Self, TypeVar

import anyio
import anyio.to_thread
import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from identity.keys import Keys
from notifications.sealing import SealBroken

log = logging.getLogger("tiwizi.passwords")
MEMORY_KIB: Final = 19_456
PASSES: Final = 2
LANES: Final = 1
LONGEST_PASSWORD: Final = 128
SHORTEST_PERSONAL_WORD: Final = 4
SEALED_AS: Final = "hash of a secret"
COMMON_PASSWORDS: Final = Path(__file__).parent.parent / "data" / "common_passwords.txt"
CONTEXT_WORDS: Final = (
    "tiwizi",
    "touiza",
    "tawiza",
    "تويزة",
    "ⵜⵉⵡⵉⵣⵉ",
    "maroc",
    "morocco",
    "المغرب",
    "asd",
    "amo",
    "rsu",
    "rnp",
)

Result = TypeVar("Result")


class ShortestPassword(IntEnum):
    """A citizen has a second factor at every sign-in; staff hold other people's files."""

    CITIZEN = 8
    STAFF = 15


class Busy(Exception):
    """Too many secrets are being checked at once: worth trying again after `retry_after` seconds."""

    code = "busy"

    def __init__(self, retry_after: int) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after


class PasswordRefused(Exception):
    """`code`: `too_short` (`shortest` says how long it must be), `too_long`, `common` or `personal`."""

    def __init__(self, code: str, shortest: int) -> None:
        super().__init__(code)
        self.code = code
        self.shortest = shortest


@dataclass
class _Gate:
    limiter: anyio.CapacityLimiter
    room: int
    inside: int = 0


async def _nothing() -> None:
    return


class PasswordHasher:
    """One a process. `at_once` hashes run in parallel, `queue` more may wait, the next raises Busy."""

    def __init__(
        self,
        keys: Keys,
        *,
        memory_kib: int = MEMORY_KIB,
        passes: int = PASSES,
        at_once: int = 1,
        queue: int = 20,
        retry_after: int = 3,
    ) -> None:
        self._sealer = keys.sealer
        self._first_pepper = keys.known[-1].pepper
        self._argon2 = argon2.PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=LANES, hash_len=32, salt_len=16
        )
        self._gate = _Gate(anyio.CapacityLimiter(at_once), room=at_once + queue)
        self._before: Callable[[], Awaitable[None]] = _nothing
        self._after: Callable[[], Awaitable[None]] = _nothing
        self._retry_after = retry_after
        self._dummy = self._seal(self._argon2.hash(_composed("nobody has this secret")))

    def between(self, before: Callable[[], Awaitable[None]], after: Callable[[], Awaitable[None]]) -> Self:
        """The same gate for somebody who gives back `before` each wait what others need, and goes on `after` it."""
        other = copy(self)
        other._before, other._after = before, after
        return other

    async def hash(self, secret: str) -> str:
        """Raises Busy."""
        return (await self.hash_all(secret))[0]

    async def hash_all(self, *secrets: str) -> list[str]:
        """What is kept together is hashed in one wait. Raises Busy."""
        return await self._in_thread(
            lambda: [self._seal(self._argon2.hash(_composed(each))) for each in secrets]
        )

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Whether the secret is the hashed one. Without a hash the same work is done, and nothing fits. Raises Busy."""
        return await self._in_thread(lambda: self._fits(hashed or self._dummy, secret)) and hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Whether the parameters were raised since, or it is from before hashes were sealed."""
        pepper, digest = self._open(hashed)
        return bool(pepper) or self._argon2.check_needs_rehash(digest)

    def fingerprint(self, hashed: str) -> str:
        """What stays the same while a hash is only sealed anew."""
        return hashlib.sha256(self._open(hashed)[1].encode()).hexdigest()

    def sealed_anew(self, hashed: str) -> str:
        """The same hash under the present key. Raises SealBroken when no key that is known here opens it."""
        pepper, digest = self._open(hashed)
        return self._seal(pepper.hex() + digest)

    def _fits(self, hashed: str, secret: str) -> bool:
        try:
            pepper, digest = self._open(hashed)
        except SealBroken:
            log.error("hash_unreadable sealed with a secret that is not in the secret file, or altered")
            self._fits(self._dummy, secret)
            return False
        composed = _composed(secret)
        try:
            return self._argon2.verify(
                digest, hmac.new(pepper, composed, hashlib.sha256).digest() if pepper else composed
            )
        except (VerificationError, InvalidHashError):
            return False

    def _seal(self, opened: str) -> str:
        """The name of the key, and what it has sealed."""
        return f"{self._sealer.name}.{base64.b64encode(self._sealer.seal(opened, SEALED_AS)).decode()}"

    def _open(self, hashed: str) -> tuple[bytes, str]:
        """The hash, after the pepper that it was made with, if it is from before hashes were sealed.

        Such a one was peppered with the portal's first secret, and is sealed with that pepper.
        """
        if hashed.startswith("$"):
            return self._first_pepper, hashed
        try:
            opened = self._sealer.unseal_text(base64.b64decode(hashed.partition(".")[2]), SEALED_AS)
        except ValueError:
            raise SealBroken from None
        pepper, _, digest = opened.partition("$")
        return bytes.fromhex(pepper), f"${digest}"

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        gate = self._gate
        if gate.inside >= gate.room:
            raise Busy(self._retry_after)
        gate.inside += 1
        try:
            await self._before()
            done = await anyio.to_thread.run_sync(work, limiter=gate.limiter)
        finally:
            gate.inside -= 1
        await self._after()
        return done


def _composed(secret: str) -> bytes:
    return unicodedata.normalize("NFC", secret).encode("utf-8", "surrogatepass")


def check_password(password: str, *, shortest: ShortestPassword, personal: Iterable[str] = ()) -> None:
    """Refuse what a stranger would try first. Length and words only: no rule about kinds of characters.

    `personal` are the identifier, telephone, names and e-mail of the person. Raises PasswordRefused.
    """
    composed = unicodedata.normalize("NFC", password)
    if len(composed) < shortest:
        raise PasswordRefused("too_short", shortest)
    if len(composed) > LONGEST_PASSWORD:
        raise PasswordRefused("too_long", shortest)
    folded = composed.casefold()
    if is_common(folded):
        raise PasswordRefused("common", shortest)
    if _is_mostly(folded, _personal_words(personal)):
        raise PasswordRefused("personal", shortest)


def is_common(folded: str) -> bool:
    """On the list, one short piece repeated, a run of neighbours, or a word of this service with little added."""
    if folded in _common_passwords() or _is_repetition(folded) or _is_run(folded):
        return True
    return _is_mostly(folded, CONTEXT_WORDS)


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(COMMON_PASSWORDS.read_text(encoding="utf-8").split())


def _is_repetition(folded: str) -> bool:
    """`abcabcabc`, `11111111`, `passwordpassword`: the text turns up inside itself, or is listed twice over."""
    period = (folded + folded).find(folded, 1)
    return period < len(folded) and (
        period <= SHORTEST_PERSONAL_WORD or folded[:period] in _common_passwords()
    )


def _is_run(folded: str) -> bool:
    steps = {ord(second) - ord(first) for first, second in pairwise(folded)}
    return len(steps) == 1 and abs(steps.pop()) <= 1


def _is_mostly(folded: str, words: Iterable[str]) -> bool:
    """Whether taking the words out leaves fewer characters than a stranger would gladly try."""
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and len(rest) < SHORTEST_PERSONAL_WORD + 1


def _personal_words(personal: Iterable[str]) -> set[str]:
    """The facts themselves and their parts; a telephone in its national spelling too."""
    words: set[str] = set()
    for fact in personal:
        folded = unicodedata.normalize("NFC", fact).casefold()
        words.update((folded, *folded.replace("@", " ").replace(".", " ").replace("-", " ").split()))
        if folded.startswith("+212"):
            words.update(("0" + folded[4:], folded[1:]))
    return {word for word in words if len(word) >= SHORTEST_PERSONAL_WORD - 1}
