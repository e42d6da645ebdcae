"""Messages that leave the house: through a real SMTP server, and a real HTTP gateway for SMS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.browser.conftest import AtBrowser
from tests.browser.portal import RunningPortal, code_in, free_port, served, wait_for
from tests.browser.visitors import PASSWORD, Visitor, start_claim

ADDRESS = "moha@example.ma"
TIFINAGH = range(0x2D30, 0x2D80)
ARABIC = range(0x0600, 0x0700)


class Mailbox:
    """Keeps the mail that an SMTP server takes."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=modern)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield mailbox, controller.port
    finally:
        controller.stop()


@contextmanager
def sms_gateway() -> Iterator[tuple[list[dict[str, Any]], str]]:
    """An HTTP server that keeps what it is asked to send, and says yes."""
    asked: list[dict[str, Any]] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield asked, f"http://127.0.0.1:{server.server_port}/send"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_code_by_sms_in_arabic_and_mail_in_tifinagh_let_one_in(world: Path, at_browser: AtBrowser) -> None:
    with mail_server() as (mailbox, mail_port), sms_gateway() as (asked, gateway):
        settings = {
            "TIWIZI_SMTP_HOST": "127.0.0.1",
            "TIWIZI_SMTP_PORT": str(mail_port),
            "TIWIZI_SMTP_TLS": "none",
            "TIWIZI_SMS_URL": gateway,
        }
        with served(world, **settings) as portal:
            claim_by_real_messages(portal, at_browser(portal, "ar"), mailbox, asked)


def claim_by_real_messages(
    portal: RunningPortal, visitor: Visitor, mailbox: Mailbox, asked: list[dict[str, Any]]
) -> None:
    moha = portal.people["moha"]
    start_claim(visitor, moha)
    sms = wait_for(lambda: next((each for each in asked if each["to"] == moha.phone), None))
    assert written_in(ARABIC, sms["text"])
    visitor.answer({"code": code_in(sms["text"])})
    visitor.arrive("/claim/account")
    visitor.answer({"new_password": PASSWORD, "language": "zgh", "sms_language": "ar", "email": ADDRESS})
    visitor.arrive("/claim/done")
    visitor.answer()
    visitor.arrive("/account/email/code")
    mail = wait_for(lambda: next((each for each in mailbox.received if each["to"] == ADDRESS), None))
    body = mail.get_content()
    assert written_in(TIFINAGH, str(mail["subject"]))
    assert written_in(TIFINAGH, body)
    visitor.answer({"code": code_in(body)})
    visitor.arrive("/account")
    assert ADDRESS in visitor.text
    assert portal.messages_to(moha.phone) == portal.messages_to(ADDRESS) == []


def written_in(script: range, text: str) -> bool:
    return sum(ord(letter) in script for letter in text) > len(text) / 3
