"""The contract of every source that is connected, and what a service can do that no file does."""

import datetime as dt
import ipaddress
import json
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from registry.sources.files import HEADER, FileSource
from registry.sources.http import HttpSource
from registry.sources.http_settings import HttpSourceSettings
from registry.sources.port import Answer, SourceDown, SourcePort, SourceWrong, checked
from tests.registry.source_service import Row, SourceService, open_service, raw

HERE = ipaddress.ip_address("127.0.0.1")
DAY, SAID = dt.date(2026, 3, 2), "2026-02-20"
HASSAN, FATIMA, STRANGER = "0000000016", "0000000024", "0000000099"
KNOWN: tuple[Row, ...] = (
    (HASSAN, "cars", "1", SAID, "V-1"),
    (HASSAN, "motorcycles", "0", SAID, "V-1"),
    (FATIMA, "cars", "0", SAID, "V-0"),
)


def source(service: SourceService, patience: float = 5.0, **settings: Path) -> HttpSource:
    return HttpSource(
        "vehicles",
        HttpSourceSettings(service.url, **settings),
        clock=lambda: dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
        patience=dt.timedelta(seconds=patience),
        waits=(dt.timedelta(seconds=0.01), dt.timedelta(seconds=0.02)),
    )


@asynccontextmanager
async def connected(kind: str, rows: Sequence[Row], folder: Path) -> AsyncIterator[SourcePort]:
    if kind == "file":
        path = folder / "vehicles.csv"
        path.write_text("".join(f"{','.join(cells)}\n" for cells in (HEADER, *rows)), "utf-8")
        yield FileSource("vehicles", path)
    else:
        async with open_service(rows) as service:
            yield source(service)


async def hear(port: SourcePort, *asked: str) -> set[Answer]:
    return set(checked(port.name, await port.ask(asked), asked=asked, today=DAY))


def answers(*rows: Row) -> set[Answer]:
    return {Answer(who, fact, value, dt.date.fromisoformat(day), ref) for who, fact, value, day, ref in rows}


KINDS = pytest.mark.parametrize("kind", ["file", "service"])


@KINDS
async def test_what_is_known_is_said_of_whom_it_is_known(kind: str, tmp_path: Path) -> None:
    async with connected(kind, KNOWN, tmp_path) as port:
        assert await hear(port, HASSAN) == answers(*KNOWN[:2])
        assert await hear(port, STRANGER) == set(), "who is unknown has no zero"
        assert await hear(port, FATIMA, STRANGER, HASSAN) == answers(*KNOWN)
        assert await hear(port) == set()
        assert port.households_at_once > 0
        assert await port.check()


@KINDS
@pytest.mark.parametrize(
    "row",
    [
        (HASSAN, "rooms", "3", SAID, "V-1"),
        (HASSAN, "motorcycles", "many", SAID, "V-1"),
        (HASSAN, "motorcycles", "-1", SAID, "V-1"),
        (HASSAN, "motorcycles", "1", "20/02/2026", "V-1"),
        (HASSAN, "motorcycles", "1", "2026-03-03", "V-1"),
        (HASSAN, "motorcycles", "1", SAID, ""),
        (HASSAN, "motorcycles", "1", SAID, "V\x01"),
        (HASSAN, "cars", "2", SAID, "V-1"),
        (HASSAN, "cars", "1", SAID, "V-1"),
    ],
    ids=[
        "fact",
        "value",
        "negative",
        "date",
        "to come",
        "no reference",
        "unprintable",
        "contradictory",
        "twice",
    ],
)
async def test_what_cannot_be_used_is_no_answer_and_nothing_beside_it_is_used(
    kind: str, row: Row, tmp_path: Path
) -> None:
    async with connected(kind, (KNOWN[0], row), tmp_path) as port:
        with pytest.raises(SourceWrong) as wrong:
            await hear(port, HASSAN)
    assert HASSAN not in str(wrong.value)


@KINDS
async def test_a_source_that_is_gone_is_down_and_comes_back(kind: str, tmp_path: Path) -> None:
    if kind == "file":
        port: SourcePort = FileSource("vehicles", tmp_path / "vehicles.csv")
    else:
        async with open_service() as service:
            port = source(service)
    for question in (port.ask([HASSAN]), port.check()):
        with pytest.raises(SourceDown):
            await question
    if kind == "file":
        async with connected(kind, KNOWN, tmp_path):
            assert await hear(port, FATIMA) == answers(KNOWN[2])


def said(*people: object, **more: object) -> str:
    return json.dumps({"people": people} | more)


def person(identifier: str, *facts: object) -> dict[str, object]:
    return {"identifier": identifier, "facts": facts}


FACT = {"fact": "cars", "value": "1", "as_of": SAID, "reference": "V-1"}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>maintenance</html>",
        said(person(HASSAN, FACT))[:-3],
        "null",
        "[]",
        "{}",
        said(),
        said(person(STRANGER, FACT)),
        said(person(HASSAN, FACT), person(STRANGER, FACT)),
        said(person(HASSAN, FACT), person(HASSAN)),
        said(person(HASSAN, FACT | {"value": 1})),
        said(person(HASSAN, FACT | {"value": None})),
        said(person(HASSAN, FACT | {"value": "1" * 300})),
        said(person(HASSAN, FACT | {"as_of": 1771545600})),
        said(person(HASSAN, FACT | {"sure": "perhaps"})),
        said(person(HASSAN, {name: text for name, text in FACT.items() if name != "as_of"})),
        said(person(HASSAN, *[FACT] * 51)),
        said(person(HASSAN, FACT), error="half of it is missing"),
        said(person(int(HASSAN), FACT)),
        said(person(HASSAN, FACT)).replace('"value"', '"value": "0", "value"'),
        '{"people": ' + "[" * 100_000,
        b"\xff\xfe\x00",
        " " * (1024 * 1024) + said(person(HASSAN, FACT)),
    ],
)
async def test_a_service_that_says_anything_else_has_not_answered(body: str | bytes) -> None:
    async with open_service() as service:
        service.failures = [raw(200, body)]
        with pytest.raises(SourceWrong) as wrong:
            await hear(source(service), HASSAN)
        assert len(service.asked) == 1, "what it says once it would say again"
    assert HASSAN not in str(wrong.value)


BUSY = raw(429, "", "retry-after: 0")


@pytest.mark.parametrize(
    ("failures", "code", "tries"),
    [
        ([raw(500)] * 3, "http_500", 3),
        ([raw(503)] * 3, "http_503", 3),
        ([BUSY, raw(502), raw(504)], "http_504", 3),
        ([raw(429, "", "retry-after: 3600")], "http_429", 1),
        ([raw(503, "", "retry-after: Mon, 02 Mar 2026 01:00:00 GMT")], "http_503", 1),
        ([raw(401)], "http_401", 1),
        ([raw(400, said(person(HASSAN, FACT)))], "http_400", 1),
        ([raw(204)], "http_204", 1),
        ([raw(302, "", "location: http://127.0.0.1:1/")], "redirect", 1),
        ([raw(200, said(person(HASSAN, FACT)), length=9999)] * 3, "unreachable", 3),
        ([b""] * 3, "unreachable", 3),
        ([b"220 smtp.example ready\r\n\r\n"] * 3, "unreachable", 3),
        ([None], "timeout", 1),
    ],
)
async def test_a_service_that_fails_is_asked_again_where_that_may_help(
    failures: list[bytes | None], code: str, tries: int
) -> None:
    async with open_service(KNOWN) as service:
        service.failures = list(failures)
        with pytest.raises(SourceDown) as down:
            await hear(source(service, patience=0.3), HASSAN)
        assert (down.value.code, len(service.asked)) == (code, tries)
        hour = dt.timedelta(hours=1) if "retry-after: " in str(failures[0]) and failures[0] != BUSY else None
        assert down.value.retry_after == hour
        assert await hear(source(service), HASSAN) == answers(*KNOWN[:2]), "and works again afterwards"


async def test_one_moment_of_weakness_is_not_noticed() -> None:
    async with open_service(KNOWN) as service:
        service.failures = [raw(500), BUSY]
        assert await hear(source(service), FATIMA) == answers(KNOWN[2])


async def test_many_are_asked_in_parts_and_one_failing_part_leaves_nothing() -> None:
    crowd = [f"{number:010}" for number in range(120)]
    rows = [(each, "cars", "1", SAID, "V-1") for each in crowd]
    async with open_service(rows) as service:
        assert await hear(source(service), *crowd) == answers(*rows)
        parts = [json.loads(asked.body) for asked in service.asked]
        assert sorted(len(part["identifiers"]) for part in parts) == [20, 50, 50]
        assert {tuple(part["facts"]) for part in parts} == {("cars", "motorcycles")}
        service.failures = [raw(400)]
        with pytest.raises(SourceDown):
            await hear(source(service), *crowd)


async def test_nobody_is_named_in_an_address_or_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = tmp_path / "token"
    token.write_text("s3cret-one\n")
    async with open_service(KNOWN) as service:
        port = source(service, token=token)
        service.failures = [raw(500), raw(200, said(person(STRANGER, FACT)))]
        with pytest.raises(SourceWrong):
            await hear(port, HASSAN)
        token.write_text("s3cret-two\n")
        await hear(port, HASSAN)
        assert {(asked.method, asked.target) for asked in service.asked} == {("POST", "/ask")}
        assert [asked.headers["authorization"] for asked in service.asked] == [
            "Bearer s3cret-one",
            "Bearer s3cret-one",
            "Bearer s3cret-two",
        ], "a token that was renewed is used"
        assert not any(HASSAN in str(asked.headers) for asked in service.asked)
        token.unlink()
        with pytest.raises(SourceDown, match="bad_settings"):
            await hear(port, HASSAN)
    for hidden in (HASSAN, "s3cret"):
        assert hidden not in caplog.text


def certificate(folder: Path, name: str, signed_by: str | None = None) -> tuple[Path, Path]:
    """A certificate for this machine and its key, in PEM; signed by itself without `signed_by`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, issuer_key = subject, key
    if signed_by:
        issuer = x509.load_pem_x509_certificate((folder / f"{signed_by}.pem").read_bytes()).subject
        issuer_key = load_pem_private_key((folder / f"{signed_by}.key").read_bytes(), None)
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signed_by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(HERE)]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


async def test_both_sides_show_a_certificate(tmp_path: Path) -> None:
    authority, _ = certificate(tmp_path, "authority")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate(tmp_path, "service", "authority"))
    tls.load_verify_locations(authority)
    tls.verify_mode = ssl.CERT_REQUIRED
    ours, key = certificate(tmp_path, "portal", "authority")
    async with open_service(KNOWN, tls) as service:
        assert await hear(source(service, certificate=ours, key=key, authority=authority), FATIMA)
        for settings in ({"authority": authority}, {"certificate": ours, "key": key}):
            with pytest.raises(SourceDown):
                await hear(source(service, **settings), FATIMA)
        assert len(service.asked) == 1
