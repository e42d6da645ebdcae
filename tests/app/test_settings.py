"""What production refuses to start with, and what it does not show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.main import create_app, create_portal
from app.settings import SettingRefused, read_settings


@pytest.fixture
def environment(tmp_path: Path, database: str) -> dict[str, str]:
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef")
    return {
        "TIWIZI_MODE": "production",
        "TIWIZI_DATA_DIR": str(tmp_path),
        "TIWIZI_DATABASE_URL": database,
        "TIWIZI_PUBLIC_URL": "https://tiwizi.example",
        "TIWIZI_SECRET_FILE": str(secret),
        "TIWIZI_SMS_URL": "https://sms.example/send",
        "TIWIZI_SMTP_HOST": "smtp.example",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"TIWIZI_PUBLIC_URL": "http://tiwizi.example"},
        {"TIWIZI_SECRET_FILE": ""},
        {"TIWIZI_SECRET_FILE": "/nowhere/secret"},
        {"TIWIZI_SECRET_FILE": "/dev/null"},
        {"TIWIZI_SMS_URL": ""},
        {"TIWIZI_SMTP_HOST": ""},
        {"TIWIZI_SMTP_PASSWORD_FILE": "/nowhere/password"},
        {"TIWIZI_STAFF_NETWORKS": "10.20.0.0/16,the centre"},
        {"TIWIZI_STAFF_NETWORKS": "10.20.0.7/16"},
        {"TIWIZI_TRUSTED_PROXIES": "-1"},
    ],
)
def test_production_does_not_start_half_set_up(environment: dict[str, str], change: dict[str, str]) -> None:
    read_settings(environment)
    with pytest.raises(SettingRefused):
        read_settings(environment | change)


VEHICLES = "TIWIZI_SOURCE_VEHICLES"
SERVICE = {f"{VEHICLES}_URL": "https://vehicles.example/ask", f"{VEHICLES}_TOKEN_FILE": __file__}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"TIWIZI_SOURCE_MOON_URL": "https://moon.example"}, "TIWIZI_SOURCE_MOON_URL is no setting"),
        ({f"{VEHICLES}_TOKEN": "s3cret"}, "VEHICLES_TOKEN is no setting"),
        ({f"{VEHICLES}_URL": ""}, "begins with https://"),
        ({f"{VEHICLES}_URL": "http://vehicles.example/ask"}, "begins with https://"),
        ({f"{VEHICLES}_URL": "https://us:s3cret@vehicles.example/ask"}, "without a password"),
        ({f"{VEHICLES}_URL": "https://vehicles.example/ask?for=us"}, "without \\?"),
        ({f"{VEHICLES}_TOKEN_FILE": ""}, "must know who asks"),
        ({f"{VEHICLES}_TOKEN_FILE": "/nowhere/token"}, "TOKEN_FILE cannot be read"),
        ({}, "TOKEN_FILE holds no token"),
        ({f"{VEHICLES}_CERTIFICATE_FILE": __file__}, "given together"),
        (
            {
                f"{VEHICLES}_CERTIFICATE_FILE": __file__,
                f"{VEHICLES}_KEY_FILE": __file__,
                f"{VEHICLES}_TOKEN_FILE": "",
            },
            "CERTIFICATE_FILE and KEY_FILE cannot be used together",
        ),
        ({f"{VEHICLES}_TOKEN_FILE": "", f"{VEHICLES}_AUTHORITY_FILE": __file__}, "must know who asks"),
    ],
)
def test_a_source_that_could_not_be_asked_is_refused_in_words(
    environment: dict[str, str], change: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingRefused, match=words) as refused:
        read_settings(environment | SERVICE | change)
    assert "s3cret" not in str(refused.value)


def test_networks_are_read_with_spaces(environment: dict[str, str]) -> None:
    settings = read_settings(environment | {"TIWIZI_STAFF_NETWORKS": "10.20.0.0/16, 2001:db8::/32 ,"})
    assert settings.staff_networks == ("10.20.0.0/16", "2001:db8::/32")


async def test_production_has_safe_cookies_and_no_demonstration(environment: dict[str, str]) -> None:
    portal = create_portal(read_settings(environment))
    app = create_app(portal)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://tiwizi.example"
    ) as http:
        door = await http.get("/fr/sign-in")
        assert door.headers["content-type"] == "text/html; charset=utf-8"
        assert "max-age=31536000" in door.headers["strict-transport-security"]
        cookie = door.headers["set-cookie"]
        assert cookie.startswith("__Host-browser=")
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        for path in ("/demo", "/fr/demo", "/demo/people.json", "/demo/messages.json", "/schema"):
            assert (await http.get(path)).status_code == 404
        for origin in ("http://tiwizi.example", "https://tiwizi.example.evil.example", "null"):
            assert (await http.post("/fr/sign-in", headers={"origin": origin})).status_code == 403
    await portal.engine.dispose()
    await portal.reading.dispose()


def test_a_database_that_waits_for_a_migration_is_not_served(tmp_path: Path) -> None:
    environment = os.environ | {"TIWIZI_MODE": "demonstration", "TIWIZI_DATA_DIR": str(tmp_path)}
    environment.pop("TIWIZI_DATABASE_URL", None)
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    served = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert served.returncode == 1
    assert "tiwizi db upgrade" in served.stderr
