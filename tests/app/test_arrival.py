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
