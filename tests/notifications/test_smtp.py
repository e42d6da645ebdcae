"""E-mail through a real SMTP server."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as DEFAULT_POLICY
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from notifications.providers.protocol import LastingFailure, Outgoing, PassingFailure
from notifications.providers.smtp import SmtpProvider, SmtpSettings, Tls, compose
from notifications.tables import Channel

OUTGOING = Outgoing(
    reference="4f1c0ffee",
    channel=Channel.EMAIL,
    address="samira@example.ma",
    language="ar",
    template="index_computed",
    subject="مؤشر أسرتكم متاح في حسابكم",
    body="احتسب مؤشر أسرتكم يوم \u206821/11/2026\u2069.\n\nⵉⵙⵎⴷ ⵓⵙⵉⴹⵏ ⵏ ⵓⵏⵎⵎⴰⵍ, ⴰⵙⴳⴳⵯⴰⵙ.\n",
)


class Server:
    """Takes mail, or answers with the reply it was given for a command."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.replies: dict[str, str] = {}

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        received = message_from_bytes(envelope.content, policy=DEFAULT_POLICY)
        assert isinstance(received, EmailMessage)
        self.received.append(received)
        return self.replies.get("DATA", "250 OK")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def settings(server: Server) -> Iterator[SmtpSettings]:
    controller = Controller(server, hostname="127.0.0.1", port=_free_port())
    controller.start()
    yield _settings(controller.port)
    controller.stop()


def _settings(port: int) -> SmtpSettings:
    return SmtpSettings(
        host="127.0.0.1", port=port, sender="portal@example.ma", sender_name="ⵜⵉⵡⵉⵣⵉ تويزة", tls=Tls.NONE
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_arabic_and_tifinagh_arrive_as_they_were_written(
    server: Server, settings: SmtpSettings
) -> None:
    accepted = await SmtpProvider(settings).send(OUTGOING)
    [received] = server.received
    assert received["Subject"] == OUTGOING.subject
    assert received.get_content().replace("\r\n", "\n") == OUTGOING.body
    assert received["To"] == "samira@example.ma"
    assert received["From"].addresses[0].display_name == "ⵜⵉⵡⵉⵣⵉ تويزة"
    assert received["Message-ID"] == "<4f1c0ffee@example.ma>" == accepted.provider_reference
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Content-Language"] == "ar"
    assert max(len(line) for line in server.raw[0].split(b"\r\n")) <= 998
    assert server.raw[0].isascii()


async def test_a_repetition_carries_the_same_reference(server: Server, settings: SmtpSettings) -> None:
    for _ in range(2):
        await SmtpProvider(settings).send(OUTGOING)
    assert len({received["Message-ID"] for received in server.received}) == 1


@pytest.mark.parametrize(
    ("command", "reply", "is_lasting"),
    [
        ("RCPT", "450 busy", False),
        ("RCPT", "451 local error", False),
        ("RCPT", "452 full for now", False),
        ("RCPT", "550 no such mailbox", True),
        ("RCPT", "553 bad name", True),
        ("RCPT", "530 sign in first", False),
        ("DATA", "451 try later", False),
        ("DATA", "552 too large", True),
        ("DATA", "554 refused", True),
        ("MAIL", "451 try later", False),
        # Refusing the sender is about the service: the message waits until that is put right.
        ("MAIL", "550 sender unknown", False),
    ],
)
async def test_answers_are_told_apart(
    server: Server, settings: SmtpSettings, command: str, reply: str, is_lasting: bool
) -> None:
    server.replies[command] = reply
    with pytest.raises(LastingFailure if is_lasting else PassingFailure) as failure:
        await SmtpProvider(settings).send(OUTGOING)
    assert str(failure.value) == f"smtp_{reply[:3]}"


async def test_nobody_there_is_a_passing_failure() -> None:
    with pytest.raises(PassingFailure, match="unreachable"):
        await SmtpProvider(_settings(_free_port())).send(OUTGOING)


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings = replace(_settings(silent.getsockname()[1]), timeout=timedelta(milliseconds=200))
        with pytest.raises(PassingFailure, match="timeout"):
            await SmtpProvider(settings).send(OUTGOING)


async def test_without_the_promised_encryption_nothing_is_sent(
    server: Server, settings: SmtpSettings
) -> None:
    for tls in (Tls.STARTTLS, Tls.IMPLICIT):
        with pytest.raises(PassingFailure):
            await SmtpProvider(replace(settings, tls=tls, timeout=timedelta(seconds=2))).send(OUTGOING)
    assert server.received == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_the_service_signs_in_and_a_wrong_password_loses_nothing(server: Server) -> None:
    def check(
        _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        return AuthResult(success=getattr(data, "password", b"") == b"right")

    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=_free_port(),
        authenticator=check,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    try:
        signed_in = replace(_settings(controller.port), username="portal", password="right")
        await SmtpProvider(signed_in).send(OUTGOING)
        assert len(server.received) == 1
        for wrong in (replace(signed_in, password="wrong"), _settings(controller.port)):
            with pytest.raises(PassingFailure):
                await SmtpProvider(wrong).send(OUTGOING)
    finally:
        controller.stop()
    assert "right" not in repr(signed_in)


FORGERIES = [
    {"address": "a@example.ma\r\nBcc: all@example.ma"},
    {"address": "a@example.ma\nBcc: all@example.ma"},
    {"address": "a@example.ma, b@example.ma"},
    {"address": "a@example.ma;b@example.ma"},
    {"address": "A <a@example.ma>"},
    {"address": '"a\r\nX: y"@example.ma'},
    {"address": "a@example.ma\x00"},
    {"address": "a@exa\u2028mple.ma"},
    {"address": "a b@example.ma"},
    {"address": "\u202ea@example.ma"},
    {"address": "é@example.ma"},
    {"address": "a@@example.ma"},
    {"address": "(x)a@example.ma"},
    {"address": "nobody"},
    {"address": "@example.ma"},
    {"address": ""},
    {"subject": "a\r\nBcc: all@example.ma"},
    {"subject": "a\nBcc: all@example.ma"},
    {"subject": "a\rBcc: all@example.ma"},
    {"subject": "a\u0085Bcc: all@example.ma"},
    {"subject": "a\x0bBcc: all@example.ma"},
    {"subject": "a\u2028Bcc: all@example.ma"},
]


@pytest.mark.parametrize("forged", FORGERIES)
async def test_no_header_can_be_forged(
    server: Server, settings: SmtpSettings, forged: dict[str, Any]
) -> None:
    with pytest.raises(LastingFailure):
        await SmtpProvider(settings).send(replace(OUTGOING, **forged))
    assert server.raw == []


def test_a_body_that_looks_like_headers_stays_a_body() -> None:
    message = compose(replace(OUTGOING, body="Bcc: all@example.ma\r\n\r\nX\n.\nQUIT\n"), _settings(25))
    assert message["Bcc"] is None
    assert "Bcc: all@example.ma" in message.get_content()
