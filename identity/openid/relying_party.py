"""The portal's side of the conversation: sending a browser out, and believing what it comes back with, or not."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.openid.discovery import Discovery, Metadata, read_json
from identity.openid.keys import ProviderKeys
from identity.openid.lines import line_of_claims
from identity.openid.settings import OpenIdSettings
from identity.openid.tokens import (
    ENCRYPTED_PARTS,
    Claims,
    Expected,
    check_id_token,
    check_userinfo,
    decrypt,
    open_signed,
    read_claims,
)
from identity.openid.wire import Answer, Wire
from identity.people.population import EmbeddedRegister, Line, NothingProven, Proof, RegisterUnavailable
from identity.tables import Proofing

ASSERTION_LIFE: Final = timedelta(seconds=60)
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# What an account is made of. eSignet gives a claim only when it was asked for by name.
ASKED: Final = (
    "name",
    "given_name",
    "family_name",
    "birthdate",
    "gender",
    "phone_number",
    "phone_number_verified",
)


@dataclass(frozen=True)
class Departure:
    """What goes with the browser; `verifier` stays at home and only its hash is sent."""

    state: str
    nonce: str
    verifier: str
    language: str


@dataclass(frozen=True)
class Authorization:
    """What the browser brought back, beside what was kept of its departure. `issuer` is None when it names none."""

    code: str
    issuer: str | None
    nonce: str
    verifier: str
    begun_at: datetime


class RelyingParty:
    """One for the process; keeps connections, the discovery document and the keys. Close it at the end."""

    def __init__(
        self,
        settings: OpenIdSettings,
        *,
        clock: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
        patience: timedelta | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._wire = (
            Wire(clock, transport=transport, patience=patience)
            if patience
            else Wire(clock, transport=transport)
        )
        self._discovery = Discovery(settings, self._wire, clock)
        self._keys = ProviderKeys(self._discovery, self._wire, clock)

    async def close(self) -> None:
        await self._wire.close()

    async def is_reachable(self) -> bool:
        """Whether a browser can be sent out now."""
        try:
            await self._discovery.metadata()
        except RegisterUnavailable:
            return False
        return not self._wire.is_resting

    async def departure_address(self, departure: Departure) -> str:
        """Where to send the browser. Raises RegisterUnavailable."""
        metadata = await self._discovery.metadata()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": self.settings.scope,
            "state": departure.state,
            "nonce": departure.nonce,
            "code_challenge": challenge_of(departure.verifier),
            "code_challenge_method": "S256",
            "acr_values": " ".join(self.settings.acr),
            # Telephones are shared: whoever is still signed in at the service is not asked whether it is him.
            "prompt": "login",
            "ui_locales": departure.language,
        }
        if metadata.takes_claims:
            asked["claims"] = self._claims_wanted()
        joint = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
        return metadata.authorization_endpoint + joint + urlencode(asked)

    def _claims_wanted(self) -> str:
        userinfo = dict.fromkeys((*ASKED, self.settings.identifier_claim))
        levels = {"essential": True, "values": list(self.settings.acr)}
        return json.dumps({"userinfo": userinfo, "id_token": {"acr": levels}}, separators=(",", ":"))

    async def redeem(self, brought: Authorization) -> Line:
        """Exchange the code for what the service says of the person. Raises NothingProven and RegisterUnavailable."""
        metadata = await self._discovery.metadata()
        if brought.issuer != self.settings.issuer and (brought.issuer or metadata.names_itself):
            raise NothingProven("response_issuer")
        tokens = await self._exchange(metadata, brought)
        expected = Expected(brought.nonce, brought.begun_at, tokens["access_token"])
        claims = await open_signed(tokens["id_token"], self._keys, self.settings)
        check_id_token(claims, expected, self.settings, self._clock())
        userinfo = await self._userinfo(metadata, tokens["access_token"])
        check_userinfo(userinfo, claims["sub"], self.settings, self._clock())
        proof = Proof(
            Proofing.NATIONAL_IDENTITY_SERVICE, self.settings.issuer, claims["sub"], str(claims["acr"])
        )
        return line_of_claims(userinfo, identifier_claim=self.settings.identifier_claim, proof=proof)

    async def _exchange(self, metadata: Metadata, brought: Authorization) -> dict[str, str]:
        answer = await self._wire.post(
            metadata.token_endpoint,
            {
                "grant_type": "authorization_code",
                "code": brought.code,
                "redirect_uri": self.settings.redirect_uri,
                "code_verifier": brought.verifier,
                "client_id": self.settings.client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self._assertion(metadata),
            },
        )
        if 400 <= answer.status < 500:
            raise _token_refusal(answer)
        tokens: dict[str, Any] = read_json(answer, "tokens")
        if str(tokens.get("token_type", "")).lower() != "bearer":
            raise NothingProven("token_type")
        if not all(isinstance(tokens.get(name), str) for name in ("id_token", "access_token")):
            raise NothingProven("tokens_missing")
        return tokens

    def _assertion(self, metadata: Metadata) -> str:
        """RFC 7523: the client proves itself with its key, for this one address, for a minute, once."""
        now = self._clock()
        claims = {
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": metadata.token_endpoint,
            "jti": secrets.token_urlsafe(16),
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFE).timestamp()),
        }
        algorithm = self._client_algorithm(metadata)
        header = {"alg": algorithm, "kid": str(self.settings.key.kid)}
        return jwt.encode(header, claims, self.settings.key, algorithms=[algorithm])

    def _client_algorithm(self, metadata: Metadata) -> str:
        if isinstance(self.settings.key, ECKey):
            return "ES256"
        offered = metadata.client_algorithms
        return "PS256" if "PS256" in offered and "RS256" not in offered else "RS256"

    async def _userinfo(self, metadata: Metadata, access_token: str) -> Claims:
        """JSON as it is, or signed, or encrypted, or both: what the service and its client agreed on."""
        answer = await self._wire.get(
            metadata.userinfo_endpoint,
            {"authorization": f"Bearer {access_token}", "accept": "application/json, application/jwt"},
        )
        if answer.status != 200:
            raise NothingProven(f"userinfo_{answer.status}")
        if answer.media_type != "application/jwt":
            return read_claims(answer.body)
        return await self._open_userinfo(answer.body.decode("utf-8", "replace").strip())

    async def _open_userinfo(self, token: str) -> Claims:
        """Encrypted claims may come unsigned: they arrive over our own connection to the service's own door."""
        if token.count(".") + 1 == ENCRYPTED_PARTS:
            inside = decrypt(token, self.settings)
            if inside.lstrip().startswith(b"{"):
                return read_claims(inside)
            token = inside.decode("utf-8", "replace")
        return await open_signed(token, self._keys, self.settings)


def challenge_of(verifier: str) -> str:
    """RFC 7636, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _token_refusal(answer: Answer) -> NothingProven | RegisterUnavailable:
    """A used or foreign code is the visitor's affair; a client that is not recognised is the operator's."""
    try:
        error = read_json(Answer(200, answer.media_type, answer.body), "tokens").get("error")
    except RegisterUnavailable:
        error = None
    return NothingProven("code") if error == "invalid_grant" else RegisterUnavailable("client_refused")


class NationalRegister:
    """The register behind the service: it shows one person, who is there and agrees; of others the copy tells."""

    def __init__(self, party: RelyingParty, session: AsyncSession) -> None:
        self._party = party
        self._copy = EmbeddedRegister(session)

    async def match(self, evidence: Authorization) -> Line:
        return await self._party.redeem(evidence)

    async def find(self, identifier: str) -> Line | None:
        return await self._copy.find(identifier)

    async def children(self, identifier: str) -> Sequence[Line]:
        return await self._copy.children(identifier)
