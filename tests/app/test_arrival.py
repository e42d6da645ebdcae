"""Arriving: the language, the home page, what is asked of no cookie."""

from __future__ import annotations

import pytest

from tests.app.pages import PageBrowser

PUBLIC_PAGES = ["/", "/help", "/privacy", "/accessibility", "/centres", "/centres?province=06.141"]
LANGUAGES = [("ar", "rtl"), ("fr", "ltr"), ("zgh", "ltr")]


@pytest.mark.parametrize("path", PUBLIC_PAGES)
@pytest.mark.parametrize(("lang", "direction"), LANGUAGES)
async def test_a_reader_gets_a_page_and_no_cookie(
    visitor: PageBrowser, path: str, lang: str, direction: str
) -> None:
    await visitor.open(f"!/{lang}{path}")
    assert visitor.status == 200
    html = visitor.page.first("html")
    assert (html.get("lang"), html.get("dir")) == (lang, direction)
    assert "set-cookie" not in visitor.response.headers


async def test_the_switcher_keeps_the_page(visitor: PageBrowser) -> None:
    await visitor.open("/privacy")
    await visitor.follow("العربية")
    assert visitor.response.url.path == "/ar/privacy"


@pytest.mark.parametrize("path", ["/centres?province=06.141", "/sign-in?next=/account/email"])
async def test_the_switcher_keeps_what_the_page_is_about(visitor: PageBrowser, path: str) -> None:
    await visitor.open(path)
    await visitor.follow("العربية")
    assert str(visitor.response.url).endswith(f"/ar{path}")


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("fr-FR,fr;q=0.9", "fr"),
        ("zgh", "zgh"),
        ("shi,fr;q=0.5", "zgh"),
        ("en", "ar"),
        ("", "ar"),
        ("q;;=,x", "ar"),
    ],
)
async def test_the_first_address_leads_to_the_language_of_the_browser(
    visitor: PageBrowser, asked: str, lang: str
) -> None:
    visitor.http.headers["accept-language"] = asked
    await visitor.open("!/")
    assert visitor.response.url.path == f"/{lang}/"


async def test_a_form_marks_the_browser_and_no_script_can_read_the_mark(visitor: PageBrowser) -> None:
    await visitor.open("/claim")
    (cookie,) = visitor.response.headers.get_list("set-cookie")
    assert cookie.startswith("browser=")
    assert "HttpOnly" in cookie


async def test_every_province_has_its_centres(visitor: PageBrowser) -> None:
    await visitor.open("/centres")
    provinces = {link for link in visitor.links if "?province=" in link}
    assert len(provinces) == 75
    await visitor.submit(province="06.141")
    assert visitor.response.url.query == b"province=06.141"
    assert "+212" in visitor.text


async def test_what_browsers_and_search_machines_ask_by_themselves(visitor: PageBrowser) -> None:
    await visitor.open("!/favicon.ico")
    assert visitor.response.headers["content-type"].startswith("image/svg")
    await visitor.open("!/robots.txt")
    assert "Disallow: /" in visitor.response.text
