"""Somebody in front of a screen: opens pages, answers what they ask, presses, reads.

visitor.open("/claim")
visitor.answer({"document_kind": "national_card", "document_number": "AB123456"})
assert visitor.path == "/claim/code"
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import pyotp
from playwright.sync_api import Locator, Page

from app.i18n.catalogues import gettext
from tests.browser.portal import RunningPortal

PHONE, DESKTOP = 360, 1280
PATIENCE_MS = 20_000
PASSWORD: Final = "quatre pommes bleues"
TICKED = ("radio", "checkbox")


@dataclass
class Visitor:
    page: Page
    portal: RunningPortal
    lang: str
    script: bool = True

    def open(self, path: str) -> None:
        """A path of the portal without its language."""
        answer = self.page.goto(f"/{self.lang}{path}")
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"

    def answer(self, answers: Mapping[str, str] | None = None, *, press: bool = True) -> None:
        """Fill in the questions by their names, in this order, and press the page's main button."""
        for name, answer in (answers or {}).items():
            self._fill(self.main.locator(f'[name="{name}"]'), answer)
        if press:
            self.main.locator("form[method=post] .button:not(.button-secondary)").last.click()

    def _fill(self, controls: Locator, answer: str) -> None:
        control = controls.first
        kind = control.evaluate("each => each.type")
        if kind in TICKED:
            controls.and_(self.page.locator(f'[value="{answer}"]')).check()
        elif kind == "select-one":
            control.select_option(answer)
        else:
            control.fill(answer)

    def follow(self, path: str) -> None:
        """Press the first link of the content that leads there."""
        self.main.locator(f'a[href^="/{self.lang}{path}"]').first.click()

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    @property
    def text(self) -> str:
        return " ".join(self.main.inner_text().split())

    @property
    def path(self) -> str:
        """Where one is, without the language."""
        return "/" + urlsplit(self.page.url).path.split("/", 2)[2]

    def says(self, sentence: str, **values: object) -> bool:
        """Whether the page says this sentence, given in English as the templates do, in the visitor's language."""
        return " ".join((gettext(self.lang, sentence) % values).split()) in self.text

    def arrive(self, path: str) -> None:
        """Wait until the browser is at this path, given without its language; `*` stands for anything."""
        self.page.wait_for_url(f"{self.portal.url}/{self.lang}{path}")


def birth_of(person: Any) -> dict[str, str]:
    year, month, day = person.birth_date.split("-")
    return {"birth_date_day": day, "birth_date_month": month, "birth_date_year": year}


def claim(visitor: Visitor, person: Any, **account: str) -> str:
    """From the first page to the recovery code, which is returned; it is still on the screen."""
    prove_claim(visitor, person)
    visitor.answer({"new_password": PASSWORD, **account})
    visitor.arrive("/claim/done")
    return visitor.main.locator(".panel-value").nth(1).inner_text()


def prove_claim(visitor: Visitor, person: Any) -> None:
    start_claim(visitor, person)
    visitor.answer({"code": visitor.portal.code_to(person.phone)})
    visitor.arrive("/claim/account")


def start_claim(visitor: Visitor, person: Any) -> None:
    visitor.open("/claim")
    facts = {"document_kind": person.document_kind, "document_number": person.document_number}
    visitor.answer({**facts, **birth_of(person), "phone": person.phone})
    visitor.arrive("/claim/code")


def sign_in(visitor: Visitor, person: Any, password: str | None = None) -> None:
    visitor.open("/sign-in")
    visitor.answer(
        {"identifier": person.identifier, "password": password or person.password, "shared_device": "yes"}
    )
    visitor.arrive("/sign-in/code")
    visitor.answer({"code": visitor.portal.code_to(person.phone)})
    visitor.arrive("/household")


def fresh_code(email: str, secret: str, used: dict[str, int] = {}) -> str:  # noqa: B006 -- kept between calls.
    """Each code of an authenticator is good once: a second sign-in in the same half minute waits for the next."""
    totp = pyotp.TOTP(secret)
    while (step := int(time.time()) // totp.interval) <= used.get(email, 0):
        time.sleep(0.5)
    used[email] = step
    return totp.at(step * totp.interval)


def sign_in_officer(visitor: Visitor, name: str) -> None:
    officer = visitor.portal.officer(name)
    visitor.open("/staff/sign-in")
    code = fresh_code(officer.email, officer.totp_secret)
    visitor.answer({"email": officer.email, "password": officer.password, "totp": code})
    visitor.arrive("/staff")
