"""What every component keeps to, in the three languages."""

import re
from collections import Counter

import pytest
from playwright.sync_api import Browser, Page, Route

from app.i18n.environments import TEMPLATES_DIR
from app.i18n.locales import LOCALES
from app.static_files import files_by_address, static_files
from tests.app.gallery.gallery import SOURCE, gallery
from tests.app.pages import Element, read_html
from tests.browser.pages import violations

LANGUAGES = sorted(LOCALES)
ADDRESS = "http://gallery.test/"
# A page that would break out of its column shows it by scrolling sideways.
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest) -> Element:
    return read_html(gallery(request.param))


def test_every_component_is_in_the_gallery() -> None:
    shown = SOURCE.read_text() + "".join(path.read_text() for path in (TEMPLATES_DIR / "layout").iterdir())
    offered = {
        name: path.name
        for path in (TEMPLATES_DIR / "components").iterdir()
        for name in re.findall(r"macro ([a-z]\w*)\(", path.read_text())
    }
    used_by_another = {
        "icon",
        "programme",
        "summary_list",
        "sent_code",
        "given_list",
        "refused_list",
        "nobody_list",
    }
    assert {name for name in offered if not re.search(rf"\b{name}\(", shown)} <= used_by_another


def test_ids_are_unique_and_whatever_points_to_one_finds_it(page: Element) -> None:
    ids = Counter(element.get("id") for element in page.all() if element.get("id"))
    assert [name for name, times in ids.items() if times > 1] == []
    pointed = {label.get("for") for label in page.all("label")}
    for element in page.all():
        pointed |= set(element.get("aria-describedby").split())
    for link in page.first(class_="error-summary").all("a"):
        pointed.add(link.get("href")[1:])
    assert pointed <= set(ids)


def test_nothing_is_inline_that_the_content_security_policy_forbids(page: Element) -> None:
    for element in page.all():
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        assert element.tag != "style"
        assert element.tag != "script" or element.get("src")


def test_what_was_typed_stays_text(page: Element) -> None:
    assert page.first("input", name="district").get("value") == '"><b>'
    assert page.first("textarea").children == ["\n\n  كلمات"]
    assert [box.get("value") for box in page.all("input", name="equipment", checked="")] == ["one", "two"]


def test_an_error_is_told_beside_its_field_and_in_the_title(page: Element) -> None:
    phone = page.first("input", name="phone")
    assert phone.get("aria-invalid") == "true"
    assert "Give ten digits." in page.first(id=phone.get("aria-describedby")).text
    assert "Gallery" in page.first("title").text
    assert page.first("title").text != f"Gallery – {page.first(class_='identity-name').text}"


def test_icons_named_in_templates_are_drawn_in_the_sprite() -> None:
    sprite = static_files()["icons.svg"].content.decode()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named: set[str] = set()
    for path in TEMPLATES_DIR.rglob("*.html"):
        source = path.read_text()
        named |= set(re.findall(r"(?:icon\(|'icon': |with_icon=)'([a-z-]+)'", source))
    assert named <= drawn


@pytest.mark.parametrize("width", [320, 360, 1100])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_fits_and_everybody_can_use_it(browser: Browser, lang: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    _show(page, gallery(lang))
    assert page.evaluate(SIDEWAYS) <= 0
    assert violations(page) == []
    assert complaints == []
    page.close()


def test_what_nobody_could_use_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(gallery("fr").replace("<h1", "<img src='x'><h1", 1))
    assert [found.partition(":")[0] for found in violations(page)] == ["image-alt"]
    page.close()


def _show(page: Page, html: str) -> None:
    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS.rstrip("/"))
        if path == "/":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            file = files_by_address()[path]
            route.fulfill(body=file.content, content_type=file.media_type)

    page.route("**/*", answer)
    page.goto(ADDRESS)
    page.evaluate("document.fonts.ready")
