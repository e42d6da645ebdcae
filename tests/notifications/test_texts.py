"""About every text of every message: present in each language and channel, filled by the same values, affordable."""

import re
from datetime import UTC, date, datetime

import pytest

from notifications import rendering
from notifications.messages import CODE_MINUTES, ENROLMENT_HOURS, LANGUAGES, MESSAGES, Kind, Template, Value
from notifications.rendering import INBOX, PLACEHOLDER, TEXTS, Portal, forms, load_texts, render, render_inbox
from notifications.segments import DEFAULT_ALPHABET, EXTENSION, Encoding, measure
from notifications.tables import Channel
from registry.profiles import country_of, profile_names

TEXTS_BY_PLACE = load_texts()
PLACES = sorted(TEXTS_BY_PLACE)
SMS_PLACES = [place for place in PLACES if place[2] == Channel.SMS]

# The values of which the longest texts are made; a longer domain costs a second segment in Arabic and Amazigh.
PORTAL = Portal(domain="rsu.example.ma", hotline="0801234567", url="https://rsu.example.ma")
LONGEST: dict[str, Value] = {
    "code": "123456",
    "identifier": "0123456789",
    "reference": "R-7K2M9QXZ4D",
    "date": date(2026, 11, 21),
    "at": datetime(2026, 11, 21, 13, 30, tzinfo=UTC),
    "before": datetime(2026, 11, 21, 13, 30, tzinfo=UTC),
    "until": date(2026, 11, 21),
    "place": "Centre de services aux citoyens – Casablanca, 16, avenue de la Démonstration",
}

IRCAM_LETTERS = frozenset("ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵄⵅⵇⵉⵊⵍⵎⵏⵓⵔⵕⵖⵙⵚⵛⵜⵟⵡⵢⵣⵥⵯ")
INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
ADDRESS = re.compile(r"https?:|www\.|\{address\}|\.(ma|com)\b", re.IGNORECASE)
NUMBER_OF_AN_INDEX = re.compile(r"\d+[.,]\d+")
PROGRAMMES = ("AMO", "ASD", "Tadamon", "Achamil", "تضامن", "الشامل", "الدعم الاجتماعي المباشر", "ⴰⵏⵏⴰⵍ")
REFUSALS = ("refus", "rejet", "non éligible", "رفض", "مرفوض", "غير مقبول", "ⵜⴰⴳⵉⵜ", "ⵓⵔ ⵉⵜⵜⵡⴰⵎⵙⴰⵙⴰ")
# Sent only where an index is computed and compared with what sources say.
OF_AN_INDEX = {
    Template.INDEX_COMPUTED,
    Template.INDEX_RECOMPUTED,
    Template.SOURCE_CONTRADICTS,
    Template.SOURCE_COUNTED,
}
INDEX_WORDS = re.compile(r"\bcentres?\b|مركز|\bindices?\b|recalcul|seuil|مؤشر|احتساب|عتبة|ⵏⵎⵎⴰⵍ|ⵓⵙⵉⴹⵏ")
ASKS_TO_CHOOSE = Template.INVITATION


def _values(template: Template) -> dict[str, Value]:
    names = [*MESSAGES[template].values, *MESSAGES[template].secrets]
    values = {name: LONGEST[name] for name in names}
    if MESSAGES[template].values.get("until") is Kind.INSTANT:
        values["until"] = LONGEST["at"]
    return values


def _sent(template: Template, language: str, channel: Channel) -> str:
    text = render(template, language, channel, _values(template), portal=PORTAL, link="/household/index")
    return f"{text.subject}\n{text.body}"


def test_no_file_lies_beside_the_messages() -> None:
    expected = {TEXTS / template / f"{language}.{form}.txt" for template, language, form in PLACES}
    of_a_country = {
        path.with_suffix(f".{country}.txt") for path in expected for country in profile_names() - {"ma"}
    }
    assert expected <= set(TEXTS.rglob("*.txt")) <= expected | of_a_country


@pytest.mark.parametrize("country", sorted(profile_names()))
def test_the_texts_of_every_country_can_be_filled_in(country: str) -> None:
    assert set(load_texts(of=country_of(country))) == set(TEXTS_BY_PLACE)


def test_no_message_of_a_country_without_an_index_speaks_of_one() -> None:
    for (template, language, form), text in load_texts(of=country_of("dz")).items():
        if template not in OF_AN_INDEX:
            words = f"{text.subject} {text.body}".lower()
            assert not INDEX_WORDS.search(words), f"{template}/{language}.{form}: {words}"


def test_every_place_is_counted_once() -> None:
    assert len(PLACES) == sum(len(forms(message)) * len(LANGUAGES) for message in MESSAGES.values())


def test_every_message_has_a_way_to_the_person() -> None:
    assert set(MESSAGES) == set(Template)
    for message in MESSAGES.values():
        assert set(forms(message)) == (
            {Channel.SMS, Channel.EMAIL, INBOX} if message.has_inbox else message.channels
        )


@pytest.mark.parametrize("template", Template)
def test_the_three_languages_say_the_same_values(template: Template) -> None:
    for form in forms(MESSAGES[template]):
        said = []
        for language in LANGUAGES:
            text = TEXTS_BY_PLACE[template, language, form]
            said.append(sorted(set(PLACEHOLDER.findall(text.subject + text.body))))
        assert said[0] == said[1] == said[2], (template, form)


@pytest.mark.parametrize("template", Template)
def test_every_declared_value_is_said_somewhere(template: Template) -> None:
    texts = [text for (of, _, _), text in TEXTS_BY_PLACE.items() if of is template]
    said = {name for text in texts for name in PLACEHOLDER.findall(text.subject + text.body)}
    assert set(MESSAGES[template].values) | MESSAGES[template].secrets <= said


@pytest.mark.parametrize(("template", "language", "form"), SMS_PLACES)
def test_an_sms_is_one_segment(template: Template, language: str, form: str) -> None:
    size = measure(_sent(template, language, Channel(form)).removeprefix("\n"))
    assert size.segments == 1, size
    assert size.encoding is (Encoding.GSM_7 if language == "fr" else Encoding.UCS_2)


def test_an_sms_is_one_segment_in_the_terms_of_another_country(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "country", lambda: country_of("dz"))
    for template, language, form in SMS_PLACES:
        size = measure(_sent(template, language, Channel(form)).removeprefix("\n"))
        assert size.segments == 1, (template, language)
        assert size.encoding is (Encoding.GSM_7 if language == "fr" else Encoding.UCS_2), template


@pytest.mark.parametrize(("template", "language", "form"), SMS_PLACES)
def test_an_sms_says_nothing_that_a_shared_phone_must_not_show(
    template: Template, language: str, form: str
) -> None:
    text = TEXTS_BY_PLACE[template, language, form].body
    assert not ADDRESS.search(text)
    assert not INVISIBLE.search(text)
    assert not any(programme in text for programme in PROGRAMMES)
    assert not NUMBER_OF_AN_INDEX.search(text)
    if template is not ASKS_TO_CHOOSE:
        assert not any(refusal in text for refusal in REFUSALS)


@pytest.mark.parametrize(
    ("template", "language", "form"), [place for place in PLACES if place[2] == Channel.EMAIL]
)
def test_an_email_names_neither_index_nor_programme(template: Template, language: str, form: str) -> None:
    text = TEXTS_BY_PLACE[template, language, form]
    whole = text.subject + text.body
    assert not any(programme in whole for programme in PROGRAMMES)
    assert not NUMBER_OF_AN_INDEX.search(whole)
    assert not INVISIBLE.search(whole)
    assert "identifier" not in PLACEHOLDER.findall(whole)


CODES = [template for template in Template if MESSAGES[template].is_code]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", [code for code in CODES if Channel.SMS in MESSAGES[code].channels])
def test_a_code_ends_with_the_line_that_phones_read(template: Template, language: str) -> None:
    *text, last = _sent(template, language, Channel.SMS).strip().split("\n")
    assert last == "@rsu.example.ma #123456"
    assert "123456" in text[0]
    assert len(text) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_codes_can_be_taken_for_each_other(language: str) -> None:
    openings = [
        _sent(code, language, channel).strip() for code in CODES for channel in MESSAGES[code].channels
    ]
    assert len(set(openings)) == len(openings)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_life_of_an_enrolment_is_told_as_it_is(language: str) -> None:
    text = TEXTS_BY_PLACE[Template.STAFF_ENROLMENT, language, Channel.EMAIL]
    assert re.findall(r"\d+", text.body) == [str(ENROLMENT_HOURS)]


@pytest.mark.parametrize("template", [code for code in CODES if code != Template.STAFF_ENROLMENT])
def test_the_life_of_a_code_is_told_as_it_is(template: Template) -> None:
    for language in LANGUAGES:
        for channel in MESSAGES[template].channels:
            text = TEXTS_BY_PLACE[template, language, channel]
            told = re.findall(r"(\d+)(?=.{0,3}(?:min|دقائق|ⵜⵓⵙⴷⵉⴷⵉⵏ))", text.body)
            assert set(told) <= {str(CODE_MINUTES)}
            assert told or (channel is Channel.SMS and language != "fr")


@pytest.mark.parametrize(("template", "language", "form"), PLACES)
def test_letters_are_those_of_the_language(template: Template, language: str, form: str) -> None:
    text = TEXTS_BY_PLACE[template, language, form]
    whole = PLACEHOLDER.sub("", text.subject + "\n" + text.body)
    tifinagh = {letter for letter in whole if "\u2d30" <= letter <= "\u2d7f"}
    arabic = {letter for letter in whole if "\u0600" <= letter <= "\u06ff"}
    assert tifinagh <= IRCAM_LETTERS
    assert bool(tifinagh) == (language == "zgh")
    assert bool(arabic) == (language == "ar")
    assert not re.search("[٠-٩۰-۹]", whole)
    if language == "fr" and form == Channel.SMS:
        assert set(whole) <= DEFAULT_ALPHABET | EXTENSION


@pytest.mark.parametrize(("template", "language", "form"), [place for place in PLACES if place[1] == "fr"])
def test_french_punctuation_keeps_its_spaces_together(template: Template, language: str, form: str) -> None:
    text = TEXTS_BY_PLACE[template, language, form]
    if form != Channel.SMS:
        assert not re.search(r" [:;!?]|'", text.subject + text.body)


@pytest.mark.parametrize(("template", "language", "form"), PLACES)
def test_everything_is_filled_in(template: Template, language: str, form: str) -> None:
    if form == INBOX:
        text = render_inbox(
            template, language, {name: _values(template)[name] for name in MESSAGES[template].values}
        )
        whole = text.subject + text.body
    else:
        whole = _sent(template, language, Channel(form))
    assert "{" not in whole
    assert "}" not in whole
