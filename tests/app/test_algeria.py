"""The second country: no index, categories instead. Its pages, its numbers, its places, and what time changes."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
from click.testing import CliRunner
from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlmodel import select

from app.cli import main
from app.demo import algeria, loading, officers, people, worlds
from app.i18n.catalogues import OWN_WORDS_DIR, _catalogue, own_sentences, sentences
from app.i18n.locales import LOCALES
from app.main import create_app, create_portal
from app.requests import Portal
from app.rights import PAGES_OF_AN_INDEX, RIGHTS, route_name
from app.settings import Mode, SettingRefused, Settings, read_settings
from identity.people.number_rules import cards
from identity.people.numbers import InvalidNumber, parse_document_number, parse_identifier, parse_phone
from identity.people.tables import DocumentKind, Person
from identity.proofs.passwords import PasswordHasher
from registry import datafiles
from registry.appointments.slots import rules_on
from registry.centres.directory import centre_for, centres
from registry.delays import delays_on
from registry.geography import atlas, options
from registry.model_life.checks import check_file
from registry.profiles import profile, profile_names, use_profile
from registry.rules.index_models import model_in_use
from registry.rules.programme_files import load_programmes
from registry.rules.programmes import programmes
from registry.tables import Eligibility, IndexEvent, IndexReason
from registry.turning_days import decide_again
from tests.app.addresses import route_of
from tests.app.conftest import Clock, Messages
from tests.app.entering import choose, reference_on
from tests.app.journeys import PASSWORD, claim_account, sign_in, start_claim
from tests.app.pages import PageBrowser
from tests.app.well_formed import wrongs_of_page

FOREIGN_WORDS = re.compile(
    r"\bindex\b|\bindices?\b|recalcul|(?<!/)recomput|seuil|threshold|\bpoints\b|coefficient|\bformul[ae]s?\b|jauge|province"
    r"|Maroc|\bRSU\b|\bRNP\b|\bAMO\b|CNIE|CNDP|dirham|\bDH\b|\+212|\b06 12|Casablanca|\bdix chiffres|simul"
    r"|مؤشر|احتساب|عتبة|معامل|الصيغة|المغرب|جماعة|الإقليم|درهم|الازدياد|ⵏⵎⵎⴰⵍ|ⵓⵙⵉⴹⵏ|ⵎⵖⵔⵉⴱ|ⴷⵔⵀⵎ",
    re.IGNORECASE,
)
HEAD = {
    "national": "yes",
    "income": "no",
    "unable_to_work": "no",
    "lives_alone": "no",
    "woman_head_of_family": "no",
    "chronic_illness": "no",
    "special_needs_card": "no",
}
TASKS = "/household/declaration"


@pytest.fixture
def dz() -> Iterator[None]:
    use_profile("dz")
    yield
    use_profile("ma")


@dataclass
class Country:
    """The portal of the tests with the Algerian people in it, and browsers before it."""

    portal: Portal
    app: Litestar
    clock: Clock
    messages: Messages

    def browser(self, lang: str = "fr") -> PageBrowser:
        return PageBrowser(self.app, lang=lang)

    async def person(self, key: str) -> Person:
        async with self.portal.reads() as session:
            found = select(Person).where(Person.identifier == algeria.BY_KEY[key].identifier)
            return (await session.exec(found)).one()

    async def signed_in(self, key: str, lang: str = "fr") -> PageBrowser:
        browser = self.browser(lang)
        await sign_in(browser, await self.person(key), self.messages, password=people.PASSWORD)
        return browser

    async def officer(self, name: str) -> PageBrowser:
        officer = next(each for each in algeria.OFFICERS if each.email.startswith(f"{name}@"))
        browser = self.browser()
        await browser.open("/staff/sign-in")
        totp = pyotp.TOTP(officer.totp_secret).at(self.clock.now)
        await browser.submit(email=officer.email, password=officers.PASSWORD, totp=totp)
        return browser


@pytest.fixture
async def portal(dz: None, database: str, clock: Clock, tmp_path: Path) -> AsyncIterator[Portal]:
    settings = Settings(
        mode=Mode.DEMONSTRATION,
        data_dir=tmp_path,
        database_url=database,
        public_url="http://127.0.0.1:8000",
        secret=b"a secret of the tests, long enough",
        profile="dz",
    )
    made = create_portal(settings)
    quick = PasswordHasher(made.keys, memory_kib=8, passes=1)
    ready = replace(made, clock=clock, hasher=quick)
    await loading.load_world(ready, households=20, progress=lambda _: None)
    yield ready
    await made.engine.dispose()


@pytest.fixture
def country(portal: Portal, clock: Clock, messages: Messages) -> Country:
    return Country(portal, create_app(portal), clock, messages)


async def test_a_family_declares_learns_why_contests_and_is_heard(country: Country) -> None:
    """From the claim to the officer's decision: 7,000 dinars for the son, until his card ends."""
    houria = country.browser()
    await claim_account(houria, await country.person("houria"), country.messages)
    await declare_with_child(houria)
    assert houria.says("What it would mean")
    assert "Yanis Haddad" in houria.text
    await houria.submit()
    assert houria.path.startswith(f"{TASKS}/receipts/D-")

    await houria.open("/household")
    assert "7\u202f000 DA".replace("\u202f", " ") in houria.text.replace("\u202f", " ").replace("\xa0", " ")
    assert "31 décembre 2027" in houria.text
    assert "moins de 18 ans titulaire de la carte à moins de 100 %" in houria.text.replace("\xa0", " ")
    await houria.open("/household/recomputation")
    assert "line" not in [control.get("name") for control in houria.form().controls]
    await houria.submit(reason="other", words="La carte de Yanis est à 100 %.")
    houria.form("/household/recomputation")
    await houria.submit()
    reference = houria.path.rsplit("/", 1)[1]

    officer = await country.officer("nadir")
    await officer.open(f"/staff/requests/{reference}/correction")
    yanis = next(
        c.get("name")
        for c in officer.form().controls
        if c.get("name").endswith("card_rate") and officer.form().values[c.get("name")] == "80"
    )
    lina = next(
        str(c.get("name"))
        for c in officer.form().controls
        if c.get("name").endswith("card_rate") and not officer.form().values[c.get("name")]
    )
    reason = {"decision_words": "La carte à 100 % est dans votre dossier."}
    await officer.submit(**reason, **{lina.replace("card_rate", "special_needs_card"): "yes"})
    assert set(officer.errors) >= {lina}
    await officer.open(f"/staff/requests/{reference}/correction")
    await officer.submit(**reason, **{yanis: "100"})
    assert officer.says("Check the correction")
    await officer.submit()
    await houria.open("/household")
    assert "12 000 DA" in houria.text.replace("\u202f", " ").replace("\xa0", " ")
    assert await opened_by(country) == ["dependant_card_full"]


async def declare_with_child(browser: PageBrowser) -> None:
    """The address in two steps without a script, a child, and what is asked of each."""
    await browser.open(f"{TASKS}/address")
    await browser.submit(province="16")
    await browser.submit(commune="16.01")
    assert browser.path == f"{TASKS}/members"
    await browser.open("/household/members/children")
    await browser.submit()
    await browser.open(f"{TASKS}/members")
    places = [link for link in browser.links if f"{TASKS}/members/M-" in link]
    await browser.open(f"{TASKS}/members/head")
    await browser.submit(**HEAD, card_rate="55", card_expires_on="")
    await browser.open(f"!{places[0]}")
    await browser.submit(**(await child_answers(browser)))
    await browser.open(f"{TASKS}/check")


async def child_answers(browser: PageBrowser) -> dict[str, str]:
    """A card needs its rate; then everything that is on it, with the digits of an Arabic keyboard."""
    await browser.submit(special_needs_card="yes", card_expires_on="31/02/2027")
    assert set(browser.errors) == {"card_rate", "card_expires_on"}
    return {"special_needs_card": "yes", "card_rate": "٨٠", "card_expires_on": "31 12 2027"}


async def test_a_husband_is_invited_and_finds_it_in_his_own_account(country: Country) -> None:
    houria, husband = country.browser(), await country.person("mourad")
    await claim_account(houria, await country.person("houria"), country.messages)
    await declare_with_child(houria)
    await houria.open("/household/members/invite")
    await houria.submit(
        person_identifier=husband.identifier, birth_year=str(husband.birth_date.year), relation="spouse"
    )
    assert houria.path == "/household/members"
    mourad = country.browser()
    await claim_account(mourad, husband, country.messages)
    await mourad.open("/household/invitations")
    assert "Houria" in mourad.text


async def opened_by(country: Country) -> list[str] | None:
    async with country.portal.reads() as session:
        event = (await session.exec(select(IndexEvent).order_by(IndexEvent.id.desc()))).first()  # type: ignore[union-attr]
        assert event is not None
        assert event.index is None
        found = select(Eligibility).where(Eligibility.index_event_id == event.id)
        return (await session.exec(found)).one().categories


async def test_a_right_ends_with_the_card_and_the_person_is_told(country: Country) -> None:
    nassima = await country.signed_in("nassima")
    assert "12 000 DA" in nassima.text.replace("\u202f", " ").replace("\xa0", " ")
    country.clock.advance(days=21)
    assert await decided_again(country) == 0
    country.clock.advance(days=1)
    assert await decided_again(country) >= 1
    assert await decided_again(country) == 0
    nassima = await country.signed_in("nassima")
    assert "La carte de personne à besoins spécifiques a expiré" in nassima.text
    assert "12 000" not in nassima.text.replace("\u202f", " ").replace("\xa0", " ").split("Situations")[0]
    told = await country.messages.to(str((await country.person("nassima")).phone))
    assert [message.template for message in told].count("eligibility_decided") == 2
    async with country.portal.reads() as session:
        reasons = [event.reason for event in (await session.exec(select(IndexEvent))).all()]
    assert IndexReason.TIME in reasons


async def decided_again(country: Country) -> int:
    async with country.portal.writes() as session, session.begin():
        return await decide_again(session, now=country.clock.now)


# Pages about the proofs of an account, which say nothing of a country: they are looked at in Morocco.
OF_ALL_COUNTRIES = (
    "/account/",
    "/claim/national-identity",
    "/household/declaration/discard",
    "/messages",
    "/not-me/",
    "/recovery/",
    "/sign-in/",
    "/staff/enrol",
    "/staff/people",
    "/staff/prove",
    "/staff/requests/{reference}/documents",
)
# No rule of this country asks about the home: the address leads to the members.
NOTHING_ASKED = {f"{TASKS}/{step}" for step in ("dwelling", "equipment", "spending", "property")}


@dataclass
class Looking:
    """Looks at a page in every language, and keeps what is wrong with it."""

    shown: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    async def at(self, browser: PageBrowser, path: str = "") -> str:
        """At a path, or again where the browser is. Where that led to, without the language."""
        address = path or browser.response.url.raw_path.decode()[len(f"/{browser.lang}") :]
        first = browser.lang
        for lang in (*(other for other in LOCALES if other != first), first):
            browser.lang = lang
            await browser.open(address)
            self._look(browser, f"/{lang}{address}")
        return browser.path

    def _look(self, browser: PageBrowser, address: str) -> None:
        if browser.status == 200 and (route := route_of(browser.path)):
            self.shown.add(route)
        if browser.status >= 500:
            self.wrong.append(f"{address}: {browser.status}")
        elif foreign := FOREIGN_WORDS.search(re.sub(r"[ⴰ-ⵯ]*ⵜⵉⵡⵉⵣⵉ", "", browser.page.text)):
            self.wrong.append(f"{address} says {foreign.group()!r}")
        here = str(browser.response.url.path)
        self.wrong += [f"{address} {each}" for each in wrongs_of_page(browser.page, here, browser.lang)]


async def test_every_page_is_of_this_country(country: Country) -> None:
    """In three languages, before and after signing in and for staff: no index, nothing Moroccan, no dead end."""
    look = Looking()
    await look_at_what_has_an_address(country, look)
    await look_at_a_declaration(country, look)
    await look_at_a_newcomer(country, look)
    await look_at_the_desk(country, look)
    pages = {
        route
        for route in map(
            route_name, (each.path for each in country.app.routes if isinstance(each, HTTPRoute))
        )
        if "GET" in RIGHTS[route] and not route.startswith("!")
    }
    assert not look.wrong, "\n".join(look.wrong)
    assert {page for page in pages - look.shown if not page.startswith(OF_ALL_COUNTRIES)} == NOTHING_ASKED


async def look_at_what_has_an_address(country: Country, look: Looking) -> None:
    """Each page once, as the first of these people who is shown it; home and household as everybody."""
    visitors = [country.browser(), await country.signed_in("kamel"), await country.officer("yacine")]
    for browser in (*visitors, await country.officer("admin"), await country.officer("leila")):
        for path in ("/", "/household"):
            await look.at(browser, path)
        for route in sorted(each for each in RIGHTS if "{" not in each and "GET" in RIGHTS[each]):
            if not route.startswith(("!", *PAGES_OF_AN_INDEX)) and route not in look.shown:
                await browser.open(route)
                if browser.status == 200 and browser.path == route:
                    await look.at(browser)


async def look_at_a_declaration(country: Country, look: Looking) -> None:
    """From the claim to the question of a review, and what its officer is shown."""
    houria, husband = country.browser(), await country.person("mourad")
    await start_claim(houria, await country.person("houria"))
    await look.at(houria)
    await houria.submit(code=await country.messages.code_to(str((await country.person("houria")).phone)))
    await look.at(houria)
    await houria.submit(new_password=PASSWORD)
    await look.at(houria)
    await declare_with_child(houria)
    await look.at(houria)
    for member in links_of_child(houria):
        await look.at(houria, member)
    await houria.open("/household/members/invite")
    await houria.submit(
        person_identifier=husband.identifier, birth_year=str(husband.birth_date.year), relation="spouse"
    )
    for link in links_to(houria, r"/household/members/M-\w+/\w+"):
        await look.at(houria, link)
    mourad = country.browser()
    await claim_account(mourad, husband, country.messages)
    await mourad.open("/household/invitations")
    await look.at(mourad)
    await mourad.submit(reply="refuse")
    await houria.open(f"{TASKS}/check")
    await houria.submit()
    await look.at(houria)
    await houria.open("/household/recomputation")
    await houria.submit(reason="other", words="La carte de Yanis est à 100 %.")
    houria.form("/household/recomputation")
    await houria.submit()
    reference = (await look.at(houria)).rsplit("/", 1)[1]
    nadir = await country.officer("nadir")
    for page in ("", "/correction", "/refusal"):
        await look.at(nadir, f"/staff/requests/{reference}{page}")


def links_to(browser: PageBrowser, pattern: str) -> set[str]:
    found = (re.search(pattern, link) for link in browser.links)
    return {each.group() for each in found if each}


def links_of_child(browser: PageBrowser) -> set[str]:
    return links_to(browser, rf"{TASKS}/members/M-\w+")


async def look_at_a_newcomer(country: Country, look: Looking) -> None:
    """Somebody who is not in the register chooses a time; the newcomer of today comes to the desk."""
    djamila = country.browser()
    await djamila.open("/pre-registration")
    answers = {"paper": "national_card", "given_name_latin": "Djamila", "birth_date_year": "1990"}
    await djamila.submit(**answers, gender="female", phone="0550 98 76 54", members="2", sms_language="fr")
    await look.at(djamila)
    await djamila.submit(code=await country.messages.code_to("+213550987654"))
    await look.at(djamila)
    for address in ("", "?province=16", "?centre=16-1"):
        await look.at(djamila, f"/pre-registration/appointment{address}")
    await choose(djamila, centre="16-1", day=2)
    await look.at(djamila)
    await look.at(djamila, "/pre-registration/cancel")
    await djamila.open("/pre-registration/file")
    reference, elsewhere = reference_on(djamila), country.browser()
    await elsewhere.open("/pre-registration/return")
    await elsewhere.submit(pre_registration=reference, phone="0550 98 76 54")
    await look.at(elsewhere)
    salima = await country.officer("salima")
    await salima.open("/staff/appointments")
    (appointment,) = links_to(salima, r"/staff/appointments/A-\w+")
    await look.at(salima, appointment)
    await look.at(salima, f"{appointment}/time")
    await look.at(salima, f"/staff/days/{country.clock.now.date() + dt.timedelta(days=3)}")
    await salima.open("/staff/newcomers/new")
    await salima.submit(**answers, gender="female", phone="0550 98 76 55", members="1", language="fr")
    await look.at(salima)
    await salima.open(appointment)
    await salima.submit()
    await look.at(salima, f"{appointment}/check")
    await salima.submit(paper_number=algeria.NEWCOMER.card)
    await look.at(salima)


async def look_at_the_desk(country: Country, look: Looking) -> None:
    country.clock.advance(minutes=2)
    nadir, salima = await country.officer("nadir"), await country.officer("salima")
    kamel, slimane = await country.person("kamel"), await country.person("slimane")
    await nadir.open("/staff/phones")
    seen = {"document_kind": "national_card", "document_number": str(kamel.document_number)}
    await nadir.submit(**seen, new_phone="0661 55 44 33", why="lost", document_seen="yes")
    await look.at(nadir)
    await nadir.submit(code=await country.messages.code_to("+213661554433"))
    binding = await look.at(nadir)
    await look.at(salima, f"{binding}/witness")
    await salima.open("/staff/visits")
    await salima.submit(person_identifier=slimane.identifier, purpose="declaration")
    await look.at(salima)
    await salima.submit(code=await country.messages.code_to(str(slimane.phone)))
    await look.at(salima, "/household")
    salima.form("/visits/end")
    await salima.submit()
    await look.at(salima)


async def test_only_the_head_reads_whose_card_it_is(country: Country) -> None:
    nassima, rachid = await country.signed_in("nassima"), await country.signed_in("rachid")
    assert not nassima.says("Another member of the household")
    assert rachid.says("Another member of the household")


async def test_pages_of_an_index_are_not_there(country: Country) -> None:
    browser = await country.signed_in("slimane")
    assert not [link for link in browser.links if "index" in link or "simulator" in link]
    for path in ("/simulator", "/household/index", "/household/index/comparison"):
        await browser.open(path)
        assert browser.status == 404


# No index and no card: a household of two wilayas is helped with its electricity.
HELP_IN_THE_SOUTH: dict[str, Any] = {
    "code": "southern_electricity",
    "order": 2,
    "benefit": "monthly_aid",
    "names": {"ar": "دعم الكهرباء في الجنوب", "fr": "Aide à l’électricité du Sud"},
    "source": "A programme of the tests",
    "rules": [
        {
            "kind": "categories",
            "effective_from": "2025-01-01",
            "questions": [{"fact": "income", "ages": [18, None]}],
            "provisos": {
                "no_income": {
                    "that": {"fact": "income", "is": False},
                    "unmet": {"ar": "لهذا الشخص دخل.", "fr": "Cette personne a un revenu."},
                }
            },
            "categories": [
                {
                    "code": "home_in_the_south",
                    "names": {"ar": "أسرة تسكن في الجنوب", "fr": "Ménage qui habite dans le Sud"},
                    "paid": "family",
                    "monthly": "2500.50",
                    "situation": {
                        "all": [
                            {"fact": "relation", "one_of": ["head"]},
                            {"fact": "province", "one_of": ["11", "33"]},
                        ]
                    },
                    "provided": ["no_income"],
                }
            ],
        }
    ],
}


@pytest.fixture
def one_programme_more(dz: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The data of the country with a file more: nothing else is changed."""
    copy = tmp_path / "dz"
    shutil.copytree(Path(datafiles.__file__).parent / "data" / "dz", copy)
    (copy / "programmes" / "southern-electricity.json").write_text(json.dumps(HELP_IN_THE_SOUTH), "utf-8")
    monkeypatch.setattr(datafiles, "_root", lambda profile: copy)
    load_programmes.cache_clear()
    yield
    load_programmes.cache_clear()


@pytest.mark.usefixtures("one_programme_more")
async def test_adding_a_programme_is_adding_a_file(country: Country) -> None:
    """It is decided about, explained and told like the other, in every language, and asks no question twice."""
    for lang in LOCALES:
        country.clock.advance(minutes=1)
        slimane = await country.signed_in("slimane", lang)
        name = HELP_IN_THE_SOUTH["names"].get(lang, HELP_IN_THE_SOUTH["names"]["ar"])
        assert name in slimane.text
        assert "2 500" in plain_spaces(slimane.text)
    kamel = await country.signed_in("kamel")
    assert "Aide à l’électricité du Sud" in kamel.text
    assert "2 500" not in plain_spaces(kamel.text)
    await kamel.open(f"{TASKS}/members/head")
    assert [each.get("name") for each in kamel.form().controls].count("income") == 2


def plain_spaces(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


PROGRAMME_FAULTS: list[tuple[Callable[[Any], object], str, str]] = [
    (
        lambda it: category(it)["situation"]["all"][1].update(one_of=["11", "99"]),
        "rules[0]",
        "no wilaya '99'",
    ),
    (
        lambda it: category(it)["situation"]["all"][0].update(fact="wealth"),
        "fact",
        "there is no fact 'wealth'",
    ),
    (lambda it: category(it)["situation"]["all"][0].update(one_of=["cousin"]), "all", "no relation 'cousin'"),
    (lambda it: category(it).update(monthly=2500.5), "monthly", 'write "2500.5"'),
    (lambda it: category(it).update(monthly="2.500,50"), "monthly", "no exact number"),
    (lambda it: category(it).update(provided=["no_car"]), "rules", "unknown proviso no_car"),
    (lambda it: it["rules"][0].update(questions=[]), "rules", "income is compared, and nobody is asked"),
    (
        lambda it: it["rules"].append(it["rules"][0] | {"effective_from": "2027-01-01"}),
        "rules[1].effective_from",
        "overlaps",
    ),
    (
        lambda it: it.update(
            rules=[{"kind": "threshold", "effective_from": "2027-06-01", "at_or_below": "9.5"}],
            benefit="free_health_cover",
        ),
        "rules[0]",
        "this country computes none",
    ),
]


def category(programme: Any) -> Any:
    return programme["rules"][0]["categories"][0]


@pytest.mark.usefixtures("dz")
@pytest.mark.parametrize(
    ("spoil", "path", "words"), PROGRAMME_FAULTS, ids=[each[2] for each in PROGRAMME_FAULTS]
)
def test_a_programme_that_is_wrong_is_refused_in_words(
    tmp_path: Path, spoil: Callable[[Any], object], path: str, words: str
) -> None:
    """As `tiwizi model check FILE` says it, in a country without an index."""
    programme = json.loads(json.dumps(HELP_IN_THE_SOUTH))
    programme["rules"][0]["effective_from"] = "2027-06-01"
    spoil(programme)
    file = tmp_path / "programme.json"
    file.write_text(json.dumps(programme), "utf-8")
    settings = {"TIWIZI_MODE": "demonstration", "TIWIZI_DATA_DIR": str(tmp_path), "TIWIZI_PROFILE": "dz"}
    checked = CliRunner().invoke(main, ["model", "check", str(file)], env=settings)
    assert checked.exit_code == 1
    told = [line for line in checked.output.splitlines() if words in line]
    assert told, checked.output
    assert path in told[0].split(": ")[0]


@pytest.mark.usefixtures("dz")
def test_a_programme_in_order_is_said_to_be(tmp_path: Path) -> None:
    programme = json.loads(json.dumps(HELP_IN_THE_SOUTH))
    programme["rules"][0]["effective_from"] = "2027-06-01"
    assert (
        check_file(json.dumps(programme), today=dt.date(2026, 1, 1)).name == "southern_electricity-2027-06-01"
    )


@pytest.mark.usefixtures("dz")
class TestNumbersAndPlaces:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("0550 12 34 56", "+213550123456"),
            ("+213 661 12 34 56", "+213661123456"),
            ("00213770123456", "+213770123456"),
            ("٠٥٥٠١٢٣٤٥٦", "+213550123456"),
        ],
    )
    def test_mobile_numbers(self, typed: str, kept: str) -> None:
        assert parse_phone(typed) == kept

    @pytest.mark.parametrize(
        ("typed", "code"),
        [("+212612345678", "foreign"), ("021 63 12 34", "too_short"), ("0550 12 34", "too_short")],
    )
    def test_other_numbers(self, typed: str, code: str) -> None:
        with pytest.raises(InvalidNumber) as refused:
            parse_phone(typed)
        assert refused.value.code == code

    def test_the_national_number_has_eighteen_digits_and_no_check_digit(self) -> None:
        assert parse_identifier("109 8605 1234 5678 901").check_digit_ok
        for wrong, code in (("1098605123", "too_short"), ("1" * 19, "too_long")):
            with pytest.raises(InvalidNumber) as refused:
                parse_identifier(wrong)
            assert refused.value.code == code

    def test_a_card_has_the_number_that_the_country_prints(self) -> None:
        assert parse_document_number("1098 60512", DocumentKind.NATIONAL_CARD) == "109860512"
        with pytest.raises(InvalidNumber, match="invalid"):
            parse_document_number("AB123456", DocumentKind.NATIONAL_CARD)
        assert parse_document_number("zr 000091", DocumentKind.RESIDENCE_CARD) == "ZR000091"

    def test_wilayas_communes_and_their_offices(self) -> None:
        places = atlas()
        assert (len(places.regions), len(places.provinces), len(places.communes)) == (1, 58, 1541)
        assert {commune.zone for commune in places.communes.values()} == {None}
        assert options("16", "fr")[0].group == "Bab El Oued"
        assert {centre_for(code).province_code for code in places.communes} == set(places.provinces)
        assert all(place in places.communes for place in (each.commune_code for each in centres().values()))

    def test_morocco_is_as_it_was(self) -> None:
        use_profile("ma")
        assert len(atlas().regions) == 12
        assert parse_phone("0612345678") == "+212612345678"
        assert sentences("fr")["Province or prefecture"] == "Province ou préfecture"


@pytest.mark.parametrize("lang", sorted(LOCALES))
def test_the_words_of_a_country_stand_for_sentences_that_exist(lang: str) -> None:
    catalogue = _catalogue(lang)
    for folder in sorted(OWN_WORDS_DIR.iterdir()):
        own = own_sentences(lang, folder.name)
        assert own, f"{folder.name} says nothing in {lang}"
        assert not set(own) - set(catalogue), "a sentence of the catalogue was changed"
        for source, said in own.items():
            assert placeholders(str(said)) == placeholders(source), source


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


@pytest.mark.parametrize("code", sorted(profile_names()))
def test_a_country_lacks_nothing(code: str) -> None:
    """What the start, a page or the demonstration would miss one day."""
    today = dt.date(2026, 11, 21)
    use_profile(code)
    try:
        assert all(profile().currency[lang] for lang in LOCALES)
        assert parse_phone(profile().phone_example)
        assert {centre_for(place).province_code for place in atlas().communes} <= set(atlas().provinces)
        assert delays_on(today)
        assert rules_on(today)
        assert programmes()
        assert {"national_card", "residence_card"} == set(cards())
        assert (model_in_use(today) is not None) == profile().index
        assert worlds.world().newcomer.centre in centres().values()
    finally:
        use_profile("ma")


def test_an_unknown_country_is_refused_at_the_start(tmp_path: Path) -> None:
    environment = {"TIWIZI_MODE": "demonstration", "TIWIZI_DATA_DIR": str(tmp_path)}
    assert read_settings(environment).profile == "ma"
    assert read_settings(environment | {"TIWIZI_PROFILE": "dz"}).profile == "dz"
    with pytest.raises(SettingRefused, match="TIWIZI_PROFILE is 'tn'; it can be one of: dz, ma"):
        read_settings(environment | {"TIWIZI_PROFILE": "tn"})
