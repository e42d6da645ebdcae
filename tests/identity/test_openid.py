"""A relying party against a service that cheats: whatever is wrong with an answer, it proves nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from identity.openid.lines import line_of_claims
from identity.openid.relying_party import Authorization, Departure, RelyingParty, challenge_of
from identity.openid.settings import BadOpenIdSettings, import_key, is_safe, read_key
from identity.openid.wire import LONGEST_ANSWER
from identity.people.partial_date import PartialDate
from identity.people.population import Line, NothingProven, Proof, RegisterUnavailable
from identity.people.tables import Gender
from identity.tables import Proofing
from tests.identity.national_service import (
    CLIENT,
    ISSUER,
    STRONG,
    WEAK,
    Form,
    Service,
    ec_key,
    public,
    rsa_key,
)

DEPARTURE = Departure("state", "nonce-of-this-departure", "v" * 43, "fr")
Cheat = Callable[[Service], None]


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def service(clock: Clock) -> Service:
    return Service(clock)


async def claim(service: Service, party: RelyingParty | None = None, **changed: Any) -> Line:
    """Out and back, as an honest browser does it."""
    party = party or service.party()
    brought = service.sign_in(await party.departure_address(DEPARTURE))
    back = {
        "code": brought["code"],
        "issuer": brought["iss"],
        "nonce": DEPARTURE.nonce,
        "verifier": DEPARTURE.verifier,
    }
    return await party.redeem(Authorization(**(back | {"begun_at": service.clock()} | changed)))


async def refused(service: Service, party: RelyingParty | None = None, **changed: Any) -> str:
    with pytest.raises((NothingProven, RegisterUnavailable)) as refusal:
        await claim(service, party, **changed)
    return str(refusal.value)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
@pytest.mark.parametrize("form", Form)
async def test_an_honest_service_is_believed(service: Service, form: Form, algorithm: str) -> None:
    service.form, service.algorithm = form, algorithm
    if algorithm == "ES256":
        service.signing_key = service.client_key = ec_key("service-ec")
    line = await claim(service)
    assert line.identifier == "0123456789"
    assert line.proof == Proof(Proofing.NATIONAL_IDENTITY_SERVICE, ISSUER, service.subject, STRONG)


async def test_headers_that_say_more_are_let_be(service: Service) -> None:
    """MOSIP adds its certificate; what the certified provider adds to what it encrypts, `test_real_service` shows."""
    text = service.sign({"sub": service.subject, **service.person}, x5c=["A" * 3_000], more="said")
    service.answers["userinfo"] = lambda _: httpx.Response(
        200, text=text, headers={"content-type": "application/jwt"}
    )
    assert (await claim(service)).identifier == "0123456789"


def test_the_challenge_is_that_of_the_standard() -> None:
    """The example of RFC 7636, appendix B."""
    assert (
        challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def _says(**changed: Any) -> Cheat:
    """The ID token says something else; None leaves a claim out."""

    def cheat(service: Service) -> None:
        service.change_id_token = lambda claims: {
            name: value for name, value in (claims | changed).items() if value is not None
        }

    return cheat


def _tells(**changed: Any) -> Cheat:
    def cheat(service: Service) -> None:
        service.change_userinfo = lambda claims: claims | changed

    return cheat


def _later(**times: float) -> Cheat:
    """Times of the token, in seconds from now."""

    def cheat(service: Service) -> None:
        moment = service.clock().timestamp()
        _says(**{name: int(moment + seconds) for name, seconds in times.items()})(service)

    return cheat


def _unsigned(service: Service) -> None:
    def make(claims: dict[str, Any]) -> str:
        _, payload, _ = service.sign(claims).split(".")
        return f"{_plain({'alg': 'none'})}.{payload}."

    service.make_id_token = make


def _plain(header: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


def _signed_with_the_public_key(service: Service) -> None:
    """The classic confusion: the public key, which anybody has, taken for a shared secret."""
    secret = service.signing_key.as_pem(private=False)

    def make(claims: dict[str, Any]) -> str:
        signed = f"{_plain({'alg': 'HS256', 'kid': service.signing_key.kid})}.{_plain(claims)}"
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    service.make_id_token = make


def _signed_by_a_stranger(service: Service) -> None:
    stranger = RSAKey.import_key(rsa_key("stranger").as_dict(private=True) | {"kid": service.signing_key.kid})
    service.make_id_token = lambda claims: service.sign(claims, stranger)


def _brings_its_own_key(service: Service) -> None:
    stranger = rsa_key("stranger")
    service.make_id_token = lambda claims: service.sign(claims, stranger, jwk=public(stranger))


def _names_another_key(service: Service) -> None:
    service.published = [public(service.signing_key), public(rsa_key("service-2"))]
    service.make_id_token = lambda claims: service.sign(claims, kid="service-2")


def _names_a_key_twice(service: Service) -> None:
    service.published = [public(service.signing_key), public(rsa_key("service-2"), kid="service-1")]


def _names_no_key_of_two(service: Service) -> None:
    service.published = [public(service.signing_key), public(rsa_key("service-2"))]
    service.make_id_token = lambda claims: service.sign(claims, kid=None)


def _asks_for_an_extension(service: Service) -> None:
    service.make_id_token = lambda claims: service.sign(claims, crit=["b64"], b64=True)


def _signs_with_a_key_for_secrets(service: Service) -> None:
    service.published = [public(service.signing_key, use="enc")]


def _signs_with_a_key_for_another_algorithm(service: Service) -> None:
    service.published = [public(service.signing_key, alg="PS256")]


def _changes_after_signing(service: Service) -> None:
    def make(claims: dict[str, Any]) -> str:
        header, _, signature = service.sign(claims).split(".")
        return f"{header}.{_plain(claims | {'acr': STRONG, 'sub': 'somebody-else'})}.{signature}"

    service.make_id_token = make


def _sends(door: str, answer: Callable[[], httpx.Response]) -> Cheat:
    def cheat(service: Service) -> None:
        service.answers[door] = lambda _: answer()

    return cheat


def _token(text: str) -> Cheat:
    def cheat(service: Service) -> None:
        service.make_id_token = lambda _: text

    return cheat


def _describes(**changed: Any) -> Cheat:
    def cheat(service: Service) -> None:
        service.document = changed

    return cheat


def _compresses(service: Service) -> None:
    service.form = Form.BOTH
    inside = service.sign({"sub": service.subject, "name": "a" * 60_000})
    text = service.encrypt(inside, zip="DEF")
    service.answers["userinfo"] = lambda _: httpx.Response(
        200, text=text, headers={"content-type": "application/jwt"}
    )


def _signs_userinfo_for_somebody_else(service: Service) -> None:
    text = service.sign({"sub": service.subject, "iss": ISSUER, "aud": "another client", **service.person})
    service.answers["userinfo"] = lambda _: httpx.Response(
        200, text=text, headers={"content-type": "application/jwt"}
    )


def _signs_userinfo_by_a_stranger(service: Service) -> None:
    stranger = RSAKey.import_key(rsa_key("stranger").as_dict(private=True) | {"kid": service.signing_key.kid})
    text = service.sign({"sub": service.subject, **service.person}, stranger)
    service.answers["userinfo"] = lambda _: httpx.Response(
        200, text=text, headers={"content-type": "application/jwt"}
    )


def _json(status: int, **said: Any) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, json=said)


ELSEWHERE = {"location": "https://evil.example/"}
CHEATS: dict[str, tuple[Cheat, str]] = {
    "another issuer": (_says(iss="https://evil.example"), "issuer"),
    "an issuer with a slash more": (_says(iss=ISSUER + "/"), "issuer"),
    "another audience": (_says(aud="another client"), "audience"),
    "an audience beside us": (_says(aud=[CLIENT, "another client"]), "audience"),
    "no audience": (_says(aud=None), "audience"),
    "another authorised party": (_says(azp="another client"), "authorized_party"),
    "another nonce": (_says(nonce="nonce of another departure"), "nonce"),
    "no nonce": (_says(nonce=None), "nonce"),
    "a nonce that is no text": (_says(nonce=["nonce"]), "nonce"),
    "a weaker level": (_says(acr=WEAK), "acr"),
    "no level": (_says(acr=None), "acr"),
    "levels in a list": (_says(acr=[STRONG]), "acr"),
    "no subject": (_says(sub=None), "subject"),
    "an endless subject": (_says(sub="s" * 256), "subject"),
    "expired": (_later(exp=-31), "expired"),
    "no expiry": (_says(exp=None), "expired"),
    "an expiry in words": (_says(exp="tomorrow"), "exp"),
    "true as an expiry": (_says(exp=True), "exp"),
    "issued tomorrow": (_later(iat=86_400), "issued_at"),
    "issued long ago": (_later(iat=-700), "issued_at"),
    "not yet good": (_later(nbf=31), "not_before"),
    "signed in before the claim began": (_later(auth_time=-3_600), "auth_time"),
    "another access token": (_says(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "at_hash"),
    "alg none": (_unsigned, "algorithm"),
    "HS256 with the public key": (_signed_with_the_public_key, "algorithm"),
    "a stranger's signature": (_signed_by_a_stranger, "signature"),
    "a key in the token": (_brings_its_own_key, "key_unknown"),
    "the name of another key": (_names_another_key, "signature"),
    "one name for two keys": (_names_a_key_twice, "key_ambiguous"),
    "no name, and two keys": (_names_no_key_of_two, "key_ambiguous"),
    "a critical extension": (_asks_for_an_extension, "token_form"),
    "a key for encryption": (_signs_with_a_key_for_secrets, "key_unknown"),
    "a key for another algorithm": (_signs_with_a_key_for_another_algorithm, "key_unknown"),
    "changed after it was signed": (_changes_after_signing, "signature"),
    "no token": (_token(""), "token_form"),
    "dots alone": (_token(".."), "token_form"),
    "a token that is no base64": (_token("é.é.é"), "token_form"),
    "five empty parts": (_token("...."), "token_form"),
    "a code that was used": (_sends("token", _json(400, error="invalid_grant")), "code"),
    "a client that is not known": (_sends("token", _json(401, error="invalid_client")), "client_refused"),
    "tokens of another type": (
        _sends("token", _json(200, token_type="DPoP", access_token="a", id_token="b")),
        "token_type",
    ),
    "no ID token": (_sends("token", _json(200, token_type="Bearer", access_token="a")), "tokens_missing"),
    "tokens that are no JSON": (
        _sends("token", lambda: httpx.Response(200, text="<p>")),
        "tokens_unreadable",
    ),
    "JSON without end": (
        _sends("token", lambda: httpx.Response(200, text="[" * 100_000)),
        "tokens_unreadable",
    ),
    "userinfo about somebody else": (_tells(sub="somebody-else"), "userinfo_subject"),
    "userinfo about nobody": (_tells(sub=None), "userinfo_subject"),
    "userinfo by another issuer": (_tells(iss="https://evil.example"), "userinfo_issuer"),
    "userinfo for another client": (_signs_userinfo_for_somebody_else, "userinfo_audience"),
    "userinfo signed by a stranger": (_signs_userinfo_by_a_stranger, "signature"),
    "userinfo refused": (_sends("userinfo", lambda: httpx.Response(403)), "userinfo_403"),
    "userinfo that is a list": (_sends("userinfo", lambda: httpx.Response(200, json=[1])), "claims_form"),
    "compressed userinfo": (_compresses, "encryption"),
    "a redirect of the token door": (
        _sends("token", lambda: httpx.Response(307, headers=ELSEWHERE)),
        "redirect",
    ),
    "a redirect of userinfo": (
        _sends("userinfo", lambda: httpx.Response(302, headers=ELSEWHERE)),
        "redirect",
    ),
    "a redirect of the keys": (_sends("jwks", lambda: httpx.Response(301, headers=ELSEWHERE)), "redirect"),
    "a redirect of discovery": (
        _sends("discovery", lambda: httpx.Response(302, headers=ELSEWHERE)),
        "redirect",
    ),
    "an answer too long": (
        _sends("userinfo", lambda: httpx.Response(200, content=b" " * (LONGEST_ANSWER + 1))),
        "too_long",
    ),
    "keys too long": (
        _sends("jwks", lambda: httpx.Response(200, content=b" " * (LONGEST_ANSWER + 1))),
        "too_long",
    ),
    "broken": (_sends("token", lambda: httpx.Response(500)), "http_500"),
    "no keys": (_sends("jwks", _json(200, keys=[])), "key_unknown"),
    "keys that are no keys": (
        _sends("jwks", _json(200, keys=[1, {"kty": "RSA"}, {"kty": "oct", "k": "YQ"}])),
        "key_unknown",
    ),
    "discovery of another issuer": (_describes(issuer="https://evil.example"), "discovery_issuer"),
    "discovery without https": (
        _describes(token_endpoint="http://id.example.ma/token"),
        "discovery_token_endpoint",
    ),
    "discovery without PKCE": (
        _describes(code_challenge_methods_supported=["plain"]),
        "discovery_code_challenge_methods_supported",
    ),
    "discovery without signing clients": (
        _describes(token_endpoint_auth_methods_supported=["client_secret_basic"]),
        "discovery_token_endpoint_auth_methods_supported",
    ),
    "discovery of weak levels alone": (
        _describes(acr_values_supported=[WEAK]),
        "discovery_acr_values_supported",
    ),
}


@pytest.mark.parametrize("name", CHEATS)
async def test_what_a_cheat_says_proves_nothing(service: Service, name: str) -> None:
    cheat, reason = CHEATS[name]
    assert (await claim(service)).identifier == "0123456789", "the same service, honest, is believed"
    cheat(service)
    assert await refused(service) == reason


@pytest.mark.parametrize(("skew", "believed"), [(-29, True), (-31, False)])
async def test_clocks_may_differ_by_half_a_minute(service: Service, skew: int, believed: bool) -> None:
    _later(exp=skew)(service)
    assert (await refused(service) == "expired") if not believed else await claim(service)


@pytest.mark.parametrize("issuer", ["https://evil.example", None, ""])
async def test_an_answer_of_another_service_is_not_sent_to_this_one(
    service: Service, issuer: str | None
) -> None:
    """RFC 9207: a code of one service must not be redeemed at another."""
    assert await refused(service, issuer=issuer) == "response_issuer"
    assert "token" not in service.asked


async def test_another_verifier_redeems_nothing(service: Service) -> None:
    with pytest.raises(AssertionError):
        await claim(service, verifier="w" * 43)


async def test_a_code_is_good_once(service: Service) -> None:
    party = service.party()
    await claim(service, party)
    assert await refused(service, party, code="code-0") == "code"


async def test_a_new_key_is_found_and_looked_for_once_a_minute(service: Service, clock: Clock) -> None:
    party = service.party()
    await claim(service, party)
    service.signing_key = rsa_key("service-2")
    assert await refused(service, party) == "key_unknown", "the keys were read a moment ago"
    clock.now += timedelta(seconds=61)
    await claim(service, party)
    service.make_id_token = lambda claims: service.sign(claims, rsa_key("stranger"))
    for _ in range(5):
        assert await refused(service, party) == "key_unknown"
    assert service.asked.count("jwks") == 2


async def test_slow_answers_end_and_a_service_that_keeps_failing_is_left_alone(
    service: Service, clock: Clock
) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        raise AssertionError("nobody waits that long")

    party = service.party(patience=timedelta(seconds=0.05))
    await claim(service, party)
    service.answers["token"] = never
    assert [await refused(service, party) for _ in range(6)] == ["timeout"] * 5 + ["resting"]
    assert not await party.is_reachable()
    clock.now += timedelta(seconds=61)
    del service.answers["token"]
    assert (await claim(service, party)).identifier == "0123456789"


async def test_an_answer_that_drips_ends_too(service: Service) -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    service.answers["userinfo"] = lambda _: httpx.Response(200, content=drip())
    assert await refused(service, service.party(patience=timedelta(seconds=0.2))) == "timeout"


async def test_the_last_discovery_serves_while_there_is_no_new_one(service: Service, clock: Clock) -> None:
    party = service.party()
    await claim(service, party)
    clock.now += timedelta(minutes=61)
    service.answers["discovery"] = lambda _: httpx.Response(503)
    assert (await claim(service, party)).identifier == "0123456789"


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.ma",
        "https://",
        "https://user:word@id.example.ma",
        "https://id.example.ma/#part",
        "https://id.example.ma/a b",
        "https://id.example.ma:port",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_that_is_not_safe(url: str, service: Service) -> None:
    assert not is_safe(url)
    with pytest.raises(BadOpenIdSettings):
        service.settings(issuer=url)


@pytest.mark.parametrize("changed", [{"client_id": ""}, {"acr": ()}])
def test_settings_that_would_let_anybody_in(changed: dict[str, Any], service: Service) -> None:
    with pytest.raises(BadOpenIdSettings):
        service.settings(**changed)


def test_a_key_that_is_good_for_nothing(tmp_path: Any) -> None:
    for pem in (b"", b"-----BEGIN PRIVATE KEY-----", rsa_key("client").as_pem(private=False)):
        with pytest.raises(BadOpenIdSettings):
            import_key(pem)
    with pytest.raises(BadOpenIdSettings, match="cannot be read"):
        read_key(tmp_path / "absent.pem")
    assert import_key(ec_key("client").as_pem(private=True), "mine").kid == "mine"


def line(**claims: Any) -> Line:
    return line_of_claims(claims, identifier_claim="id", proof=Proof(Proofing.NATIONAL_IDENTITY_SERVICE))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1984-05-17", PartialDate(1984, 5, 17)),
        ("1984/05/17", PartialDate(1984, 5, 17)),
        ("1984-05", PartialDate(1984, 5)),
        ("1984", PartialDate(1984)),
        ("0000-05-17", None),
        ("1984-02-30", None),
        ("17/05/1984", None),
        ("١٩٨٤-٠٥-١٧", None),
        (1984, None),
    ],
)
def test_dates_as_services_write_them(written: object, read: PartialDate | None) -> None:
    assert line(birthdate=written).birth_date == read


def test_names_by_script_and_hostile_names_without_what_hides() -> None:
    one_piece = line(name="فاطمة الإدريسي").name
    assert (one_piece.given_name_ar, one_piece.family_name_ar, one_piece.given_name_latin) == (
        "فاطمة الإدريسي",
        "",
        "",
    )
    tagged = line(**{"given_name#fra": "Fatima", "given_name#ara": "فاطمة", "family_name#fra": "Alaoui"}).name
    assert (tagged.given_name_latin, tagged.family_name_latin, tagged.given_name_ar) == (
        "Fatima",
        "Alaoui",
        "فاطمة",
    )
    hostile = line(given_name="Fa\u202eti\x00ma\n", family_name="A" * 500).name
    assert hostile.given_name_latin == "Fatima"
    assert len(hostile.family_name_latin) == 80
    assert not line(given_name=["Fatima"], name={"a": 1}).name.is_known


@pytest.mark.parametrize(
    ("claims", "phone"),
    [
        ({"phone_number": "+212612345678"}, "+212612345678"),
        ({"phone_number": "0612345678", "phone_number_verified": True}, "+212612345678"),
        ({"phone_number": "+212612345678", "phone_number_verified": False}, None),
        ({"phone_number": "+33612345678"}, None),
        ({"phone_number": 612345678}, None),
        ({}, None),
    ],
)
def test_a_number_counts_when_the_service_has_verified_it(claims: dict[str, Any], phone: str | None) -> None:
    assert line(**claims).phone == phone


@pytest.mark.parametrize(
    ("written", "read"), [("Female", Gender.FEMALE), ("ذكر", Gender.MALE), ("x", None), (1, None)]
)
def test_a_sex_in_the_languages_of_the_register(written: object, read: Gender | None) -> None:
    assert line(gender=written).gender is read


@pytest.mark.parametrize("written", ["6739204815", "67392048151234567", "abc", 6739204815, None])
def test_a_virtual_number_is_not_taken_for_the_identifier(written: object) -> None:
    assert line(id=written).identifier == ("6739204815" if written == "6739204815" else None)
