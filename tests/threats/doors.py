"""Every form at which a stranger, or a neighbour who is signed in, could find out whom the portal knows.

`knock` sends one door's forms with what one cause changes, and notes what came back and what it took: nothing of it may
differ from cause to cause.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import event

from app.requests import Portal
from identity.people.number_rules import check_digit
from identity.proofs.passwords import PasswordHasher
from tests.app.pages import PageBrowser
from tests.app.places.place import NOBODY
from tests.app.places.pre_registration import PRE_REGISTRATION
from tests.app.standing import Visitors

NOBODYS: Final = {"identifier": "999999999" + str(check_digit("999999999")), "phone": "0655555551"}


@dataclass(frozen=True)
class Then:
    """A form that is sent after the first, alike for every cause: on the page where one is, or on `path`."""

    answers: Mapping[str, str] = field(default_factory=dict)
    path: str | None = None
    action: str | None = None
    seconds_later: int = 0


@dataclass(frozen=True)
class Door:
    path: str
    answers: Mapping[str, str]
    causes: Mapping[str, Mapping[str, str]]
    then: tuple[Then, ...] = ()
    who: str = NOBODY


WRONG: Final = Then({"code": "000000"})


def _code_page(path: str) -> tuple[Then, ...]:
    """A wrong code, another one asked for, and a wrong one again."""
    return WRONG, Then(path=path, action=f"{path}/again", seconds_later=61), WRONG


DOORS: Final[dict[str, Door]] = {
    "claim": Door(
        "/claim",
        {
            "document_kind": "national_card",
            "document_number": "{newcomer_document}",
            "birth_date_day": "27",
            "birth_date_month": "3",
            "birth_date_year": "1984",
            "phone": "{newcomer_phone}",
        },
        {
            "matches": {},
            "unknown document": {"document_number": "ZA999999"},
            "other kind of document": {"document_kind": "residence_card"},
            "other birth date": {"birth_date_year": "1990"},
            "other telephone": {"phone": NOBODYS["phone"]},
            "has an account": {"document_number": "AB123456", "phone": "{amal_phone}"},
            "deceased": {"document_number": "{late_document}", "phone": "{late_phone}"},
            "no number on file": {"document_number": "{silent_document}"},
        },
        _code_page("/claim/code"),
    ),
    "sign in": Door(
        "/sign-in",
        {"identifier": "{amal_identifier}", "password": "{password}", "shared_device": "no"},
        {
            "unknown": {"identifier": NOBODYS["identifier"]},
            "wrong password": {"password": "un autre mot de passe"},
            "no account": {"identifier": "{newcomer_identifier}"},
            "disabled": {"identifier": "{locked_identifier}"},
            "deceased": {"identifier": "{late_identifier}"},
            "another's password": {"identifier": "{hassan_identifier}"},
        },
    ),
    "recovery": Door(
        "/recovery",
        {"identifier": "{amal_identifier}", "recovery_code": "{amal_recovery_code}"},
        {
            "right, with an authenticator": {},
            "right, without one": {"identifier": "{hassan_identifier}"},
            "unknown": {"identifier": NOBODYS["identifier"]},
            "another code": {"recovery_code": "0" * 16},
            "no account": {"identifier": "{newcomer_identifier}"},
            "disabled": {"identifier": "{locked_identifier}"},
            "deceased": {"identifier": "{late_identifier}"},
        },
        (*_code_page("/recovery/code"), Then({"code": "000000"}, "/recovery/authenticator")),
    ),
    "recovery after a visit": Door(
        "/recovery/centre",
        {"identifier": "{touria_identifier}", "binding": "{bound}"},
        {
            "right": {},
            "unknown": {"identifier": NOBODYS["identifier"]},
            "another reference": {"binding": "T-0000000000"},
            "another person": {"identifier": "{amal_identifier}"},
            "not witnessed": {"binding": "{binding}"},
        },
        _code_page("/recovery/centre/code"),
    ),
    "not me": Door(
        "/not-me",
        {"phone": "{amal_phone}"},
        {
            "of an account": {},
            "of the register": {"phone": "{newcomer_phone}"},
            "nobody's": {"phone": NOBODYS["phone"]},
            "of the dead": {"phone": "{late_phone}"},
            "of an applicant": {"phone": "{appointed_phone}"},
        },
        _code_page("/not-me/code"),
    ),
    "not my change": Door(
        "/not-me/change",
        {"reference": "{phone_change}"},
        {
            "a change": {},
            "no change": {"reference": "P-0000000000"},
            "something else": {"reference": "{bound}"},
        },
        _code_page("/not-me/change/code"),
    ),
    "pre-registration": Door(
        "/pre-registration",
        PRE_REGISTRATION,
        {
            "a new number": {},
            "of an account": {"phone": "{amal_phone}"},
            "of the register": {"phone": "{newcomer_phone}"},
            "of an applicant": {"phone": "{appointed_phone}"},
        },
        _code_page("/pre-registration/code"),
    ),
    "coming back to a pre-registration": Door(
        "/pre-registration/return",
        {"pre_registration": "{appointed}", "phone": "{appointed_phone}"},
        {
            "right": {},
            "another telephone": {"phone": "{amal_phone}"},
            "unknown": {"pre_registration": "B-0000000000"},
            "somebody received": {"pre_registration": "{appointed}", "phone": "0655000002"},
        },
        _code_page("/pre-registration/return/code"),
    ),
    "staff": Door(
        "/staff/sign-in",
        {"email": "officer@centre.example.ma", "password": "{staff_password}", "totp": "000000"},
        {
            "wrong code": {},
            "wrong password": {"password": "une autre longue phrase"},
            "unknown": {"email": "nobody@centre.example.ma"},
            "dismissed": {"email": "dismissed@centre.example.ma", "totp": "{totp}"},
            "proposed": {"email": "guest@centre.example.ma"},
            "approved": {"email": "samira@centre.example.ma"},
        },
    ),
    "enrolment": Door(
        "/staff/enrol",
        {"work_email": "samira@centre.example.ma", "enrolment_code": "0000-0000-0000-0000"},
        {
            "wrong code": {},
            "unknown": {"work_email": "nobody@centre.example.ma"},
            "not approved": {"work_email": "guest@centre.example.ma", "enrolment_code": "{enrolment_code}"},
            "an officer": {"work_email": "officer@centre.example.ma"},
        },
    ),
    "inviting": Door(
        "/household/members/invite",
        {"person_identifier": "{newcomer_identifier}", "birth_year": "1984", "relation": "sibling"},
        {
            "no account": {},
            "has an account": {"person_identifier": "{amal_identifier}"},
            "unknown": {"person_identifier": NOBODYS["identifier"]},
            "another birth year": {"person_identifier": "{guest_identifier}", "birth_year": "1985"},
            "deceased": {"person_identifier": "{late_identifier}"},
            "no number": {"person_identifier": "{silent_identifier}"},
            "of another household": {"person_identifier": "{touria_identifier}"},
        },
        who="hassan",
    ),
    "an officer's visit": Door(
        "/staff/visits",
        {"person_identifier": "{newcomer_identifier}", "purpose": "declaration"},
        {
            "no account": {},
            "has an account": {"person_identifier": "{amal_identifier}"},
            "unknown": {"person_identifier": NOBODYS["identifier"]},
            "deceased": {"person_identifier": "{late_identifier}"},
            "no number": {"person_identifier": "{silent_identifier}"},
        },
        _code_page("/staff/visits/code"),
        who="elsewhere",
    ),
}

# What is of this page alone, and what the visitor has typed.
MASKED: Final = re.compile(
    r'value="[^"]*"|\b[0-9]{10}\b|\b[0-9]{2}:[0-9]{2}:[0-9]{2}\b|\b[A-Z]-[0-9A-Z]{8,}\b'
)
COOKIE_VALUE: Final = re.compile(r"=[^;]*")
SAVEPOINT: Final = re.compile(r"(?:RELEASE|ROLLBACK TO) SAVEPOINT \w+")


@dataclass
class Work:
    """What the portal did since the last look: secrets that were hashed, and statements, those of the outbox too."""

    hashes: int = 0
    statements: list[str] = field(default_factory=list)

    def take(self) -> tuple[int, tuple[str, ...]]:
        done = self.hashes, tuple(self.statements)
        self.hashes = 0
        self.statements.clear()
        return done

    def note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        """What became of a savepoint is no difference. Models are looked for once in a while, by whoever comes."""
        if statement.startswith("SELECT model_version"):
            return
        said = SAVEPOINT.sub("END SAVEPOINT", statement).partition(" VALUES ")[0]
        self.statements.append(re.sub(r"sa_savepoint_\d+", "s", said))


def counted(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Work:
    work, own = Work(), PasswordHasher._fits

    def hashing(hasher: PasswordHasher, hashed: str, secret: str) -> bool:
        work.hashes += 1
        return own(hasher, hashed, secret)

    monkeypatch.setattr(PasswordHasher, "_fits", hashing)
    for engine in {portal.engine.sync_engine, portal.reading.sync_engine}:
        event.listen(engine, "before_cursor_execute", work.note)
    return work


@dataclass(frozen=True)
class Seen:
    """What a stranger sees of one request, and what it took the portal."""

    answers: tuple[str, ...]
    work: tuple[int, tuple[str, ...]]


async def knock(visitors: Visitors, door: Door, cause: str, work: Work, clock: Any) -> list[Seen]:
    address = f"192.0.2.{list(door.causes).index(cause) + 1}"
    browser = PageBrowser(visitors.app, address=address)
    if door.who:
        browser.http.cookies.set("session", visitors.town.tokens[door.who])
    answers: list[str] = []

    async def note(response: httpx.Response) -> None:
        await response.aread()
        answers.append(_masked(response))

    browser.http.event_hooks["response"].append(note)
    first = Then({**door.answers, **door.causes[cause]}, door.path)
    seen = []
    for then in (first, *door.then):
        clock.advance(seconds=then.seconds_later)
        if then.path:
            await browser.open(then.path)
        if seen and not any(browser.main.all("form")):
            break
        form = browser.form(then.action)
        if seen and not set(then.answers) <= {control.get("name") for control in form.controls}:
            break
        form.fill(**{name: await visitors._word(value, browser) for name, value in then.answers.items()})
        form.press(None)
        answers.clear()
        work.take()
        await browser.send(form)
        seen.append(Seen(tuple(answers), work.take()))
    await browser.close()
    return seen


def _masked(response: httpx.Response) -> str:
    # A page is compressed with its tokens, so its length on the way is as random as they are.
    beside = ("set-cookie", "content-length")
    headers = [(name, value) for name, value in response.headers.multi_items() if name not in beside]
    cookies = [
        COOKIE_VALUE.sub(lambda value: "=" + "x" * len(value.group()), cookie, count=1)
        for cookie in response.headers.get_list("set-cookie")
    ]
    body = MASKED.sub("", response.text)
    return "\n".join(
        [str(response.status_code), response.url.path, repr(headers), repr(sorted(cookies)), body]
    )


def differences(found: Mapping[str, list[Seen]]) -> dict[str, str]:
    """The causes that are told apart from the first one, and by what."""
    usual, told = next(iter(found.values())), {}
    for cause, seen in found.items():
        if len(usual) != len(seen):
            told[cause] = f"{len(usual)} pages, {len(seen)}"
        for step, (one, other) in enumerate(zip(usual, seen, strict=False)):
            if one.answers != other.answers:
                told[cause] = f"answer {step}: {_apart(one.answers, other.answers)}"
                break
            if one.work != other.work:
                hashes = f"{one.work[0]} and {other.work[0]} hashes, "
                told[cause] = f"work {step}: {hashes}{_apart(one.work[1], other.work[1])}"
                break
    return told


def _apart(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """The first lines that differ."""
    lines = zip_longest("\n".join(one).splitlines(), "\n".join(other).splitlines(), fillvalue="")
    return next((f"{a.strip()[:160]!r}, {b.strip()[:160]!r}" for a, b in lines if a != b), "")
