"""Going to a place as one of the people of the town, and standing before its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pyotp
from litestar import Litestar

from app.requests import Portal
from tests.app.pages import Element, FilledForm, PageBrowser, Value
from tests.app.places import Place, Step
from tests.app.town import TOTP_SECRET, Town
from tests.identity.world import last_code


@dataclass(frozen=True)
class Visitors:
    """Opens browsers for the people of the town, and finds what their telephones show."""

    app: Litestar
    portal: Portal
    town: Town

    def browser(self, who: str, lang: str = "fr") -> PageBrowser:
        browser = PageBrowser(self.app, lang=lang)
        if who:
            browser.http.cookies.set("session", self.town.tokens[who])
        return browser

    async def stand(self, place: Place, lang: str = "fr") -> tuple[PageBrowser, FilledForm]:
        """Go to a place and fill its form in rightly; it is not sent."""
        browser = self.browser(place.who, lang)
        for step in place.before:
            await self._take(browser, step)
        if place.path is not None:
            await browser.open(self.town.fill(place.path))
        form = _form(browser, self.town.fill(place.action) if place.action else None)
        form.fill(**await self._filled(place.answers, browser))
        form.press(None)
        return browser, form

    async def _take(self, browser: PageBrowser, step: Step) -> None:
        if step.path is not None:
            await browser.open(self.town.fill(step.path))
        form = _form(browser, step.action)
        form.fill(**await self._filled(step.answers, browser))
        form.values.update(step.older)
        form.press(None)
        await browser.send(form)

    async def _filled(self, answers: Mapping[str, Value], browser: PageBrowser) -> dict[str, Value]:
        return {
            name: await self._word(value, browser) if isinstance(value, str) else value
            for name, value in answers.items()
        }

    async def _word(self, text: str, browser: PageBrowser) -> str:
        if text == "{code of the key}":
            key = browser.main.first(class_="panel-value").text.replace(" ", "")
            return pyotp.TOTP(key).at(self.portal.clock())
        if text == "{totp}":
            return pyotp.TOTP(TOTP_SECRET).at(self.portal.clock())
        if text.startswith("{code:"):
            named = self.town.fill(text[6:-1])
            person = self.town.people.get(named)
            address = str(person.phone) if person else named
            async with self.portal.reads() as session:
                return await last_code(session, self.portal.keys, address=address)
        return self.town.fill(text)


def _form(browser: PageBrowser, action: str | None) -> FilledForm:
    assert browser.status < 400 or browser.status == 409, f"{browser.path}: {browser.status} {browser.text}"
    return browser.form(action) if action else FilledForm(main_form(browser))


def main_form(browser: PageBrowser) -> Element:
    """The form that asks something, rather than a button of its own."""
    forms = [form for form in browser.main.all("form") if form.get("method") == "post"]
    assert forms, f"no form on {browser.path}: {browser.text}"
    return forms[0]


def target(browser: PageBrowser, form: FilledForm) -> str:
    """The path, without the language and with its query, to which the form is sent."""
    url = urlsplit(str(browser.response.url.join(form.action)) if form.action else str(browser.response.url))
    path = "/" + url.path.split("/", 2)[2]
    return f"{path}?{url.query}" if url.query else path
