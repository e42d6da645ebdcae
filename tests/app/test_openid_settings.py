"""What an operator writes about the national identity service, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import SettingRefused, read_settings
from tests.identity.national_service import rsa_key


@pytest.fixture
def written(tmp_path: Path) -> dict[str, str]:
    key = tmp_path / "client.pem"
    key.write_bytes(rsa_key("client").as_pem(private=True))
    return {
        "TIWIZI_MODE": "demonstration",
        "TIWIZI_DATA_DIR": str(tmp_path),
        "TIWIZI_PUBLIC_URL": "https://portal.example.ma",
        "TIWIZI_OPENID_ISSUER": "https://id.example.ma",
        "TIWIZI_OPENID_CLIENT_ID": "tiwizi",
        "TIWIZI_OPENID_KEY_FILE": str(key),
        "TIWIZI_OPENID_ACR": "mosip:idp:acr:generated-code mosip:idp:acr:biometrics",
    }


def test_what_is_written_is_what_is_used(written: dict[str, str]) -> None:
    settings = read_settings(written).openid
    assert settings is not None
    assert settings.redirect_uri == "https://portal.example.ma/national-identity/return"
    assert settings.discovery == "https://id.example.ma/.well-known/openid-configuration"
    assert settings.acr == ("mosip:idp:acr:generated-code", "mosip:idp:acr:biometrics")
    assert settings.key.is_private
    assert "PRIVATE" not in repr(settings)


def test_a_document_elsewhere_is_looked_for_there(written: dict[str, str]) -> None:
    elsewhere = "https://id.example.ma/v1/esignet/oidc/.well-known/openid-configuration"
    settings = read_settings(written | {"TIWIZI_OPENID_DISCOVERY_URL": elsewhere}).openid
    assert settings is not None
    assert settings.discovery == elsewhere


def test_without_an_issuer_there_is_no_service(written: dict[str, str]) -> None:
    assert read_settings(written | {"TIWIZI_OPENID_ISSUER": ""}).openid is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIENT_ID", ""),
        ("KEY_FILE", ""),
        ("KEY_FILE", "/nowhere/client.pem"),
        ("ACR", ""),
        ("ACR", "   "),
        ("ISSUER", "http://id.example.ma"),
        ("DISCOVERY_URL", "http://id.example.ma/document"),
    ],
)
def test_half_a_service_stops_the_start(written: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingRefused, match="TIWIZI_OPENID"):
        read_settings(written | {f"TIWIZI_OPENID_{name}": value})
