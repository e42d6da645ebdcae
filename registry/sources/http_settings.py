"""Where a source is asked over HTTPS, and by what it knows us: settings that are refused when they cannot work."""

import re
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from notifications.over_http import is_safe

PREFIX: Final = "TIWIZI_SOURCE_"
SETTING: Final = re.compile(PREFIX + r"([A-Z_]+?)_(URL|TOKEN_FILE|CERTIFICATE_FILE|KEY_FILE|AUTHORITY_FILE)")


class BadSourceSettings(Exception):
    """A source cannot be asked as its settings say; the text names the setting and what to do."""

    code = "bad_source_settings"


@dataclass(frozen=True)
class HttpSourceSettings:
    """A token, a client certificate with its key, or both. `authority` are the certificates that the service's own is
    signed by, where that is no public one. The token is read anew for each question: it may be renewed at any time.
    """

    url: str
    token: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None

    def read_token(self) -> str | None:
        """Raises BadSourceSettings."""
        if self.token is None:
            return None
        written = _read(self.token, "TOKEN_FILE").decode("ascii", "replace").strip()
        if not written or not written.isascii() or not written.isprintable() or " " in written:
            raise BadSourceSettings(f"TOKEN_FILE holds no token: one line is expected ({self.token})")
        return written

    def trust(self) -> ssl.SSLContext | bool:
        """What the connection is checked by, and shows. Raises BadSourceSettings."""
        if self.url.startswith("http://"):
            return True
        try:
            context = ssl.create_default_context(cafile=self.authority)
        except (OSError, ssl.SSLError) as wrong:
            raise BadSourceSettings(f"AUTHORITY_FILE cannot be used: {_reason(wrong)}") from None
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key)
            except (OSError, ssl.SSLError) as wrong:
                raise BadSourceSettings(
                    f"CERTIFICATE_FILE and KEY_FILE cannot be used together: {_reason(wrong)}"
                ) from None
        return context


def settings_by_source(values: Mapping[str, str], known: Collection[str]) -> dict[str, HttpSourceSettings]:
    """The services of all TIWIZI_SOURCE_<NAME>_…, by the name of the source. Raises BadSourceSettings."""
    found: dict[str, dict[str, str]] = {}
    for setting, value in sorted(values.items()):
        if setting.startswith(PREFIX) and value:
            source, what = _split(setting, known)
            found.setdefault(source, {})[what] = value
    return {source: _service(source, given) for source, given in found.items()}


def _split(setting: str, known: Collection[str]) -> tuple[str, str]:
    parts = SETTING.fullmatch(setting)
    if parts is None or parts[1].lower() not in known:
        names = ", ".join(sorted(known)) or "none in this country"
        raise BadSourceSettings(
            f"{setting} is no setting: after {PREFIX} comes the name of a source in capitals ({names}), then _URL, "
            "_TOKEN_FILE, _CERTIFICATE_FILE, _KEY_FILE or _AUTHORITY_FILE"
        )
    return parts[1].lower(), parts[2]


def _service(source: str, given: Mapping[str, str]) -> HttpSourceSettings:
    prefix = f"{PREFIX}{source.upper()}_"
    paths = {what: Path(value) for what, value in given.items() if what != "URL"}
    url = given.get("URL", "")
    if not is_safe(url) or "?" in url:
        raise BadSourceSettings(
            f"{prefix}URL must be an address that begins with https://, without ? and without a password in it"
        )
    if ("CERTIFICATE_FILE" in paths) != ("KEY_FILE" in paths):
        raise BadSourceSettings(f"{prefix}CERTIFICATE_FILE and {prefix}KEY_FILE are given together")
    if url.startswith("https://") and not {"TOKEN_FILE", "CERTIFICATE_FILE"} & paths.keys():
        raise BadSourceSettings(
            f"{prefix}TOKEN_FILE or {prefix}CERTIFICATE_FILE is missing: the service must know who asks"
        )
    service = HttpSourceSettings(
        url=url,
        token=paths.get("TOKEN_FILE"),
        certificate=paths.get("CERTIFICATE_FILE"),
        key=paths.get("KEY_FILE"),
        authority=paths.get("AUTHORITY_FILE"),
    )
    try:
        service.read_token()
        service.trust()
    except BadSourceSettings as wrong:
        raise BadSourceSettings(f"{prefix}{wrong}") from None
    return service


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadSourceSettings(f"{name} cannot be read: {error.strerror} ({path})") from None


def _reason(wrong: OSError) -> str:
    """An SSLError says little with its number alone."""
    return getattr(wrong, "reason", None) or wrong.strerror or type(wrong).__name__
