"""The same claim against a certified OpenID provider that knows nothing of the portal but what was registered there."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlmodel import select

from app.main import create_app
from app.requests import Portal, utc_now
from identity.openid.relying_party import Authorization, Departure, RelyingParty
from identity.openid.settings import ClientKey, OpenIdSettings
from identity.people.population import NothingProven, RegisterUnavailable
from identity.people.tables import Person
from identity.tables import Account, AuditEntry, NationalIdentity, Proofing
from tests.app.journeys import PASSWORD
from tests.app.pages import PageBrowser
from tests.app.test_national_identity import come_back
from tests.identity.national_service import FATIMA, RETURN, STRONG, WEAK, ec_key, public, rsa_key
from tests.openid_provider import RunningProvider, running_provider

PEOPLE = {"0123456789": FATIMA, "0999999993": FATIMA | {"individual_id": "0999999993", "name": "Salma"}}
PROFILE = [name for name in FATIMA if not name.startswith("phone")]
SIGNED = {"userinfo_signed_response_alg": "PS256"}
RSA_ENCRYPTED = {
    "userinfo_encrypted_response_alg": "RSA-OAEP-256",
    "userinfo_encrypted_response_enc": "A256GCM",
}
EC_ENCRYPTED = {
    "userinfo_encrypted_response_alg": "ECDH-ES",
    "userinfo_encrypted_response_enc": "A128CBC-HS256",
}

# What each client has agreed on with the provider, and the key that it has registered there. (This one encrypts only
# what it signs; a service that encrypts alone is played in `tests/identity/test_openid.py`.)
CLIENTS: dict[str, tuple[ClientKey, dict[str, str]]] = {
    "json": (rsa_key("client"), {}),
    "signed": (rsa_key("client"), SIGNED),
    "both": (rsa_key("client"), SIGNED | RSA_ENCRYPTED),
    "elliptic": (ec_key("client-ec"), {"userinfo_signed_response_alg": "ES256"} | EC_ENCRYPTED),
}


def registration(name: str) -> dict[str, Any]:
    key, agreed = CLIENTS[name]
    algorithm = "ES256" if isinstance(key, ECKey) else "PS256"
    return {
        "client_id": name,
        "redirect_uris": [RETURN],
        "subject_type": "pairwise",
        "token_endpoint_auth_method": "private_key_jwt",
        "id_token_signed_response_alg": algorithm,
        "jwks": {"keys": [public(key)]},
        **agreed,
    }


def provider(*, claims_parameter: bool) -> Any:
    return running_provider(
        clients=[registration(name) for name in CLIENTS],
        keys=[rsa_key("provider").as_dict(private=True), ec_key("provider-ec").as_dict(private=True)],
        people=PEOPLE,
        levels=[STRONG, WEAK],
        profile=PROFILE,
        phone=["phone_number", "phone_number_verified"],
        salt="of the tests",
        claimsParameter=claims_parameter,
    )


@pytest.fixture(scope="module")
def real() -> Iterator[RunningProvider]:
    with provider(claims_parameter=True) as running:
        yield running


@pytest.fixture(scope="module")
def lenient() -> Iterator[RunningProvider]:
    """One that takes the wish for a level as a wish, and lets people in at a lower one."""
    with provider(claims_parameter=False) as running:
        yield running


def settings_of(service: RunningProvider, client: str, **changed: Any) -> OpenIdSettings:
    known = {
        "issuer": service.issuer,
        "client_id": client,
        "redirect_uri": RETURN,
        "acr": (STRONG,),
        "key": CLIENTS[client][0],
        "scope": "openid profile phone",
    }
    return OpenIdSettings(**(known | changed))


@pytest.fixture
async def party(request: pytest.FixtureRequest, real: RunningProvider) -> AsyncIterator[RelyingParty]:
    party = RelyingParty(settings_of(real, request.param), clock=utc_now)
    yield party
    await party.close()


every_client = pytest.mark.parametrize("party", CLIENTS, indirect=True)
one_client = pytest.mark.parametrize("party", ["both"], indirect=True)


async def _browser_out(portal: Portal, party: RelyingParty) -> tuple[PageBrowser, str]:
    app = create_app(replace(portal, clock=utc_now, national_identity=party))
    browser = PageBrowser(app)
    await browser.open("/claim/national-identity")
    await browser.submit()
    return browser, next(link for link in browser.links if link.startswith(party.settings.issuer))


@every_client
async def test_a_claim_through_a_certified_provider(
    portal: Portal, real: RunningProvider, party: RelyingParty
) -> None:
    browser, address = await _browser_out(portal, party)
    brought = await real.sign_in(address, login="0123456789", level=STRONG)
    assert set(brought) == {"code", "state", "iss"}
    await come_back(browser, brought)
    assert browser.path == "/claim/account", browser.text
    await browser.submit(new_password=PASSWORD)
    assert browser.path == "/claim/done"
    async with portal.reads() as session:
        account = (await session.exec(select(Account))).one()
        person = (await session.exec(select(Person))).one()
        link = (await session.exec(select(NationalIdentity))).one()
    assert account.proofing is Proofing.NATIONAL_IDENTITY_SERVICE
    assert (person.identifier, person.given_name_ar, person.birth_date) == (
        "0123456789",
        "فاطمة",
        dt.date(1984, 5, 17),
    )
    assert (link.issuer, link.acr) == (real.issuer, STRONG)
    assert "0123456789" not in link.subject, "the name is made for this client"
    await browser.close()


async def test_a_provider_that_lets_people_in_at_a_lower_level_is_not_followed(
    portal: Portal, lenient: RunningProvider
) -> None:
    party = RelyingParty(settings_of(lenient, "both"), clock=utc_now)
    browser, address = await _browser_out(portal, party)
    await come_back(browser, await lenient.sign_in(address, login="0123456789", level=WEAK))
    assert str(browser.response.url).endswith("/claim/national-identity/refused?why=refused")
    async with portal.reads() as session:
        refused = select(AuditEntry).where(AuditEntry.action == "national_identity_refused")
        assert (await session.exec(refused)).one().details == {"reason": "acr"}
    await browser.close()
    await party.close()


async def _authorized(service: RunningProvider, party: RelyingParty, **changed: Any) -> Authorization:
    departure = Departure("state", "nonce", "v" * 43, "fr")
    address = await party.departure_address(departure)
    brought = await service.sign_in(address, login="0999999993", level=STRONG)
    known = {"nonce": "nonce", "verifier": departure.verifier, "begun_at": utc_now()}
    return Authorization(**(known | {"code": brought["code"], "issuer": brought["iss"]} | changed))


@one_client
async def test_a_code_is_taken_once(real: RunningProvider, party: RelyingParty) -> None:
    brought = await _authorized(real, party)
    assert (await party.redeem(brought)).identifier == "0999999993"
    with pytest.raises(NothingProven, match="code"):
        await party.redeem(brought)


@one_client
async def test_a_code_without_its_verifier_is_worth_nothing(
    real: RunningProvider, party: RelyingParty
) -> None:
    with pytest.raises(NothingProven, match="code"):
        await party.redeem(await _authorized(real, party, verifier="w" * 43))


@one_client
async def test_an_answer_to_another_departure_is_refused(real: RunningProvider, party: RelyingParty) -> None:
    with pytest.raises(NothingProven, match="nonce"):
        await party.redeem(await _authorized(real, party, nonce="another"))


@one_client
async def test_a_client_without_the_registered_key_gets_nothing(
    real: RunningProvider, party: RelyingParty
) -> None:
    thief = RelyingParty(settings_of(real, "both", key=rsa_key("stranger")), clock=utc_now)
    with pytest.raises(RegisterUnavailable, match="client_refused"):
        await thief.redeem(await _authorized(real, party))
    await thief.close()
