"""Out to a certified OpenID provider and back, in Arabic on a telephone where no script runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.settings import RETURN_PATH
from tests.browser.conftest import AtBrowser
from tests.browser.portal import RunningPortal, free_port, served
from tests.browser.visitors import PASSWORD
from tests.identity.national_service import FATIMA, STRONG, public, rsa_key
from tests.openid_provider import RunningProvider, running_provider

PORT = free_port()
CLIENT = {
    "client_id": "tiwizi",
    "redirect_uris": [f"http://127.0.0.1:{PORT}{RETURN_PATH}"],
    "subject_type": "pairwise",
    "token_endpoint_auth_method": "private_key_jwt",
    "id_token_signed_response_alg": "PS256",
    "userinfo_signed_response_alg": "PS256",
    "userinfo_encrypted_response_alg": "RSA-OAEP-256",
    "userinfo_encrypted_response_enc": "A256GCM",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    with running_provider(
        clients=[{**CLIENT, "jwks": {"keys": [public(rsa_key("client"))]}}],
        keys=[rsa_key("provider").as_dict(private=True)],
        people={"0123456789": FATIMA},
        levels=[STRONG],
        profile=[name for name in FATIMA if not name.startswith("phone")],
        phone=["phone_number", "phone_number_verified"],
        salt="of the journey",
        claimsParameter=True,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def portal(
    world: Path, provider: RunningProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningPortal]:
    key = tmp_path_factory.mktemp("client") / "key.pem"
    key.write_bytes(rsa_key("client").as_pem(private=True))
    with served(
        world,
        PORT=str(PORT),
        TIWIZI_OPENID_ISSUER=provider.issuer,
        TIWIZI_OPENID_CLIENT_ID="tiwizi",
        TIWIZI_OPENID_KEY_FILE=str(key),
        TIWIZI_OPENID_KEY_ID="client",
        TIWIZI_OPENID_ACR=STRONG,
    ) as portal:
        yield portal


@pytest.mark.parametrize("script", [False, True])
def test_a_claim_goes_out_and_comes_back(
    portal: RunningPortal, provider: RunningProvider, at_browser: AtBrowser, script: bool
) -> None:
    visitor = at_browser(portal, "ar", script=script)
    visitor.open("/claim")
    visitor.page.locator('main a[href$="/claim/national-identity"]').click()
    visitor.answer()
    visitor.page.wait_for_url(f"{provider.issuer}/sign-in/**")
    _sign_in(visitor.page, "0123456789")
    if script:
        visitor.arrive("/sign-in*")
        return
    visitor.arrive("/claim/account")
    assert "0123456789" in visitor.page.content()
    visitor.answer({"new_password": PASSWORD})
    visitor.arrive("/claim/done")
    assert portal.message_to("+212612345678", "identifier_claimed")


def _sign_in(page: Any, login: str) -> None:
    """What the provider of the tests asks on its own page, it takes from the address."""
    parts = urlsplit(page.url)
    page.goto(f"{parts.scheme}://{parts.netloc}{parts.path}?login={login}&level={STRONG}")
