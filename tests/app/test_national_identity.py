"""Claiming through the national identity service, as a browser does it; and what happens when it is down, or cheats."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from app.main import create_app
from app.requests import Portal
from identity.people.population import DocumentFacts, Line, RegisterUnavailable
from identity.people.tables import Person
from identity.proofs.tables import Challenge
from identity.tables import Account, AuditEntry, NationalIdentity, Proofing
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import PASSWORD, claim_account, sign_in, start_claim
from tests.app.pages import PageBrowser
from tests.identity.national_service import ISSUER, STRONG, WEAK, Service

START = "/claim/national-identity"
BORN = {"birth_date": dt.date(1984, 5, 17)}
NOT_ACCEPTED = (
    "The answer of the national identity service could not be accepted. Nothing was changed. Start again. "
    "If it happens once more, go to a service centre."
)
DIFFERS = (
    "What the national identity service says differs from what the portal has on file. Go to a service centre with "
    "any paper that shows who you are: an officer checks it with you."
)
UNREACHABLE = (
    "The national identity service cannot be reached now. Try again later, or claim with your document. "
    "All other pages of the portal work."
)
ENDED = "This attempt has ended, or it began in another browser. Start again here."


async def leave(browser: PageBrowser) -> str:
    """To the door of the service; its address."""
    await browser.open(START)
    await browser.submit()
    assert browser.status == 200, browser.text
    return next(link for link in browser.links if link.startswith(ISSUER))


async def come_back(browser: PageBrowser, brought: dict[str, str]) -> None:
    query = str(httpx.QueryParams(brought))
    await browser.open(f"!/national-identity/return?{query}", **{"accept-language": browser.lang})


async def through_service(browser: PageBrowser, service: Service, person: Person | None = None) -> None:
    """Out, signed in there, and back."""
    if person is not None:
        service.person["individual_id"] = person.identifier
        service.person["birthdate"] = person.birth_date.isoformat()
        service.person["phone_number"] = person.phone
    await come_back(browser, service.sign_in(await leave(browser)))


async def reasons(portal: Portal) -> list[str]:
    async with portal.reads() as session:
        refused = select(AuditEntry).where(AuditEntry.action == "national_identity_refused")
        return [entry.details["reason"] for entry in await session.exec(refused.order_by(col(AuditEntry.id)))]


async def everything(portal: Portal, table: Any) -> list[Any]:
    async with portal.reads() as session:
        return list(await session.exec(select(table)))


async def test_from_the_service_to_an_account(
    visitor: PageBrowser, register: Register, service: Service, portal: Portal, clock: Clock
) -> None:
    person = await register()
    await visitor.open("/claim")
    assert f"/fr{START}" in visitor.links
    await through_service(visitor, service, person)
    assert visitor.path == "/claim/account"
    assert person.identifier in visitor.text
    await visitor.submit(new_password=PASSWORD)
    assert visitor.path == "/claim/done"
    [account] = await everything(portal, Account)
    assert (account.person_id, account.phone) == (person.id, person.phone)
    assert (account.proofing, account.proofed_at) == (Proofing.NATIONAL_IDENTITY_SERVICE, clock.now)
    [link] = await everything(portal, NationalIdentity)
    assert (link.person_id, link.issuer, link.subject) == (person.id, ISSUER, service.subject)
    assert (link.acr, link.proven_at) == (STRONG, clock.now)
    async with portal.reads() as session:
        actions = list(await session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))))
    assert actions == ["national_identity_started", "national_identity_proven", "account_opened"]


async def test_somebody_the_portal_does_not_know_yet_is_written_down(
    visitor: PageBrowser, service: Service, portal: Portal
) -> None:
    await through_service(visitor, service)
    assert visitor.path == "/claim/account"
    [person] = await everything(portal, Person)
    assert (person.identifier, person.birth_date) == ("0123456789", dt.date(1984, 5, 17))
    assert (person.given_name_ar, person.family_name_latin) == ("فاطمة", "El Idrissi")
    assert (person.document_number, person.phone) == (None, "+212612345678")


async def test_a_register_that_writes_one_script_lends_its_names_to_the_other(
    visitor: PageBrowser, service: Service, portal: Portal
) -> None:
    for name in ("given_name", "family_name"):
        del service.person[name]
    await through_service(visitor, service)
    [person] = await everything(portal, Person)
    assert (person.given_name_latin, person.family_name_latin) == ("فاطمة", "الإدريسي")


async def test_the_way_out_sends_nobody_by_a_form_and_keeps_no_state(
    visitor: PageBrowser, service: Service, portal: Portal
) -> None:
    address = await leave(visitor)
    refresh = visitor.page.first("meta", **{"http-equiv": "refresh"})
    assert refresh.get("content") == f"0; url={address}"
    state = service.sign_in(address)["state"]
    [challenge] = await everything(portal, Challenge)
    assert state not in repr(challenge)
    assert challenge.person_id is None


async def test_the_language_of_the_departure_is_that_of_the_return(
    browser_of: BrowserOf, service: Service
) -> None:
    for lang in ("ar", "fr", "zgh"):
        browser = browser_of(lang)
        address = await leave(browser)
        assert f"ui_locales={lang}" in address
        await come_back(browser, {"state": service.sign_in(address)["state"], "error": "access_denied"})
        assert browser.response.url.path == f"/{lang}{START}/refused"


async def test_whoever_turns_back_at_the_service_is_where_he_was(
    visitor: PageBrowser, service: Service, portal: Portal
) -> None:
    brought = service.sign_in(await leave(visitor))
    await come_back(visitor, {"state": brought["state"], "error": "access_denied"})
    assert visitor.says("You did not finish at the national identity service. Nothing was changed.")
    assert await reasons(portal) == ["service_error"]
    await come_back(visitor, brought)
    assert visitor.says(ENDED), "the state was used"


async def test_a_return_counts_once_and_in_its_own_browser(
    visitor: PageBrowser, browser_of: BrowserOf, service: Service, portal: Portal
) -> None:
    thief, bare = browser_of(), browser_of()
    await thief.open(START)
    brought = service.sign_in(await leave(visitor))
    for browser, changed in (
        (thief, {}),
        (bare, {}),
        (visitor, {"state": brought["state"] + "x"}),
        (visitor, {"state": ""}),
    ):
        await come_back(browser, brought | changed)
        assert browser.says(ENDED)
    await come_back(visitor, brought)
    assert visitor.path == "/claim/account"
    await come_back(visitor, brought)
    assert visitor.says(ENDED)
    assert await reasons(portal) == ["not_awaited"] * 4
    assert await everything(portal, Account) == []


async def test_a_return_after_a_quarter_of_an_hour_is_too_late(
    visitor: PageBrowser, service: Service, clock: Clock
) -> None:
    brought = service.sign_in(await leave(visitor))
    clock.advance(minutes=16)
    await come_back(visitor, brought)
    assert visitor.says(ENDED)


async def test_a_stranger_who_knocks_again_and_again_does_not_fill_the_audit(
    visitor: PageBrowser, portal: Portal
) -> None:
    await visitor.open("/claim")
    for number in range(40):
        await come_back(visitor, {"state": f"guess {number}", "code": "a"})
    assert len(await reasons(portal)) == 30
    await visitor.open(START)
    await visitor.submit()
    assert visitor.status == 429
    assert visitor.says(
        "There were too many tries from here. Try again in an hour, or go to a service centre."
    )


CHEATS: dict[str, Any] = {
    "issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "audience": lambda claims: claims | {"aud": "another client"},
    "nonce": lambda claims: claims | {"nonce": "of another departure"},
    "acr": lambda claims: claims | {"acr": WEAK},
    "expired": lambda claims: claims | {"exp": claims["iat"] - 60},
}


@pytest.mark.parametrize("reason", CHEATS)
async def test_a_cheat_opens_nothing_and_is_written_down(
    visitor: PageBrowser, register: Register, service: Service, portal: Portal, reason: str
) -> None:
    person = await register()
    service.change_id_token = CHEATS[reason]
    await through_service(visitor, service, person)
    assert (visitor.path, visitor.status) == (f"{START}/refused", 200)
    assert visitor.says(NOT_ACCEPTED)
    assert await reasons(portal) == [reason]
    assert await everything(portal, NationalIdentity) == []
    await visitor.open("/claim/account")
    assert visitor.path == "/claim"


async def test_who_differs_from_the_file_is_sent_to_a_centre(
    visitor: PageBrowser, register: Register, service: Service, portal: Portal
) -> None:
    person = await register()
    service.person |= {"individual_id": person.identifier, "birthdate": "1950-01-01"}
    await through_service(visitor, service)
    assert visitor.says(DIFFERS)
    assert await reasons(portal) == ["differs"]
    assert await everything(portal, NationalIdentity) == []


async def test_nobody_claims_for_the_dead(
    visitor: PageBrowser, register: Register, service: Service, portal: Portal
) -> None:
    await through_service(visitor, service, await register(deceased_on=dt.date(2024, 1, 1)))
    assert visitor.says(DIFFERS)
    assert await reasons(portal) == ["deceased"]


@pytest.mark.parametrize("missing", ["individual_id", "birthdate", "gender", "phone_number"])
async def test_what_is_missing_is_completed_at_a_centre(
    visitor: PageBrowser, service: Service, portal: Portal, missing: str
) -> None:
    del service.person[missing]
    await through_service(visitor, service)
    assert str(visitor.response.url).endswith("/refused?why=incomplete")
    assert await reasons(portal) == ["incomplete"]
    assert await everything(portal, Person) == []


async def test_a_number_on_file_serves_when_the_service_gives_none(
    visitor: PageBrowser, register: Register, service: Service, portal: Portal
) -> None:
    person = await register(**BORN)
    service.person |= {"individual_id": person.identifier, "phone_number_verified": False}
    await through_service(visitor, service)
    await visitor.submit(new_password=PASSWORD)
    [account] = await everything(portal, Account)
    assert account.phone == person.phone


async def test_whoever_has_an_account_is_sent_to_sign_in(
    visitor: PageBrowser,
    browser_of: BrowserOf,
    register: Register,
    messages: Messages,
    service: Service,
    portal: Portal,
) -> None:
    person = await register()
    await claim_account(browser_of(), person, messages)
    await through_service(visitor, service, person)
    assert visitor.path == "/sign-in"
    assert visitor.says("This identifier already has an account. Sign in with your password.")
    assert len(await everything(portal, Account)) == 1


async def test_one_person_of_the_service_is_one_person_here(
    visitor: PageBrowser, browser_of: BrowserOf, register: Register, service: Service, portal: Portal
) -> None:
    """A second subject for a person, and a second person for a subject: neither is believed."""
    first = await register()
    await through_service(visitor, service, first)
    assert visitor.path == "/claim/account"
    another = browser_of()
    service.subject = "another subject"
    await through_service(another, service, first)
    assert another.says(DIFFERS)
    again = browser_of()
    service.subject = "a-name-for-this-client-alone"
    await through_service(again, service, await register())
    assert again.path == "/claim/account"
    assert first.identifier in again.text, "the subject counts, whatever number came with it"
    assert await reasons(portal) == ["differs"]


async def test_an_account_opened_so_signs_in_like_any_other(
    visitor: PageBrowser,
    browser_of: BrowserOf,
    register: Register,
    messages: Messages,
    service: Service,
    clock: Clock,
) -> None:
    person, later = await register(), browser_of()
    await through_service(visitor, service, person)
    await visitor.submit(new_password=PASSWORD)
    clock.advance(hours=3)
    await sign_in(later, person, messages)
    assert later.path.startswith("/household")


async def test_without_the_service_everything_else_works(
    visitor: PageBrowser, register: Register, messages: Messages, service: Service, portal: Portal
) -> None:
    def down(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    for door in ("discovery", "token", "userinfo", "jwks"):
        service.answers[door] = down
    await visitor.open(START)
    assert (visitor.status, visitor.says(UNREACHABLE)) == (200, True)
    await visitor.submit()
    assert (visitor.status, visitor.says(UNREACHABLE)) == (503, True)
    for path in ("/", "/claim", "/centres", "/sign-in", "/simulator", "/help"):
        await visitor.open(path)
        assert visitor.status == 200
    await claim_account(visitor, await register(), messages)
    assert visitor.path == "/claim/done"


async def test_a_service_that_fails_in_the_middle_says_so_and_lets_one_try_again(
    visitor: PageBrowser, register: Register, service: Service, portal: Portal
) -> None:
    person = await register()
    service.answers["token"] = lambda _: httpx.Response(502)
    await through_service(visitor, service, person)
    assert visitor.says(UNREACHABLE)
    assert await reasons(portal) == ["http_502"]
    del service.answers["token"]
    await through_service(visitor, service, person)
    assert visitor.path == "/claim/account"


class SilentRegister:
    """A register of documents that cannot be asked."""

    async def match(self, evidence: DocumentFacts) -> Line:
        raise RegisterUnavailable("timeout")

    async def find(self, identifier: str) -> Line | None:
        raise RegisterUnavailable("timeout")

    async def children(self, identifier: str) -> list[Line]:
        raise RegisterUnavailable("timeout")


async def test_a_claim_while_the_register_is_silent_keeps_what_was_typed(
    portal: Portal, register: Register
) -> None:
    """R-25: the portal stays readable, a claim says to try later, and nothing is half done."""
    browser = PageBrowser(create_app(replace(portal, register=lambda _: SilentRegister())))
    person = await register()
    await start_claim(browser, person)
    assert (browser.path, browser.status) == ("/claim", 503)
    assert browser.response.headers["retry-after"] == "120"
    assert browser.form().values["document_number"] == person.document_number
    assert await everything(portal, Challenge) == []
    await browser.open("/")
    assert browser.status == 200
    await browser.close()


async def test_a_portal_without_the_service_has_none_of_its_pages(portal: Portal) -> None:
    browser = PageBrowser(create_app(replace(portal, national_identity=None)))
    await browser.open("/claim")
    assert not [link for link in browser.links if "national-identity" in link]
    for path in (START, f"{START}/refused", "!/national-identity/return?state=a"):
        await browser.open(path)
        assert browser.status == 404
    await browser.close()
