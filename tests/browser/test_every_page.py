"""Every page of the portal, for whoever may see it, in three languages, on the screen of a small telephone.

No violation of axe, no line wider than the screen, one heading of the first level, the language and its direction.
A route without a place in `PLACES` fails; so does a place whose page leads elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.i18n.locales import LOCALES
from app.rights import RIGHTS
from tests.app.addresses import route_of
from tests.app.declaring import URBAN
from tests.app.places.household import URBAN_ESTIMATE
from tests.browser.conftest import AtBrowser
from tests.browser.pages import overflow, violations
from tests.browser.portal import RunningPortal, free_port, served
from tests.browser.scene import ANYBODY, Scene
from tests.browser.visitors import Visitor

# What a browser saves or draws nothing of.
NOT_PAGES: Final = {"/staff/requests/{reference}/documents/{document}", "/staff/models/{name}/file"}
# They exist only between two posts, and lead back to the first without it: tests/app/test_proofs.py
# walks through them.
BETWEEN_TWO_POSTS: Final = {
    "/not-me/code",
    "/not-me/change/code",
    "/sign-in/authenticator",
    "/sign-in/recovery-code",
    "/account/authenticator/confirm",
    "/account/phone/code",
    "/account/prove/second",
    "/account/prove/telephone/code",
    "/account/recovery-code",
    "/recovery/authenticator",
    "/recovery/centre/code",
    "/recovery/centre/password",
    "/staff/phones/code",
    "/staff/newcomers/code",
    "/staff/enrol/authenticator",
}


@dataclass(frozen=True)
class Place:
    """`answers`, when there are any, are sent from the page; the page that answers is the place."""

    who: str
    path: str
    status: int = 200
    answers: Mapping[str, str] | None = None


def places(who: str, *paths: str) -> list[Place]:
    return [Place(who, path) for path in paths]


DECLARATION = "/household/declaration"
REQUEST = "/staff/requests/{request}"
MODEL = "/staff/models/ma-ise-essai"
REASON = {"decision_words": "La facture de février montre soixante dirhams."}
PLACES: Final = [
    *places(
        ANYBODY, "/", "/demo", "/help", "/privacy", "/accessibility", "/centres", "/centres?province=06.141"
    ),
    *places(ANYBODY, "/simulator", "/simulator?zone=urban&region=06", "/simulator?zone=rural&region=03"),
    *places(
        ANYBODY, "/claim", "/sign-in", "/sign-in?next=/messages", "/sign-out", "/recovery", "/staff/sign-in"
    ),
    *places(ANYBODY, "/claim/national-identity", "/claim/national-identity/refused?why=differs"),
    *places(ANYBODY, "/pre-registration", "/pre-registration/return"),
    *places("pre-registering", "/pre-registration/code"),
    *places("coming back", "/pre-registration/return/code"),
    *places(
        "pre-registered",
        "/pre-registration/appointment",
        "/pre-registration/appointment?province=06.141",
        "/pre-registration/appointment?centre=06.141-1",
        "/pre-registration/appointment?centre=06.141-1&day={free_day}",
        "/pre-registration/appointment?centre=06.141-1&at={free_time}",
        "/pre-registration/file",
        "/pre-registration/cancel",
    ),
    *places("claiming", "/claim/code"),
    *places("proven", "/claim/account"),
    *places("newly claimed", "/claim/done", "/account/email/code", "/household", "/messages", DECLARATION),
    *places("newly claimed", "/household/members", "/household/recomputation", f"{DECLARATION}/address"),
    *places("signing in", "/sign-in/code"),
    *places("khadija", "/household", "/household/index", "/household/recomputation", "/messages"),
    *places("khadija", "/household/coming-changes"),
    *places("khadija", "/household/index/comparison", "/household/index/outlook", "/household/index/sum"),
    *places("khadija", "/household/recomputation/receipts/{request}", f"{DECLARATION}/receipts/{{receipt}}"),
    *places(
        "khadija",
        DECLARATION,
        f"{DECLARATION}/address",
        f"{DECLARATION}/dwelling",
        f"{DECLARATION}/equipment",
    ),
    *places("khadija", f"{DECLARATION}/spending", f"{DECLARATION}/property", f"{DECLARATION}/members"),
    *places("khadija", f"{DECLARATION}/members/head", f"{DECLARATION}/check", f"{DECLARATION}/discard"),
    *places("khadija", "/household/members", "/household/members/children", "/household/members/invite"),
    *places("khadija", "/household/members/{child}/remove", "/household/leave", "/household/invitations"),
    *places(
        "khadija",
        "/account",
        "/account/prove",
        "/account/languages",
        "/account/email",
        "/account/recovery-code/new",
    ),
    *places(
        "khadija", "/account/authenticator", "/account/authenticator/new", "/account/authenticator/remove"
    ),
    *places("khadija", "/account/password", "/account/phone"),
    *places("khadija", "/account/prove/authenticator", "/account/prove/recovery-code"),
    *places(ANYBODY, "/recovery/centre"),
    *places(ANYBODY, "/help/lost", "/not-me", "/not-me/done", "/not-me/change", "/not-me/change/done"),
    *places("khadija", "/account/sessions", "/sign-out"),
    *places("rahma", "/household", "/household/recomputation", "/household/recomputation?line=U35"),
    *places("rahma", "/household/sources", "/household/sources/{contradiction}", "/household/index"),
    *places("rahma", "/household/recomputation?line=U31&source={contradiction}"),
    *places("brahim", "/household", "/household/members", "/household/members/{invited}/withdraw"),
    *places("brahim", f"{DECLARATION}/dwelling", f"{DECLARATION}/check"),
    *places("touda", "/household", "/household/invitations/{invitation}"),
    *places("reviewing", "/staff", REQUEST, f"{REQUEST}/correction", f"{REQUEST}/refusal", "/staff/visits"),
    *places("answering for models", "/staff/models", MODEL, f"{MODEL}/approval", f"{MODEL}/withdrawal"),
    *places("answering for models", "/staff/models/propose"),
    *places("reviewing", "/staff/prove", "/staff/phones"),
    *places(ANYBODY, "/staff/enrol"),
    *places("managing", "/staff/people", "/staff/people/new", "/staff/people/{officer}"),
    *places("managing", "/staff/people/proposals/{proposal}", "/staff/service"),
    *places("auditing", "/staff/audit", "/staff/audit?kind=looked&centre_code=06.141-1"),
    Place("auditing", "/staff/audit?since=2&until=31/12/2026", 422),
    *places("binding a telephone", "/staff/phones/{binding}"),
    *places("witnessing", "/staff", "/staff/phones/{binding}", "/staff/phones/{binding}/witness"),
    *places(
        "receiving",
        "/staff/appointments",
        "/staff/appointments/{appointment}",
        "/staff/appointments/{appointment}/check",
        "/staff/newcomers",
        "/staff/newcomers/new",
    ),
    *places("moving", "/staff/appointments/{booked}/time", "/staff/days/{booked_day}"),
    Place("receiving", "/staff/newcomers/new", 422, {"members": "0"}),
    Place("receiving", "/staff/appointments/{appointment}/check", 422, {"given_name_ar": ""}),
    *places("seconding", "/staff/identity-checks/{check}"),
    *places("opening a visit", "/staff/visits/code"),
    *places(
        "visiting", "/staff/visits", "/staff/visits/{visit}", "/household", "/household/index", DECLARATION
    ),
    *places(
        "visiting", f"{DECLARATION}/spending", f"{DECLARATION}/check", "/messages", "/household/recomputation"
    ),
    # Pages that answer a form.
    Place(ANYBODY, "/claim", 422, {}),
    Place(ANYBODY, "/pre-registration", 422, {}),
    Place(ANYBODY, "/sign-in", 422, {}),
    Place(ANYBODY, "/simulator?zone=urban&region=06", 200, URBAN_ESTIMATE),
    Place("khadija", f"{DECLARATION}/spending", 422, dict.fromkeys(URBAN["spending"], "")),
    Place("khadija", "/household/members/invite", 422, {}),
    Place("rahma", "/household/recomputation?line=U35", 422, {}),
    Place("rahma", "/household/recomputation?line=U35", 200, {"words": "كتبت المبلغ خطأ"}),
    Place("reviewing", f"{REQUEST}/correction", 200, REASON),
    Place("answering for models", f"{MODEL}/approval", 422, {}),
    Place("answering for models", "/staff/models/propose", 422, {}),
    Place("reviewing", f"{REQUEST}/correction", 422, {}),
    Place("reviewing", f"{REQUEST}/refusal", 200, REASON),
    # Pages that say no.
    Place(ANYBODY, "/nowhere", 404),
    Place("touda", "/household/invitations/nobody", 404),
    Place("reviewing", "/household", 403),
    Place("visiting", "/account", 403),
    # Last, because a telephone gets one code a minute.
    *places("recovering", "/recovery/code"),
    *places("recovered", "/recovery/password"),
]
IN_EVERY_LANGUAGE: Final = [
    pytest.param(
        place,
        lang,
        id=f"{lang}-{place.who}-{place.path}-{place.status}{'-answered' if place.answers is not None else ''}",
    )
    for place in PLACES
    for lang in LOCALES
]


@pytest.fixture(scope="module")
def portal(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """With every part switched on; the national identity service is one that does not answer just now."""
    key = tmp_path_factory.mktemp("openid") / "key.pem"
    key.write_bytes(private_key())
    settings = {
        "TIWIZI_OPENID_ISSUER": f"http://127.0.0.1:{free_port()}",
        "TIWIZI_OPENID_CLIENT_ID": "tiwizi",
        "TIWIZI_OPENID_KEY_FILE": str(key),
        "TIWIZI_OPENID_ACR": "mosip:idp:acr:generated-code",
    }
    with served(world, **settings) as portal:
        yield portal


def private_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="module")
def scene(portal: RunningPortal, at_browser: AtBrowser) -> Scene:
    return Scene(portal, lambda: at_browser(portal, "fr"))


def test_every_page_has_a_place() -> None:
    pages = {path for path, methods in RIGHTS.items() if "GET" in methods and not path.startswith("!")}
    assert pages - NOT_PAGES - BETWEEN_TWO_POSTS <= {
        route_of(place.path.partition("?")[0]) for place in PLACES
    }


@pytest.mark.parametrize(("place", "lang"), IN_EVERY_LANGUAGE)
def test_a_page_is_for_everybody(place: Place, lang: str, scene: Scene) -> None:
    visitor = scene.visitor(place.who)
    visitor.lang = lang
    path = place.path.format(**scene.words)
    assert open_place(visitor, place, path) == place.status
    assert is_still_there(visitor, place, path), visitor.page.url
    page = visitor.page
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [
        lang,
        LOCALES[lang].dir,
    ]
    assert page.locator("h1").count() == 1
    assert overflow(page) == []
    assert violations(page) == []


def open_place(visitor: Visitor, place: Place, path: str) -> int:
    """The status of the page: of the one that was asked for, or of the one that answered its form."""
    opened = visitor.page.goto(f"/{visitor.lang}{path}")
    assert opened is not None
    if place.answers is None:
        return opened.status
    visitor.answer(place.answers, press=False)
    with visitor.page.expect_navigation() as answered:
        visitor.answer()
    return answered.value.status


def is_still_there(visitor: Visitor, place: Place, path: str) -> bool:
    """A page that leads elsewhere was not looked at. A form may be answered under a longer address."""
    wanted = path.partition("?")[0].rstrip("/")
    return (
        visitor.path.startswith(wanted) if place.answers is not None else visitor.path.rstrip("/") == wanted
    )


@pytest.mark.parametrize("lang", LOCALES)
def test_the_keyboard_reaches_everything(scene: Scene, lang: str) -> None:
    """The first key leads past the header; every stop is seen."""
    visitor = scene.visitor(ANYBODY)
    visitor.lang = lang
    visitor.open("/claim")
    page = visitor.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate(IN_SIGHT)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    stops = []
    while page.evaluate("document.activeElement !== document.body"):
        assert page.evaluate(IN_SIGHT), page.evaluate("document.activeElement.outerHTML")
        stops.append(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
        page.keyboard.press("Tab")
        assert len(stops) < 60
    asked = [
        "document_kind",
        "document_number",
        "birth_date_day",
        "birth_date_month",
        "birth_date_year",
        "phone",
    ]
    assert [stop for stop in stops if stop in asked] == asked


# What has the focus is on the screen, and drawn with an outline.
IN_SIGHT: Final = """() => {
    const each = document.activeElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
    const drawn = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    return drawn && box.width > 0 && box.bottom > 0 && box.top < innerHeight;
}"""


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("lang", LOCALES)
def test_what_is_to_correct_takes_the_focus(
    portal: RunningPortal, at_browser: AtBrowser, lang: str, script: bool
) -> None:
    visitor = at_browser(portal, lang, script=script)
    visitor.open("/claim")
    visitor.answer()
    summary = visitor.main.locator(".error-summary:focus")
    summary.wait_for()
    summary.locator("a").last.press("Enter")
    assert visitor.main.locator("[name=phone]:focus").count() == 1


@pytest.mark.parametrize("lang", LOCALES)
def test_choosing_a_place_with_the_keyboard_keeps_the_focus(scene: Scene, lang: str) -> None:
    """The script puts the next list below the one that has the focus; it does not take the focus away."""
    visitor = scene.visitor("newly claimed")
    visitor.lang = lang
    visitor.open(f"{DECLARATION}/address")
    visitor.main.locator("#region").focus()
    visitor.page.keyboard.press("ArrowDown")
    visitor.main.locator("#province").wait_for()
    assert visitor.main.locator("#region:focus").count() == 1
