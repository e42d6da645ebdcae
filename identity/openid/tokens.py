"""Opening what the service signs or encrypts: nothing is read from a token before its signature is checked."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwe, jws
from joserfc.errors import JoseError

from identity.openid.keys import SIGNING_KEYS, ProviderKeys
from identity.openid.settings import OpenIdSettings
from identity.openid.wire import LONGEST_ANSWER
from identity.people.population import NothingProven

DECRYPTION: Final = (
    "RSA-OAEP",
    "RSA-OAEP-256",
    "ECDH-ES",
    "ECDH-ES+A256KW",
    "A128GCM",
    "A256GCM",
    "A128CBC-HS256",
)
SIGNED_PARTS: Final = 3
ENCRYPTED_PARTS: Final = 5
# Clocks differ; a token is for now.
LEEWAY: Final = timedelta(seconds=30)
OLDEST: Final = timedelta(minutes=10)
LONGEST_SUBJECT: Final = 255
LONGEST_HEADER: Final = 16 * 1024

Claims = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """What the answer to one request has to say. `begun_at` is when the browser was sent out."""

    nonce: str
    begun_at: datetime
    access_token: str


async def open_signed(token: str, keys: ProviderKeys, settings: OpenIdSettings) -> Claims:
    """The claims of a signed token, decrypted first if need be. Raises NothingProven and RegisterUnavailable."""
    if token.count(".") + 1 == ENCRYPTED_PARTS:
        token = decrypt(token, settings).decode("utf-8", "replace")
    if token.count(".") + 1 != SIGNED_PARTS:
        raise NothingProven("token_form")
    header = _read_header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in SIGNING_KEYS or not isinstance(kid, str | None):
        raise NothingProven("algorithm")
    key = await keys.find(algorithm, kid)
    try:
        payload = jws.deserialize_compact(token, key, registry=_signatures(algorithm)).payload
    except (JoseError, ValueError, TypeError) as wrong:
        raise NothingProven("signature") from wrong
    return read_claims(payload)


def decrypt(token: str, settings: OpenIdSettings) -> bytes:
    """What only the portal's own key opens. Compressed contents are not taken. Raises NothingProven."""
    _read_header(token)
    try:
        opened = jwe.decrypt_compact(token, settings.key, registry=_encryptions()).plaintext
    except (JoseError, ValueError, TypeError) as wrong:
        raise NothingProven("encryption") from wrong
    return opened or b""


def _signatures(algorithm: str) -> jws.JWSRegistry:
    """Headers that we do not know are let be (RFC 7515, 4); MOSIP sends its whole certificate in one."""
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = LONGEST_HEADER
    registry.max_payload_length = LONGEST_ANSWER
    return registry


def _encryptions() -> jwe.JWERegistry:
    """The same; a provider may repeat claims in the header of what it encrypts (RFC 7519, 5.3)."""
    registry = jwe.JWERegistry(algorithms=DECRYPTION, strict_check_header=False)
    registry.max_protected_header_length = LONGEST_HEADER
    registry.max_ciphertext_length = LONGEST_ANSWER
    return registry


def read_claims(payload: bytes) -> Claims:
    """Raises NothingProven unless it is a JSON object."""
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise NothingProven("claims_form")
    return claims


def _read_header(token: str) -> Mapping[str, Any]:
    """Only to choose the key: it is part of what the signature then covers. We know no critical extension."""
    written = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or "crit" in header:
        raise NothingProven("token_form")
    return header


def check_id_token(claims: Claims, expected: Expected, settings: OpenIdSettings, now: datetime) -> None:
    """OpenID Connect Core 3.1.3.7, in its strictest reading. Raises NothingProven, whose reason names the check."""
    if claims.get("iss") != settings.issuer:
        raise NothingProven("issuer")
    _check_audience(claims, settings.client_id)
    _check_times(claims, now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise NothingProven("nonce")
    if claims.get("acr") not in settings.acr:
        raise NothingProven("acr")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise NothingProven("subject")
    _check_freshness(claims, expected.begun_at)
    _check_access_token(claims, expected.access_token)


def _check_audience(claims: Claims, client_id: str) -> None:
    """For us, and for nobody beside us."""
    audience = claims.get("aud")
    if audience not in (client_id, [client_id]):
        raise NothingProven("audience")
    if claims.get("azp", client_id) != client_id:
        raise NothingProven("authorized_party")


def _check_times(claims: Claims, now: datetime) -> None:
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    expires, issued, begins = (_instant(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or expires <= moment - leeway:
        raise NothingProven("expired")
    if issued is None or not moment - OLDEST.total_seconds() <= issued <= moment + leeway:
        raise NothingProven("issued_at")
    if begins is not None and begins > moment + leeway:
        raise NothingProven("not_before")


def _instant(claims: Claims, name: str) -> float | None:
    """Raises NothingProven for what is written there and is no instant."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NothingProven(name)
    return float(value)


def _check_freshness(claims: Claims, begun_at: datetime) -> None:
    """Telephones are shared: whoever signed in at the service before this claim began is perhaps somebody else."""
    signed_in = _instant(claims, "auth_time")
    if signed_in is not None and signed_in < (begun_at - LEEWAY).timestamp():
        raise NothingProven("auth_time")


def _check_access_token(claims: Claims, access_token: str) -> None:
    """All the algorithms taken hash with SHA-256, so at_hash is the left half of that."""
    if "at_hash" not in claims:
        return
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    if claims["at_hash"] != base64.urlsafe_b64encode(half).rstrip(b"=").decode():
        raise NothingProven("at_hash")


def check_userinfo(claims: Claims, subject: str, settings: OpenIdSettings, now: datetime) -> None:
    """The same person as in the ID token; if it says by whom and for whom, then by the service and for us.

    Raises NothingProven.
    """
    if claims.get("sub") != subject:
        raise NothingProven("userinfo_subject")
    if claims.get("iss", settings.issuer) != settings.issuer:
        raise NothingProven("userinfo_issuer")
    if claims.get("aud", settings.client_id) not in (settings.client_id, [settings.client_id]):
        raise NothingProven("userinfo_audience")
    expires = _instant(claims, "exp")
    if expires is not None and expires <= (now - LEEWAY).timestamp():
        raise NothingProven("userinfo_expired")
