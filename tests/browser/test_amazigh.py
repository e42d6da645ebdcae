"""A farmer near Zagora does everything in Amazigh, on a telephone: each page is wholly in Tifinagh and fits."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO

from fontTools.ttLib import TTFont

from app.i18n.catalogues import sentences
from app.static_files import STATIC_DIR
from registry.facts import Relation
from tests.app.declaring import RURAL, RURAL_HEAD
from tests.browser.conftest import AtBrowser
from tests.browser.declaring import DECLARATION, Home, assert_index_explained, facts_told, receipt_reference
from tests.browser.pages import overflow, own_words
from tests.browser.portal import RunningPortal
from tests.browser.visitors import Visitor, claim

AFELLA_N_DRA = Home({"region": "08", "province": "08.587", "commune": "08.587.03.01"}, RURAL)
TIFINAGH = re.compile(r"[\u2d30-\u2d7f]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
NAMED_VALUE = re.compile(r"%\(\w+\)[a-z]")
REFERENCE = re.compile(r"\b[A-Z]-[0-9A-Z]{10}\b")


def test_a_farmer_goes_from_claim_to_index_in_amazigh(portal: RunningPortal, at_browser: AtBrowser) -> None:
    person, moha = portal.people["moha"], at_browser(portal, "zgh")
    for path in ("/", "/help", "/centres", "/claim"):
        moha.open(path)
        assert_amazigh(moha)
    claim(moha, person, language="zgh", sms_language="zgh")
    assert_amazigh(moha)
    moha.answer()
    moha.arrive("/household")
    assert_amazigh(moha)
    declare_reading(moha)
    receipt_reference(moha)
    assert_amazigh(moha)
    index = assert_index_explained(moha, facts_told(AFELLA_N_DRA, [(person, Relation.HEAD, RURAL_HEAD)]))
    assert index > 0
    for path in ("/household", "/household/index", "/household/recomputation", "/messages", "/account"):
        moha.open(path)
        assert_amazigh(moha)
    assert TIFINAGH.search(portal.message_to(person.phone, "declaration_received").body)


def declare_reading(visitor: Visitor) -> None:
    """Every page of the declaration is read before it is answered."""
    pages = {"address": AFELLA_N_DRA.address, **AFELLA_N_DRA.pages}
    visitor.open(DECLARATION)
    assert_amazigh(visitor)
    visitor.follow(f"{DECLARATION}/address")
    for step, answers in pages.items():
        visitor.arrive(f"{DECLARATION}/{step}")
        assert_amazigh(visitor)
        visitor.answer(answers)
    visitor.arrive(f"{DECLARATION}/members")
    assert_amazigh(visitor)
    visitor.open(f"{DECLARATION}/members/head")
    assert_amazigh(visitor)
    visitor.answer(RURAL_HEAD)
    visitor.arrive(f"{DECLARATION}/members")
    visitor.open(f"{DECLARATION}/check")
    assert_amazigh(visitor)
    visitor.answer()


def assert_amazigh(visitor: Visitor) -> None:
    """In the language and its direction, without an untranslated word or a missing letter, and no wider than it."""
    page = visitor.page
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["zgh", "ltr"]
    assert overflow(page) == []
    text = own_words(page)
    assert set(LATIN_WORD.findall(REFERENCE.sub("", text))) <= latin_words_of_the_catalogue(), visitor.path
    letters = set(TIFINAGH.findall(text))
    assert letters
    assert letters <= drawn_letters()
    face = "Array.from(document.fonts).filter(each => each.family.includes('Tiwizi Tifinagh')).map(each => each.status)"
    page.evaluate("document.fonts.ready.then(() => true)")
    assert page.evaluate(face) == ["loaded"]


@cache
def latin_words_of_the_catalogue() -> frozenset[str]:
    """Those that Amazigh sentences use themselves: SMS, PDF, AMO Tadamon."""
    said = (one for each in sentences("zgh").values() for one in ([each] if isinstance(each, str) else each))
    return frozenset(word for one in said for word in LATIN_WORD.findall(NAMED_VALUE.sub("", one)))


@cache
def drawn_letters() -> frozenset[str]:
    font = TTFont(BytesIO((STATIC_DIR / "fonts" / "noto-sans-tifinagh.woff2").read_bytes()))
    return frozenset(map(chr, font.getBestCmap()))
