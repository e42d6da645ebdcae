"""A national identity service of the tests, inside the process: honest until a test tells it how to cheat.

    service = Service(clock)
    party = service.party()
    brought = service.sign_in(await party.departure_address(departure))

It checks what a relying party must do right (client assertion, PKCE, redirect address, a code once), and answers
through the transport that the party is given.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, Key, RSAKey

from identity.openid.relying_party import RelyingParty
from identity.openid.settings import OpenIdSettings

ISSUER = "https://id.example.ma"
CLIENT = "tiwizi"
RETURN = "http://127.0.0.1:8000/national-identity/return"
STRONG, WEAK = "mosip:idp:acr:generated-code", "mosip:idp:acr:static-code"
FATIMA: dict[str, Any] = {
    "individual_id": "0123456789",
    "given_name#ar": "فاطمة",
    "family_name#ar": "الإدريسي",
    "given_name": "Fatima",
    "family_name": "El Idrissi",
    "birthdate": "1984/05/17",
    "gender": "Female",
    "phone_number": "+212612345678",
    "phone_number_verified": True,
}
Claims = dict[str, Any]
Answering = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class Dialect(Enum):
    PLAIN = "plain"
    ESIGNET = "eSignet"


# Where a service keeps its doors. eSignet has them under its own path, and the document is not at the root.
DOORS = {
    Dialect.PLAIN: {
        "discovery": "/.well-known/openid-configuration",
        "authorization": "/authorize",
        "token": "/token",
        "userinfo": "/me",
        "jwks": "/jwks",
    },
    Dialect.ESIGNET: {
        "discovery": "/v1/esignet/oidc/.well-known/openid-configuration",
        "authorization": "/authorize",
        "token": "/v1/esignet/oauth/v2/token",
        "userinfo": "/v1/esignet/oidc/userinfo",
        "jwks": "/.well-known/jwks.json",
    },
}


class Form(Enum):
    """How userinfo comes."""

    JSON = "json"
    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    BOTH = "signed, then encrypted"


@cache
def rsa_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name})


@cache
def ec_key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name})


def public(key: Key, **more: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


@dataclass
class Service:
    clock: Callable[[], datetime]
    dialect: Dialect = Dialect.PLAIN
    form: Form = Form.JSON
    algorithm: str = "RS256"
    person: Claims = field(default_factory=lambda: dict(FATIMA))
    acr: str = STRONG
    subject: str = "a-name-for-this-client-alone"
    client_key: RSAKey | ECKey = field(default_factory=lambda: rsa_key("client"))
    signing_key: Key = field(default_factory=lambda: rsa_key("service-1"))
    published: list[dict[str, Any]] | None = None
    document: Claims = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    # How it cheats: what it says instead, by the name of the door, or in the tokens.
    answers: dict[str, Answering] = field(default_factory=dict)
    change_id_token: Callable[[Claims], Claims] = lambda claims: claims
    change_userinfo: Callable[[Claims], Claims] = lambda claims: claims
    make_id_token: Callable[[Claims], str] | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    assertions: set[str] = field(default_factory=set)

    @property
    def discovery(self) -> Claims:
        at = {name: ISSUER + path for name, path in DOORS[self.dialect].items()}
        return {
            "issuer": ISSUER,
            "authorization_endpoint": at["authorization"],
            "token_endpoint": at["token"],
            "userinfo_endpoint": at["userinfo"],
            "jwks_uri": at["jwks"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
            "acr_values_supported": [WEAK, STRONG],
            "claims_parameter_supported": True,
            "authorization_response_iss_parameter_supported": True,
        } | self.document

    def settings(self, **changed: Any) -> OpenIdSettings:
        known = {
            "issuer": ISSUER,
            "client_id": CLIENT,
            "redirect_uri": RETURN,
            "acr": (STRONG,),
            "key": self.client_key,
            "discovery_url": ""
            if self.dialect is Dialect.PLAIN
            else ISSUER + DOORS[self.dialect]["discovery"],
        }
        return OpenIdSettings(**(known | changed))

    def party(self, *, patience: timedelta | None = None, **changed: Any) -> RelyingParty:
        return RelyingParty(
            self.settings(**changed),
            clock=self.clock,
            transport=httpx.MockTransport(self._answer),
            patience=patience,
        )

    def sign_in(self, address: str) -> dict[str, str]:
        """What a browser brings back from the address it was sent to, once somebody has signed in there."""
        asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        assert address.startswith(ISSUER + DOORS[self.dialect]["authorization"] + "?")
        assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", CLIENT, RETURN)
        assert asked["code_challenge_method"] == "S256"
        assert asked["prompt"] == "login"
        assert STRONG in asked["acr_values"].split()
        code = f"code-{next(self.numbers)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        door = next((name for name, path in DOORS[self.dialect].items() if path == request.url.path), "")
        self.asked.append(door)
        if request.url.host != urlsplit(ISSUER).hostname:
            raise AssertionError(f"the portal asked {request.url}")
        if door in self.answers:
            said = self.answers[door](request)
            return said if isinstance(said, httpx.Response) else await said
        match door:
            case "discovery":
                return httpx.Response(200, json=self.discovery)
            case "jwks":
                return httpx.Response(200, json={"keys": self.published or [public(self.signing_key)]})
            case "token":
                return self._token(request)
            case "userinfo":
                return self._userinfo(request)
        return httpx.Response(404)

    def _token(self, request: httpx.Request) -> httpx.Response:
        sent = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        asked = self.codes.pop(sent.get("code", ""), None)
        if asked is None:
            return httpx.Response(400, json={"error": "invalid_grant"})
        if not self._knows_client(sent):
            return httpx.Response(401, json={"error": "invalid_client"})
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        assert sent["redirect_uri"] == asked["redirect_uri"]
        access_token = f"access-{len(self.assertions)}"
        claims = self.change_id_token(self.id_claims(asked["nonce"], access_token))
        token = self.make_id_token(claims) if self.make_id_token else self.sign(claims)
        return httpx.Response(
            200,
            json={"access_token": access_token, "token_type": "Bearer", "id_token": token, "expires_in": 60},
        )

    def _knows_client(self, sent: Mapping[str, str]) -> bool:
        algorithm = "ES256" if isinstance(self.client_key, ECKey) else "RS256"
        assertion = jwt.decode(sent["client_assertion"], self.client_key, algorithms=[algorithm]).claims
        now = self.clock().timestamp()
        assert assertion["iss"] == assertion["sub"] == CLIENT
        assert assertion["aud"] == self.discovery["token_endpoint"]
        assert now - 1 <= assertion["iat"] <= now < assertion["exp"] <= now + 120
        assert sent["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        is_fresh = assertion["jti"] not in self.assertions
        self.assertions.add(assertion["jti"])
        return is_fresh

    def id_claims(self, nonce: str, access_token: str = "") -> Claims:
        now = int(self.clock().timestamp())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        return {
            "iss": ISSUER,
            "sub": self.subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": nonce,
            "acr": self.acr,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }

    def sign(self, claims: Claims, key: Key | None = None, **header: Any) -> str:
        signer = key or self.signing_key
        fields = {"alg": self.algorithm, "kid": signer.kid} | header
        registry = jws.JWSRegistry(algorithms=[fields["alg"]], strict_check_header=False)
        registry.max_header_length = 16 * 1024
        told = {name: value for name, value in fields.items() if value is not None}
        return jwt.encode(told, claims, signer, registry=registry)

    def _userinfo(self, request: httpx.Request) -> httpx.Response:
        if not request.headers.get("authorization", "").startswith("Bearer access-"):
            return httpx.Response(401)
        claims = self.change_userinfo({"sub": self.subject, **self.person})
        if self.form is Form.JSON:
            return httpx.Response(200, json=claims)
        about = claims | {"iss": ISSUER, "aud": CLIENT}
        signed = self.sign(about)
        inside = {Form.SIGNED: signed, Form.BOTH: signed, Form.ENCRYPTED: json.dumps(about)}[self.form]
        written = inside if self.form is Form.SIGNED else self.encrypt(inside)
        return httpx.Response(200, text=written, headers={"content-type": "application/jwt"})

    def encrypt(self, inside: str, **header: str) -> str:
        way = "ECDH-ES" if isinstance(self.client_key, ECKey) else "RSA-OAEP-256"
        fields = {"alg": way, "enc": "A256GCM", "kid": str(self.client_key.kid)} | header
        return jwe.encrypt_compact(
            fields, inside.encode(), self.client_key, algorithms=[*fields.values(), "DEF"]
        )
