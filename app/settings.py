"""The only reader of the environment: every setting is `TIWIZI_…`, and is documented in README.md."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

from identity.keys import Keys
from identity.openid.settings import BadOpenIdSettings, OpenIdSettings, read_key
from notifications.providers.http_sms import GatewaySettings
from notifications.providers.smtp import SmtpSettings, Tls
from registry.profiles import profile_names
from registry.sources.configuration import sources
from registry.sources.http_settings import BadSourceSettings, HttpSourceSettings, settings_by_source

# The one address that is registered at the national identity service; it has no language.
RETURN_PATH = "/national-identity/return"
SMS_BODY = '{"to": "{to}", "text": "{text}", "reference": "{reference}"}'

Choice = TypeVar("Choice", bound=StrEnum)


class Mode(StrEnum):
    """What the portal is run for. Demonstration shows `/demo` and a banner; production refuses both."""

    DEMONSTRATION = "demonstration"
    PRODUCTION = "production"


class SettingRefused(Exception):
    """A setting is missing or cannot be used; the text tells the operator which one and what to do."""


@dataclass(frozen=True)
class Settings:
    mode: Mode
    data_dir: Path
    database_url: str
    public_url: str
    secret: bytes = field(repr=False)
    profile: str = "ma"
    trusted_proxies: int = 0
    hotline: str = "0800000000"
    neutral_page: str = "https://www.wikipedia.org/"
    staff_networks: tuple[str, ...] = ()
    sms: GatewaySettings | None = None
    smtp: SmtpSettings | None = None
    openid: OpenIdSettings | None = None
    worker_included: bool = True
    sources_folder: Path | None = None
    source_services: Mapping[str, HttpSourceSettings] = field(default_factory=dict)
    # Unlimited unless the operator says what a day may cost.
    sms_daily_ceiling: int | None = None
    # What tells two outcomes apart would be the time they take: such an answer leaves no sooner than this.
    shortest_answer: timedelta = timedelta(0)

    @property
    def demonstration(self) -> bool:
        return self.mode is Mode.DEMONSTRATION

    @property
    def secure(self) -> bool:
        """Whether cookies can ask for HTTPS: only when the portal is published under https."""
        return self.public_url.startswith("https://")

    @property
    def domain(self) -> str:
        """The host that one-time code messages are bound to."""
        return self.public_url.split("://", 1)[1].split("/", 1)[0].split(":", 1)[0]

    @property
    def sources_dir(self) -> Path:
        """Where the files of administrative sources are."""
        return self.sources_folder or self.data_dir / "sources"

    @property
    def hosts(self) -> frozenset[str]:
        """What a request for the public address has as its Host; a proxy may write the port that https has anyway."""
        host = self.public_url.split("://", 1)[1].split("/", 1)[0].lower()
        return frozenset({host} if ":" in host else {host, f"{host}:443"})

    @property
    def embedded(self) -> bool:
        return self.database_url.startswith("sqlite")


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read every setting once.

    Raises `SettingRefused` when production lacks a secret, a public https address or real providers.
    """
    env = os.environ if environment is None else environment
    mode = _one_of(env, "TIWIZI_MODE", Mode, Mode.PRODUCTION)
    data_dir = Path(env.get("TIWIZI_DATA_DIR", "var")).absolute()
    port = env.get("PORT", "8000")
    public_url = env.get("TIWIZI_PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/")
    settings = Settings(
        mode=mode,
        data_dir=data_dir,
        database_url=env.get("TIWIZI_DATABASE_URL", f"sqlite:///{data_dir / 'tiwizi.db'}"),
        public_url=public_url,
        secret=_secret(env, mode, data_dir),
        profile=_profile(env),
        trusted_proxies=_whole_number(env, "TIWIZI_TRUSTED_PROXIES", 0),
        hotline=env.get("TIWIZI_HOTLINE", "0800000000"),
        neutral_page=env.get("TIWIZI_NEUTRAL_PAGE", "https://www.wikipedia.org/"),
        staff_networks=_networks(env, "TIWIZI_STAFF_NETWORKS"),
        sms=_sms(env),
        smtp=_smtp(env),
        openid=_openid(env, public_url),
        worker_included=env.get("TIWIZI_WORKER", "included") != "separate",
        source_services=_source_services(env),
        sources_folder=Path(folder).absolute() if (folder := env.get("TIWIZI_SOURCES_DIR")) else None,
        sms_daily_ceiling=_whole_number(env, "TIWIZI_SMS_DAILY_CEILING", 0) or None,
        shortest_answer=timedelta(milliseconds=_whole_number(env, "TIWIZI_SHORTEST_ANSWER_MS", 400)),
    )
    _refuse_half_production(settings)
    return settings


def _one_of(env: Mapping[str, str], name: str, choices: type[Choice], default: Choice) -> Choice:
    value = env.get(name, default.value)
    try:
        return choices(value)
    except ValueError:
        allowed = ", ".join(choice.value for choice in choices)
        raise SettingRefused(f"{name} is {value!r}; it can be one of: {allowed}.") from None


def _profile(env: Mapping[str, str]) -> str:
    """The country that is served: the name of a folder of `registry/data`."""
    name = env.get("TIWIZI_PROFILE", "ma")
    if name not in profile_names():
        known = ", ".join(sorted(profile_names()))
        raise SettingRefused(f"TIWIZI_PROFILE is {name!r}; it can be one of: {known}.")
    return name


def _whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isdecimal():
        raise SettingRefused(f"{name} is {value!r}; it must be a whole number.")
    return int(value)


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Refused at the start: a network that cannot be read would shut every officer out."""
    networks = tuple(filter(None, (part.strip() for part in env.get(name, "").split(","))))
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise SettingRefused(
                f"{name}: {error}. Write networks as 10.20.0.0/16, apart by commas."
            ) from None
    return networks


def _secret(env: Mapping[str, str], mode: Mode, data_dir: Path) -> bytes:
    """The secrets, a line each: a file in production; the demonstration makes one on its first start."""
    if path := env.get("TIWIZI_SECRET_FILE"):
        secret = _read(path, "TIWIZI_SECRET_FILE").strip()
    elif mode is Mode.DEMONSTRATION:
        secret = _demonstration_secret(data_dir)
    else:
        raise SettingRefused("TIWIZI_SECRET_FILE is missing: give a file with at least 32 random characters.")
    try:
        Keys.from_secret(secret)
    except ValueError as error:
        raise SettingRefused(f"The file of TIWIZI_SECRET_FILE cannot be used: {error}.") from None
    return secret


def _read(path: str, name: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingRefused(f"{name} cannot be read: {error.strerror} ({path}).") from None


def _demonstration_secret(data_dir: Path) -> bytes:
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_bytes().strip()


def _sms(env: Mapping[str, str]) -> GatewaySettings | None:
    url = env.get("TIWIZI_SMS_URL")
    if not url:
        return None
    return GatewaySettings(
        url=url,
        method=env.get("TIWIZI_SMS_METHOD", "POST"),
        body=env.get("TIWIZI_SMS_BODY", SMS_BODY),
        headers=_json_object(env, "TIWIZI_SMS_HEADERS"),
        success_pattern=env.get("TIWIZI_SMS_SUCCESS_PATTERN"),
        refusal_pattern=env.get("TIWIZI_SMS_REFUSAL_PATTERN"),
    )


def _json_object(env: Mapping[str, str], name: str) -> dict[str, str]:
    try:
        found = json.loads(env.get(name, "{}"))
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise SettingRefused(f"{name} must be a JSON object of texts.")
    return found


def _smtp(env: Mapping[str, str]) -> SmtpSettings | None:
    host = env.get("TIWIZI_SMTP_HOST")
    if not host:
        return None
    return SmtpSettings(
        host=host,
        port=_whole_number(env, "TIWIZI_SMTP_PORT", 587),
        sender=env.get("TIWIZI_SMTP_SENDER", "no-reply@localhost"),
        sender_name=env.get("TIWIZI_SMTP_SENDER_NAME", "Tiwizi"),
        tls=_one_of(env, "TIWIZI_SMTP_TLS", Tls, Tls.STARTTLS),
        username=env.get("TIWIZI_SMTP_USERNAME"),
        password=_from_file(env, "TIWIZI_SMTP_PASSWORD_FILE"),
    )


def _openid(env: Mapping[str, str], public_url: str) -> OpenIdSettings | None:
    issuer = env.get("TIWIZI_OPENID_ISSUER")
    if not issuer:
        return None
    missing = [name for name in ("CLIENT_ID", "KEY_FILE", "ACR") if not env.get(f"TIWIZI_OPENID_{name}")]
    if missing:
        raise SettingRefused(
            f"TIWIZI_OPENID_{missing[0]} is missing: the national identity service needs it."
        )
    try:
        return OpenIdSettings(
            issuer=issuer,
            client_id=env["TIWIZI_OPENID_CLIENT_ID"],
            redirect_uri=f"{public_url}{RETURN_PATH}",
            acr=tuple(env["TIWIZI_OPENID_ACR"].split()),
            key=read_key(Path(env["TIWIZI_OPENID_KEY_FILE"]), env.get("TIWIZI_OPENID_KEY_ID")),
            discovery_url=env.get("TIWIZI_OPENID_DISCOVERY_URL", ""),
            scope=env.get("TIWIZI_OPENID_SCOPE", "openid profile phone"),
            identifier_claim=env.get("TIWIZI_OPENID_IDENTIFIER_CLAIM", "individual_id"),
        )
    except BadOpenIdSettings as wrong:
        raise SettingRefused(f"The settings TIWIZI_OPENID_… cannot be used: {wrong}.") from wrong


def _source_services(env: Mapping[str, str]) -> dict[str, HttpSourceSettings]:
    try:
        return settings_by_source(env, known=sources(_profile(env)))
    except BadSourceSettings as wrong:
        raise SettingRefused(f"{wrong}.") from wrong


def _from_file(env: Mapping[str, str], name: str) -> str | None:
    return _read(env[name], name).decode().strip() if env.get(name) else None


def _refuse_half_production(settings: Settings) -> None:
    if settings.demonstration:
        return
    if not settings.secure:
        raise SettingRefused("TIWIZI_PUBLIC_URL must be the https address that citizens use.")
    if settings.sms is None:
        raise SettingRefused("TIWIZI_SMS_URL is missing: production needs an SMS gateway.")
    if settings.smtp is None:
        raise SettingRefused("TIWIZI_SMTP_HOST is missing: production needs an SMTP server.")
