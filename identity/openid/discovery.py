"""Where the service's doors are: read from its discovery document and from nowhere else."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from identity.openid.settings import OpenIdSettings
from identity.openid.wire import Answer, Wire
from identity.people.population import RegisterUnavailable
from notifications.over_http import is_safe

KEPT_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Metadata:
    """`names_itself`: the service adds its issuer to what the browser brings back (RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    names_itself: bool
    takes_claims: bool
    client_algorithms: frozenset[str]


def read_metadata(document: Mapping[str, Any], settings: OpenIdSettings) -> Metadata:
    """Raises RegisterUnavailable when the document is another issuer's, or the service lacks what the portal needs."""
    if document.get("issuer") != settings.issuer:
        raise RegisterUnavailable("discovery_issuer")
    _check_offers(document, "response_types_supported", "code")
    _check_offers(document, "code_challenge_methods_supported", "S256")
    _check_offers(document, "token_endpoint_auth_methods_supported", "private_key_jwt")
    _check_offers(document, "acr_values_supported", *settings.acr)
    return Metadata(
        authorization_endpoint=_address(document, "authorization_endpoint"),
        token_endpoint=_address(document, "token_endpoint"),
        userinfo_endpoint=_address(document, "userinfo_endpoint"),
        jwks_uri=_address(document, "jwks_uri"),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        takes_claims=document.get("claims_parameter_supported") is True,
        client_algorithms=frozenset(_texts(document, "token_endpoint_auth_signing_alg_values_supported")),
    )


def _address(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not is_safe(value):
        raise RegisterUnavailable(f"discovery_{name}")
    return value


def _check_offers(document: Mapping[str, Any], name: str, *wanted: str) -> None:
    """A list that is left out promises nothing either way; the answers are checked in any case."""
    if name in document and not set(wanted) & set(_texts(document, name)):
        raise RegisterUnavailable(f"discovery_{name}")


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    value = document.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


class Discovery:
    """The document, asked for once an hour. While it cannot be had, the last good one serves."""

    def __init__(self, settings: OpenIdSettings, wire: Wire, clock: Callable[[], datetime]) -> None:
        self._settings, self._wire, self._clock = settings, wire, clock
        self._metadata: Metadata | None = None
        self._read_at: datetime | None = None

    async def metadata(self) -> Metadata:
        """Raises RegisterUnavailable."""
        now = self._clock()
        if self._metadata and self._read_at and now - self._read_at < KEPT_FOR:
            return self._metadata
        try:
            answer = await self._wire.get(self._settings.discovery, {"accept": "application/json"})
            self._metadata = read_metadata(read_json(answer, "discovery"), self._settings)
            self._read_at = now
        except RegisterUnavailable:
            if self._metadata is None:
                raise
        return self._metadata


def read_json(answer: Answer, what: str) -> dict[str, Any]:
    """The JSON object of a 200. Raises RegisterUnavailable."""
    try:
        found = json.loads(answer.body) if answer.status == 200 else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RegisterUnavailable(f"{what}_unreadable")
    return found
