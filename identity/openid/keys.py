"""The public keys of the service, and which of them may have signed a token."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from identity.openid.discovery import Discovery, read_json
from identity.openid.wire import Wire
from identity.people.population import NothingProven

# Neither `none` nor anything with a shared secret: a public key must never serve as one.
SIGNING_KEYS: Final[Mapping[str, type[RSAKey] | type[ECKey]]] = {
    "RS256": RSAKey,
    "PS256": RSAKey,
    "ES256": ECKey,
}
KEPT_FOR: Final = timedelta(hours=1)
# A token that names a key nobody knows makes the portal look again, and no more often than this.
LOOK_AGAIN_AFTER: Final = timedelta(seconds=60)
MOST_KEYS: Final = 50


class ProviderKeys:
    """The key set of the service as it was last read."""

    def __init__(self, discovery: Discovery, wire: Wire, clock: Callable[[], datetime]) -> None:
        self._discovery, self._wire, self._clock = discovery, wire, clock
        self._keys: list[Key] = []
        self._read_at: datetime | None = None

    async def find(self, algorithm: str, kid: str | None) -> Key:
        """The one key that can have made this signature. Raises NothingProven and RegisterUnavailable."""
        if self._is_older_than(KEPT_FOR):
            await self._read()
        found = self._suitable(algorithm, kid)
        if not found and self._is_older_than(LOOK_AGAIN_AFTER):
            await self._read()
            found = self._suitable(algorithm, kid)
        if len(found) != 1:
            raise NothingProven("key_ambiguous" if found else "key_unknown")
        return found[0]

    def _is_older_than(self, age: timedelta) -> bool:
        return self._read_at is None or self._clock() - self._read_at >= age

    async def _read(self) -> None:
        metadata = await self._discovery.metadata()
        answer = await self._wire.get(metadata.jwks_uri, {"accept": "application/json"})
        written = read_json(answer, "keys").get("keys")
        self._keys = import_keys(written if isinstance(written, list) else [])
        self._read_at = self._clock()

    def _suitable(self, algorithm: str, kid: str | None) -> list[Key]:
        kind = SIGNING_KEYS.get(algorithm)
        if kind is None:
            raise NothingProven("algorithm")
        return [
            key
            for key in self._keys
            if isinstance(key, kind)
            and (kid is None or key.get("kid") == kid)
            and key.get("use") in (None, "sig")
            and key.get("alg") in (None, algorithm)
            and (not isinstance(key, ECKey) or key.curve_name == "P-256")
        ]


def import_keys(written: list[Any]) -> list[Key]:
    """The public RSA and EC keys; whatever else is in the set is left aside."""
    found: list[Key] = []
    for each in written[:MOST_KEYS]:
        try:
            key = _import_key(each) if isinstance(each, dict) else None
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if key is not None:
            found.append(key)
    return found


def _import_key(written: dict[str, Any]) -> Key | None:
    match written.get("kty"):
        case "RSA":
            return RSAKey.import_key(written)
        case "EC":
            return ECKey.import_key(written)
    return None
