"""SMS through a real HTTP gateway on this machine."""

import json
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from notifications.providers.http_sms import BadGatewaySettings, BodyFormat, GatewaySettings, HttpSmsProvider
from notifications.providers.protocol import Accepted, LastingFailure, Outgoing, PassingFailure
from notifications.tables import Channel
from tests.notifications.gateway import Gateway, open_gateway

JSON_BODY = (
    '{"to": "{to}", "text": "{text}", "ref": "{reference}", "coding": "{encoding}", "fixed": {"a": 1}}'
)
OUTGOING = Outgoing(
    reference="4f1c0ffee",
    channel=Channel.SMS,
    address="+212612345678",
    language="zgh",
    template="sign_in_code",
    subject="",
    body='ⵉⵏⵉⴳⵍ ⵏ ⵓⴽⵛⵛⵓⵎ 123456 رمز "\\ & = + % {to}\n@rsu.example.ma #123456',
)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with open_gateway() as gateway:
        yield gateway


async def _send(gateway: Gateway, now: datetime, outgoing: Outgoing = OUTGOING, **settings: Any) -> Accepted:
    described = GatewaySettings(**({"url": gateway.url, "body": JSON_BODY} | settings))
    async with HttpSmsProvider(described, lambda: now) as provider:
        return await provider.send(outgoing)


async def test_arabic_and_tifinagh_arrive_in_json_as_they_were_written(
    gateway: Gateway, now: datetime
) -> None:
    assert await _send(gateway, now, headers={"Authorization": "Bearer s3cret"}) == Accepted(None)
    [asked] = gateway.asked
    assert json.loads(asked.body) == {
        "to": "+212612345678",
        "text": OUTGOING.body,
        "ref": "4f1c0ffee",
        "coding": "ucs-2",
        "fixed": {"a": 1},
    }
    assert asked.method == "POST"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == "4f1c0ffee"
    assert asked.headers["authorization"] == "Bearer s3cret"


async def test_the_same_in_a_form_and_in_the_address(gateway: Gateway, now: datetime) -> None:
    await _send(gateway, now, body="to={to_digits}&text={text}&lang={language}")
    await _send(gateway, now, url=gateway.url + "?to={to}&text={text}", body="", method="GET")
    form, address = gateway.asked
    assert form.headers["content-type"] == BodyFormat.FORM
    assert parse_qs(form.body.decode()) == {"to": ["212612345678"], "text": [OUTGOING.body], "lang": ["zgh"]}
    assert address.method == "GET"
    assert parse_qs(urlsplit(address.target).query) == {"to": ["+212612345678"], "text": [OUTGOING.body]}


async def test_headers_can_be_replaced_whatever_their_case(gateway: Gateway, now: datetime) -> None:
    await _send(
        gateway, now, headers={"content-type": "application/vnd.sms+json", "IDEMPOTENCY-KEY": "x-{reference}"}
    )
    [asked] = gateway.asked
    assert asked.headers["content-type"] == "application/vnd.sms+json"
    assert asked.headers["idempotency-key"] == "x-4f1c0ffee"


PASSES, LASTS, TAKEN = PassingFailure, LastingFailure, Accepted

ANSWERS: list[tuple[int, str, type]] = [
    (200, "", TAKEN),
    (200, "OK", TAKEN),
    (200, '{"id": "77"}', TAKEN),
    (201, "", TAKEN),
    (202, "queued", TAKEN),
    (204, "", TAKEN),
    (299, "", TAKEN),
    (301, "", PASSES),
    (302, "", PASSES),
    (307, "", PASSES),
    (400, "bad number", LASTS),
    (401, "", PASSES),
    (402, "no credit", PASSES),
    (403, "", PASSES),
    (404, "", PASSES),
    (405, "", PASSES),
    (406, "", LASTS),
    (407, "", PASSES),
    (408, "", PASSES),
    (409, "", LASTS),
    (410, "", LASTS),
    (411, "", LASTS),
    (413, "", LASTS),
    (415, "", LASTS),
    (422, "unknown number", LASTS),
    (425, "", PASSES),
    (429, "", PASSES),
    (451, "", LASTS),
    (500, "", PASSES),
    (501, "", PASSES),
    (502, "<html>", PASSES),
    (503, "", PASSES),
    (504, "", PASSES),
    (599, "", PASSES),
]


async def test_what_an_answer_means(gateway: Gateway, now: datetime) -> None:
    async with HttpSmsProvider(GatewaySettings(gateway.url, JSON_BODY), lambda: now) as provider:
        for status, body, meaning in ANSWERS:
            head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n"
            gateway.answer = (head + body).encode()
            assert await _meaning(provider) == (meaning, None if meaning is TAKEN else f"http_{status}"), (
                status
            )
    assert len(gateway.asked) == len(ANSWERS)


async def _meaning(provider: HttpSmsProvider) -> tuple[type, str | None]:
    try:
        await provider.send(OUTGOING)
    except (PassingFailure, LastingFailure) as failure:
        return type(failure), failure.code
    return Accepted, None


@pytest.mark.parametrize(
    "garbage",
    [
        b"SMTP 220 hello\r\n\r\n",
        b"\x00\xff\xfe",
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 100_000,
    ],
)
async def test_garbage_is_no_answer_and_the_message_waits(
    gateway: Gateway, now: datetime, garbage: bytes
) -> None:
    gateway.answer = garbage
    with pytest.raises(PassingFailure):
        await _send(gateway, now)


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("Mon, 02 Mar 2026 09:31:00 GMT", timedelta(seconds=60)),
        ("Mon, 02 Mar 2026 09:00:00 GMT", timedelta(0)),
        ("-5", None),
        ("soon", None),
        ("99999999999999999999", None),
    ],
)
async def test_the_gateway_may_say_when_to_come_back(
    gateway: Gateway, now: datetime, written: str, wait: timedelta | None
) -> None:
    for status in (429, 503):
        gateway.answer_with(status, retry_after=written)
        with pytest.raises(PassingFailure) as failure:
            await _send(gateway, now)
        assert failure.value.retry_after == wait


PATTERNS: dict[str, Any] = {
    "success_pattern": r'"status": ?"(?:ok|queued)".*"id": ?"(?P<reference>\w+)"',
    "refusal_pattern": "blacklisted",
}


async def test_a_success_may_have_to_say_so(gateway: Gateway, now: datetime) -> None:
    gateway.answer_with(200, '{"status": "ok", "id": "M77"}')
    assert await _send(gateway, now, **PATTERNS) == Accepted("M77")
    gateway.answer_with(200, '{"status": "error", "reason": "busy"}')
    with pytest.raises(PassingFailure, match="unknown"):
        await _send(gateway, now, **PATTERNS)
    gateway.answer_with(200, '{"status": "ok", "id": "M77", "reason": "blacklisted"}')
    with pytest.raises(LastingFailure, match="refused"):
        await _send(gateway, now, **PATTERNS)


async def test_a_slow_gateway_is_left_in_time(gateway: Gateway, now: datetime) -> None:
    gateway.answer = None
    with pytest.raises(PassingFailure, match="timeout"):
        await _send(gateway, now, timeout=timedelta(milliseconds=200))


async def test_nobody_there_is_a_passing_failure(gateway: Gateway, now: datetime) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(PassingFailure, match="unreachable"):
        await _send(gateway, now, url=f"http://127.0.0.1:{port}/")


async def test_a_forged_header_is_refused(gateway: Gateway, now: datetime) -> None:
    forged = replace(OUTGOING, address="+212612345678\r\nX-Admin: yes")
    with pytest.raises(LastingFailure):
        await _send(gateway, now, forged, headers={"X-To": "{to}"})
    await _send(gateway, now, forged, url=gateway.url + "?to={to}")
    [asked] = gateway.asked
    assert "x-admin" not in asked.headers


async def test_neither_number_nor_text_nor_key_is_logged_or_shown(
    gateway: Gateway, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await _send(gateway, now, url=gateway.url + "?key=s3cret&to={to}&text={text}", body="", method="GET")
    assert "612345678" not in caplog.text
    assert "123456" not in caplog.text
    assert "s3cret" not in caplog.text
    settings = GatewaySettings(url="https://x/?key=s3cret", body="", headers={"Authorization": "s3cret"})
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": '{"to": "{number}"}'},
        {"url": "https://sms.example.ma/{number}"},
        {"headers": {"X": "{number}"}},
        {"body": '{"to": {to}}'},
        {"body": "[1,"},
        {"body": "to={to}", "body_format": BodyFormat.JSON},
        {"url": "sms.example.ma/send"},
        {"url": "ftp://sms.example.ma/send"},
        {"url": "https://"},
        {"url": "http://[::1"},
        {"headers": {"X-Text": "é"}},
        {"success_pattern": "("},
        {"refusal_pattern": "*"},
    ],
)
def test_a_description_that_cannot_work_stops_the_start(now: datetime, wrong: dict[str, Any]) -> None:
    settings = GatewaySettings(**({"url": "https://sms.example.ma/send", "body": JSON_BODY} | wrong))
    with pytest.raises(BadGatewaySettings):
        HttpSmsProvider(settings, lambda: now)
