"""What an operator and the national identity service agree on, once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from notifications.over_http import is_safe

SHORTEST_RSA: Final = 2048
WELL_KNOWN: Final = "/.well-known/openid-configuration"

ClientKey = RSAKey | ECKey


class BadOpenIdSettings(Exception):
    """The settings of the national identity service cannot work: the portal must not start with them."""

    code = "bad_openid_settings"


@dataclass(frozen=True)
class OpenIdSettings:
    """`acr` are the levels that prove enough, the most wanted first; an answer with any other is refused.

    `discovery_url` is for a service that keeps its discovery document elsewhere than its issuer says, as eSignet does
    under /v1/esignet/oidc. `identifier_claim` is where the service writes the identifier. Raises BadOpenIdSettings.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    acr: tuple[str, ...]
    key: ClientKey = field(repr=False)
    discovery_url: str = ""
    scope: str = "openid profile phone"
    identifier_claim: str = "individual_id"

    def __post_init__(self) -> None:
        for name, url in (("issuer", self.issuer), ("discovery address", self.discovery)):
            if not is_safe(url):
                raise BadOpenIdSettings(f"the {name} {url!r} must begin with https://")
        if not self.client_id:
            raise BadOpenIdSettings("the client id is missing")
        if not self.acr:
            raise BadOpenIdSettings(
                "say which acr values prove enough: without one any weak sign-in would do"
            )

    @property
    def discovery(self) -> str:
        return self.discovery_url or self.issuer.rstrip("/") + WELL_KNOWN


def read_key(path: Path, key_id: str | None = None) -> ClientKey:
    """The private key of the client from a PEM file: RSA of 2048 bits or more, or P-256. Raises BadOpenIdSettings."""
    try:
        return import_key(path.read_bytes(), key_id)
    except OSError as missing:
        raise BadOpenIdSettings(f"the key file cannot be read: {missing}") from missing


def import_key(pem: bytes, key_id: str | None = None) -> ClientKey:
    """Raises BadOpenIdSettings. Without `key_id` the key is named by its thumbprint (RFC 7638)."""
    parameters = {"kid": key_id} if key_id else None
    for kind in (RSAKey, ECKey):
        try:
            key = kind.import_key(pem, parameters)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError):
            continue
        _check_strength(key)
        key.ensure_kid()
        return key
    raise BadOpenIdSettings("the key file holds neither an RSA nor an EC key in PEM")


def _check_strength(key: ClientKey) -> None:
    if not key.is_private:
        raise BadOpenIdSettings("the key file holds a public key; the private one is needed")
    if isinstance(key, RSAKey) and key.raw_value.key_size < SHORTEST_RSA:
        raise BadOpenIdSettings(f"an RSA key has at least {SHORTEST_RSA} bits")
    if isinstance(key, ECKey) and key.curve_name != "P-256":
        raise BadOpenIdSettings("an EC key is on the curve P-256")
