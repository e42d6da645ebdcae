"""Every sentence of the portal exists in the three languages, whole, and in its own script."""

import re
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from app.i18n.catalogues import catalogue_path, ngettext
from app.i18n.locales import LOCALES, negotiate
from scripts.catalogues import PLURAL_RULES, header, sentences_in_use

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
TAG = re.compile(r"</?[a-z][^>]*>")
# The alphabet of the Royal Institute of the Amazigh Culture; anything else of the Tifinagh block is an error.
TIFINAGH = set("ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵄⵅⵇⵉⵊⵍⵎⵏⵓⵔⵕⵖⵙⵚⵛⵜⵟⵡⵢⵣⵥⵯ")
# Names that the authorities write in Latin letters in every language, units, formats, keys and commands.
SAME_IN_LATIN = re.compile(
    r"\b(RNP|RSU|IDCS|ISE|CSC|AMO|ASD|SMS|PDF|JPEG|PNG|TOTP|TIWIZI|Tiwizi|CNIE|CNDP|DH|MAD|HTMX|WCAG|AA|HTML|R|D|C|V|MB|kB|K|k|n|Alt|Shift)\b"
    r"|TIWIZI_\w+|https?://\S+|tiwizi staff add|[\w.]+@[\w.]+"
)


@pytest.fixture(scope="module")
def used() -> Catalog:
    return sentences_in_use()


@pytest.fixture(scope="module", params=list(LOCALES))
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return read_po(BytesIO(catalogue_path(request.param).read_bytes()), locale=request.param)


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _sources(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if message.pluralizable else (message.id,)


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if message.pluralizable else (message.string,)


def test_every_sentence_is_translated_and_none_is_left_over(catalogue: Catalog, used: Catalog) -> None:
    wanted = {_sources(message) for message in _messages(used)}
    held = {_sources(message) for message in _messages(catalogue)}
    empty = [message.id for message in _messages(catalogue) if not all(_strings(message)) or message.fuzzy]
    assert (held - wanted, wanted - held, empty) == (set(), set(), [])


def test_placeholders_and_tags_are_those_of_the_source(catalogue: Catalog) -> None:
    for message in _messages(catalogue):
        placeholders = set(PLACEHOLDER.findall(" ".join(_sources(message))))
        for string in _strings(message):
            found = set(PLACEHOLDER.findall(string))
            assert found <= placeholders, message.id
            assert message.pluralizable or found == placeholders, message.id
            assert _tags(string) == _tags(_sources(message)[-1]) or message.pluralizable, message.id


def _tags(sentence: str) -> list[str]:
    """The tags of a sentence, without those that a translation adds around a name in another language."""
    return sorted(TAG.findall(re.sub(r'<(span|bdi) lang="(?:fr|ar)"[^>]*>.*?</\1>', "", sentence)))


def test_a_sentence_is_written_in_the_script_of_its_language(catalogue: Catalog) -> None:
    for message in _messages(catalogue):
        for string in _strings(message):
            text = SAME_IN_LATIN.sub(
                "", PLACEHOLDER.sub("", TAG.sub("", re.sub(r"<span.*?</span>", "", string)))
            )
            if str(catalogue.locale) == "ar":
                assert not re.search(r"[A-Za-z]{2,}|[\u2d30-\u2d7f]", text), string
            elif str(catalogue.locale) == "zgh":
                wrong = {c for c in string if "\u2d30" <= c <= "\u2d7f"} - TIFINAGH
                assert not wrong, string
                assert not re.search(r"[A-Za-z]{2,}", text), string
            else:
                assert not re.search(r"[\u0600-\u06ff\u2d30-\u2d7f]", text), string


def test_french_and_arabic_punctuation(catalogue: Catalog) -> None:
    for message in _messages(catalogue):
        for string in _strings(message):
            if str(catalogue.locale) == "fr":
                assert not re.search(r"\w[;!?:](?:\s|$)| [;!?:](?:\s|$)|« | »", TAG.sub("", string)), string
            if str(catalogue.locale) == "ar":
                assert not re.search(r"[\u0660-\u0669\u06f0-\u06f9]|[\u0600-\u06ff][,;?]", string), string


def test_no_bidi_controls_are_hidden_in_a_sentence(catalogue: Catalog) -> None:
    for message in _messages(catalogue):
        assert not re.search(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]", " ".join(_strings(message))), (
            message.id
        )


@pytest.mark.parametrize("code", list(LOCALES))
def test_the_plural_rule_of_the_catalogue_is_the_rule_of_the_code(code: str) -> None:
    assert catalogue_path(code).read_bytes().startswith(header(LOCALES[code]))
    for n in (0, 1, 2, 3, 10, 11, 99, 100, 101, 102, 103, 111, 1000):
        assert LOCALES[code].plural_form(n) == _evaluate(PLURAL_RULES[code], n)


def _evaluate(rule: str, n: int) -> int:
    """A gettext plural expression, as a chain of conditions."""
    if "?" not in rule:
        return int(eval(rule, {"n": n}))
    condition, rest = rule.split("?", 1)
    value, otherwise = rest.split(":", 1)
    return int(value) if eval(condition.replace("&&", " and "), {"n": n}) else _evaluate(otherwise, n)


def test_the_browser_language_is_negotiated() -> None:
    assert negotiate("fr-FR,fr;q=0.9,en;q=0.8") == "fr"
    assert negotiate("en-US,en;q=0.9,zgh;q=0.5") == "zgh"
    assert negotiate("de") == "ar"
    assert negotiate("") == "ar"
    assert negotiate("fr;q=x, ;;;,") == "ar"


def test_a_singular_without_catalogue_stays_in_english() -> None:
    assert ngettext("fr", "%(n)s never written", "%(n)s never writtens", 1) == "%(n)s never written"
