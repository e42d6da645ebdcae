"""What the tests of a declaration type, page by page, and the family that they type it for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from identity.people.tables import Gender, Person
from tests.app.journeys import claim_account
from tests.app.pages import PageBrowser

if TYPE_CHECKING:
    from tests.app.conftest import Messages, Register

ANFA = {"region": "06", "province": "06.141", "commune": "06.141.01.01"}
RURAL_FES_MEKNES = {"region": "03", "province": "03.061", "commune": "03.061.03.01"}

# The household A1 of the worked examples, and the rural one B.
URBAN = {
    "dwelling": {"rooms": "1", "bath": "yes", "meter": "individual", "several_families": "no"},
    "equipment": {
        "satellite_antenna": "no",
        "landline": "no",
        "computers": "0",
        "mobile_phones": "2",
        "cars": "0",
        "motorcycles": "0",
    },
    "spending": {
        "water_mad": "100",
        "electricity_mad": "200",
        "butane_mad": "80",
        "telephone_mad": "60",
        "internet_mad": "40",
    },
    "property": {"loan": "no", "secondary_dwelling": "no", "garage": "no", "professional_premises": "no"},
}
RURAL = {
    "dwelling": {"dwelling_type": "modern_house", "rooms": "2"},
    "equipment": {"cars": "0", "motorcycles": "0"},
    "spending": {
        "water_mad": "40",
        "electricity_mad": "60",
        "butane_mad": "80",
        "telephone_mad": "60",
        "internet_mad": "0",
    },
    "property": {
        "secondary_dwelling": "no",
        "non_agricultural_land": "no",
        "irrigated_land": "no",
        "cows": "1",
    },
}
URBAN_HEAD = {
    "education": "basic",
    "diploma": "none",
    "active": "yes",
    "occupation": "other",
    "health_cover": "none",
}
URBAN_SPOUSE = {"diploma": "none", "active": "no", "occupation": "none", "health_cover": "none"}
PUPIL = {"schooling": "public", "health_cover": "none"}
RURAL_HEAD = {
    "education": "none",
    "diploma": "none",
    "literate": "no",
    "occupation": "farmer",
    "health_cover": "none",
}


@dataclass(frozen=True)
class Family:
    """Hassan, 42, and Fatima, 38, with Yassine, 12, and Salma, 8."""

    hassan: Person
    fatima: Person
    yassine: Person
    salma: Person


async def add_family(register: Register) -> Family:
    hassan = await register(given_name_latin="Hassan", birth_date=dt.date(1984, 1, 2), gender=Gender.MALE)
    fatima = await register(given_name_latin="Fatima", birth_date=dt.date(1988, 1, 2))
    child = {
        "father_id": hassan.id,
        "mother_id": fatima.id,
        "document_kind": None,
        "document_number": None,
        "phone": None,
    }
    yassine = await register(given_name_latin="Yassine", birth_date=dt.date(2014, 1, 2), **child)
    salma = await register(given_name_latin="Salma", birth_date=dt.date(2018, 1, 2), **child)
    return Family(hassan, fatima, yassine, salma)


async def settle_in(browser: PageBrowser, person: Person, messages: Messages) -> None:
    """Claim the account and leave the page of the recovery code."""
    await claim_account(browser, person, messages)
    await browser.submit()


async def choose_place(browser: PageBrowser, place: dict[str, str], district: str = "") -> None:
    """Region, province and commune, as without a script: each choice shows the next list."""
    await browser.open("/household/declaration/address")
    await browser.submit(region=place["region"])
    await browser.submit(province=place["province"])
    await browser.submit(commune=place["commune"], district=district)


async def answer_home(browser: PageBrowser, place: dict[str, str], home: dict[str, dict[str, str]]) -> None:
    """Every page about the household, each leading to the next."""
    await choose_place(browser, place)
    for step, answers in home.items():
        assert browser.path == f"/household/declaration/{step}"
        await browser.submit(**answers)
    assert browser.path == "/household/declaration/members"


async def describe(browser: PageBrowser, key: str, answers: dict[str, str]) -> None:
    await browser.open(f"/household/declaration/members/{key}")
    await browser.submit(**answers)


async def declare_alone(browser: PageBrowser) -> str:
    """The declaration of somebody who lives alone in town; the reference of the receipt."""
    await answer_home(browser, ANFA, URBAN)
    await describe(browser, "head", URBAN_HEAD)
    await browser.open("/household/declaration/check")
    await browser.submit()
    return receipt_reference(browser)


def receipt_reference(browser: PageBrowser) -> str:
    folder, _, reference = browser.path.rpartition("/")
    assert folder == "/household/declaration/receipts", browser.path
    return reference


def member_keys(browser: PageBrowser) -> list[str]:
    """The keys of the members on the page of the members of a declaration."""
    prefix = "/household/declaration/members/"
    return list(
        dict.fromkeys(link.partition(prefix)[2].partition("?")[0] for link in browser.links if prefix in link)
    )
