"""The stylesheet and the fonts: what every page relies on."""

import re
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from app.i18n.catalogues import catalogue_path
from app.static_files import STATIC_DIR, static_files

ARABIC = range(0x0600, 0x0700)
TIFINAGH = range(0x2D30, 0x2D80)
# Words on a ground, as the stylesheet pairs them.
READABLE_PAIRS = [
    ("ink", "paper"), ("ink", "wash"), ("ink", "mint"), ("ink", "straw"), ("ink", "sand"), ("ink", "blush"),
    ("quiet", "paper"), ("quiet", "wash"), ("quiet", "mint"), ("quiet", "sand"),
    ("cedar", "paper"), ("cedar", "wash"), ("cedar", "mint"), ("cedar", "straw"), ("deep-cedar", "mint"),
    ("paper", "cedar"), ("paper", "deep-cedar"), ("paper", "brick"),
    ("brick", "paper"), ("brick", "wash"), ("brick", "blush"),
]  # fmt: skip
AA = 4.5


def stylesheet() -> str:
    css = static_files()["tiwizi.css"].content.decode()
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def test_the_stylesheet_knows_no_left_and_no_right() -> None:
    sides = "left|right|top|bottom"
    physical = rf"(?<![-\w])(?:(?:margin|padding|border)-(?:{sides})|{sides}|width|height)\s*:"
    declared = re.sub(r"\((?:min|max)-width:[^)]*\)", "", stylesheet())
    assert re.findall(physical, declared) == []
    assert not re.search(r"(?:text-align|float)\s*:\s*(?:left|right)", declared)


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("words", "ground"), READABLE_PAIRS)
def test_words_can_be_read_on_their_ground(words: str, ground: str) -> None:
    tokens = dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{3,6});", stylesheet()))
    light, dark = sorted((_luminance(tokens[words]), _luminance(tokens[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= AA


@pytest.mark.parametrize(
    ("lang", "font", "script"),
    [("ar", "noto-sans-arabic", ARABIC), ("zgh", "noto-sans-tifinagh", TIFINAGH)],
)
def test_the_font_has_every_letter_that_the_portal_writes(lang: str, font: str, script: range) -> None:
    drawn = TTFont(BytesIO((STATIC_DIR / "fonts" / f"{font}.woff2").read_bytes())).getBestCmap()
    written = {ord(letter) for letter in catalogue_path(lang).read_text()}
    assert [chr(letter) for letter in sorted(written & set(script)) if letter not in drawn] == []


def test_the_stylesheet_names_its_fonts_by_their_served_addresses() -> None:
    assert 'url("fonts/' not in stylesheet()
    assert len(set(re.findall(r'url\("(/static/[^"]+)"\)', stylesheet()))) == 3


@pytest.mark.parametrize(("lang", "limit"), [("ar", 26_000), ("fr", 11_500), ("zgh", 13_500)])
def test_what_a_first_visit_fetches_beside_the_page_is_light(lang: str, limit: int) -> None:
    """30 kB for Arabic and French with the page itself and the headers; 46 kB are allowed in Amazigh."""
    files = static_files()
    names = ["tiwizi.css", "tiwizi.js", "icons.svg", "mark.svg"]
    fonts = {
        "ar": ["noto-sans-arabic", "noto-sans-tifinagh-name"],
        "fr": ["noto-sans-tifinagh-name"],
        "zgh": ["noto-sans-tifinagh"],
    }
    names += [f"fonts/{font}.woff2" for font in fonts[lang]]
    assert sum(len(files[name].gzipped or files[name].content) for name in names) <= limit
