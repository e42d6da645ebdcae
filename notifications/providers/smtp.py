"""E-mail through an SMTP server."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate
from enum import StrEnum
from typing import Final

import aiosmtplib

from notifications.providers.protocol import Accepted, LastingFailure, Outgoing, PassingFailure

CONTENT: Final = SMTP_POLICY.clone(cte_type="7bit")
# RFC 4954: the server wants the service to authenticate, or to do so in another way.
SIGN_IN_FIRST: Final = frozenset({530, 534, 535, 538})
# What HTML takes for an e-mail address; nothing in it can end a header or begin a second address.
ADDRESS: Final = re.compile(r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*")


class Tls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True)
class SmtpSettings:
    """`sender` is a bare address; `sender_name` is shown beside it."""

    host: str
    port: int
    sender: str
    sender_name: str
    tls: Tls = Tls.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True)
class SmtpProvider:
    settings: SmtpSettings

    async def send(self, outgoing: Outgoing) -> Accepted:
        message = compose(outgoing, self.settings)
        try:
            async with asyncio.timeout(self.settings.timeout.total_seconds()):
                await self._hand_over(message)
        except (
            aiosmtplib.SMTPRecipientsRefused,
            aiosmtplib.SMTPRecipientRefused,
            aiosmtplib.SMTPDataError,
        ) as refused:
            raise _refusal(refused) from refused
        except aiosmtplib.SMTPResponseException as answer:
            # Greeting, sign-in or sender refused: that is about the service, not about this message.
            raise PassingFailure(f"smtp_{answer.code}") from answer
        except TimeoutError as slow:
            raise PassingFailure("timeout") from slow
        except (aiosmtplib.SMTPException, OSError) as unreachable:
            raise PassingFailure("unreachable") from unreachable
        return Accepted(message["Message-ID"])

    async def _hand_over(self, message: EmailMessage) -> None:
        settings = self.settings
        await aiosmtplib.send(
            message,
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password,
            use_tls=settings.tls is Tls.IMPLICIT,
            start_tls=settings.tls is Tls.STARTTLS,
            timeout=settings.timeout.total_seconds(),
        )


def compose(outgoing: Outgoing, settings: SmtpSettings) -> EmailMessage:
    """The message as it travels. Raises `LastingFailure` for an address or a subject that could forge a header."""
    recipient = _read_address(outgoing.address)
    if not outgoing.subject.isprintable():
        raise LastingFailure("bad_subject")
    sender = _read_address(settings.sender)
    message = EmailMessage(policy=CONTENT)
    message["From"] = Address(settings.sender_name, sender.username, sender.domain)
    message["To"] = recipient
    message["Subject"] = outgoing.subject
    message["Message-ID"] = f"<{outgoing.reference}@{sender.domain}>"
    message["Date"] = formatdate()
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(outgoing.body, subtype="plain", charset="utf-8")
    message["Content-Language"] = outgoing.language
    return message


def _read_address(written: str) -> Address:
    if not ADDRESS.fullmatch(written):
        raise LastingFailure("bad_address")
    username, _, domain = written.partition("@")
    return Address(username=username, domain=domain)


def _refusal(refused: aiosmtplib.SMTPException) -> PassingFailure | LastingFailure:
    """4xx is a request to come back, 5xx a refusal (RFC 5321, 4.2.1) unless it is for the service to sign in."""
    code = _code_of(refused)
    is_lasting = code >= 500 and code not in SIGN_IN_FIRST
    return LastingFailure(f"smtp_{code}") if is_lasting else PassingFailure(f"smtp_{code}")


def _code_of(refused: aiosmtplib.SMTPException) -> int:
    if isinstance(refused, aiosmtplib.SMTPRecipientsRefused):
        return max(recipient.code for recipient in refused.recipients)
    assert isinstance(refused, aiosmtplib.SMTPResponseException)
    return refused.code
