"""What every page has, whatever it says: its language, one heading, and links that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from app.i18n.locales import LOCALES
from app.static_files import files_by_address
from tests.app.addresses import route_of
from tests.app.pages import Element

# An authenticator on the same telephone opens its own kind of link.
ABROAD = ("tel:", "otpauth://totp/", "https://www.wikipedia.org/")
PICTURE_IN_PAGE = "data:image/svg+xml;"


def wrongs_of_page(page: Element, address: str, lang: str) -> Iterator[str]:
    html = page.first("html")
    if (html.get("lang"), html.get("dir")) != (lang, LOCALES[lang].dir):
        yield f"is in {html.get('lang')}, {html.get('dir')}"
    if len(headings := list(page.all("h1"))) != 1 or not headings[0].text:
        yield f"has {len(headings)} headings"
    if not page.first("title").text:
        yield "has no title"
    ids = [element.get("id") for element in page.all() if "id" in element.attributes]
    if twice := {each for each in ids if ids.count(each) > 1}:
        yield f"has twice the id {sorted(twice)}"
    yield from _dead_ends(page, address, set(ids))


def _dead_ends(page: Element, address: str, ids: set[str]) -> Iterator[str]:
    """Links, forms and files that lead nowhere."""
    for href in (link.get("href") for link in page.all("a")):
        if href.startswith("#") and href[1:] not in ids:
            yield f"leads to {href}, which is not there"
        if not href.startswith(("#", *ABROAD)) and not leads_somewhere(urljoin(address, href), "GET"):
            yield f"links to {href!r}"
    for form in page.all("form"):
        others = [button.get("formaction") for button in form.all("button") if button.get("formaction")]
        for action in [form.get("action"), *others]:
            if not leads_somewhere(urljoin(address, action), form.get("method", "get").upper()):
                yield f"sends a form to {action!r}"
    yield from _missing_files(page)
    for element in page.all():
        yield from _hidden_words(element, ids)


def _missing_files(page: Element) -> Iterator[str]:
    for element in page.all("script", "link", "img", "use"):
        file = element.get("src") or element.get("href")
        if (
            file
            and not file.startswith(("#", PICTURE_IN_PAGE))
            and file.partition("#")[0] not in files_by_address()
        ):
            yield f"needs {file!r}"


def _hidden_words(element: Element, ids: set[str]) -> Iterator[str]:
    """What a screen reader is told to read has to be there."""
    for attribute in ("aria-describedby", "aria-labelledby", "aria-controls", "for"):
        if missing := set(element.get(attribute).split()) - ids:
            yield f"<{element.tag} {attribute}> names {sorted(missing)}, which is not there"


def leads_somewhere(address: str, method: str) -> bool:
    url = urlsplit(address)
    if url.netloc or url.scheme:
        return False
    _, language, *rest = url.path.split("/", 2)
    if language in LOCALES:
        return route_of("/" + "".join(rest), method) is not None
    return url.path in files_by_address() or route_of("!" + url.path, method) is not None


def switched(page: Element) -> dict[str, str]:
    """Where the switcher leads, by language."""
    links = page.first("nav", class_="languages").all("a")
    return {link.get("hreflang"): urlsplit(link.get("href")).path for link in links}
