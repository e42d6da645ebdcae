"""From a message's text file and its values to what a person reads.

A text has `{name}` placeholders only. A placeholder that the message does not declare, or a stray brace, is an error
when the texts are loaded; a value is put in as it is and never looked at again.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from notifications.country import MOROCCO, Country, country
from notifications.messages import LANGUAGES, MESSAGES, Kind, Message, Template, Value
from notifications.tables import Channel

TEXTS: Final = Path(__file__).parent / "templates"
INBOX: Final = "inbox"

PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
NO_BREAK_SPACES: Final = {0x00A0: " ", 0x202F: " "}
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"

# What the service says about itself, by form. The inbox is read in the account: it needs none of it.
OF_THE_PORTAL: Final[Mapping[str, frozenset[str]]] = {
    Channel.SMS: frozenset({"domain", "hotline"}),
    Channel.EMAIL: frozenset({"domain", "hotline", "address"}),
    INBOX: frozenset(),
}


class BadTemplate(Exception):
    """A text is missing or cannot be filled in: the service must not start."""

    code = "bad_template"


@dataclass(frozen=True)
class Portal:
    """What every message may say of the service: `domain` as phones bind codes to it, `url` without a final slash."""

    domain: str
    hotline: str
    url: str


@dataclass(frozen=True)
class Text:
    """A text with its placeholders, or filled in. An SMS has an empty subject."""

    subject: str
    body: str


@cache
def load_texts(folder: Path = TEXTS, of: Country = MOROCCO) -> Mapping[tuple[Template, str, str], Text]:
    """Every text of every message as a country says it, checked. Raises `BadTemplate`."""
    return {
        (template, language, form): _load_text(folder, template, language, form, of)
        for template, message in MESSAGES.items()
        for language in LANGUAGES
        for form in forms(message)
    }


def forms(message: Message) -> tuple[str, ...]:
    channels = tuple(sorted(channel.value for channel in message.channels))
    return (*channels, INBOX) if message.has_inbox else channels


def _load_text(folder: Path, template: Template, language: str, form: str, of: Country) -> Text:
    path = folder / template / f"{language}.{form}.{of.code}.txt"
    if not path.is_file():
        path = folder / template / f"{language}.{form}.txt"
    try:
        written = of.in_its_terms(language, path.read_text(encoding="utf-8").strip("\n"))
    except FileNotFoundError as missing:
        raise BadTemplate(f"{path} is missing") from missing
    allowed = set(MESSAGES[template].values) | MESSAGES[template].secrets | OF_THE_PORTAL[form]
    unknown = set(PLACEHOLDER.findall(written)) - allowed
    if unknown or set("{}") & set(PLACEHOLDER.sub("", written)):
        raise BadTemplate(
            f"{path} has a placeholder that nothing fills: {sorted(unknown) or 'a stray brace'}"
        )
    if form == Channel.SMS:
        # The apostrophe of typewriters is in the alphabet of SMS, the one of printers is not.
        return Text("", written.replace("’", "'"))
    subject, _, body = written.partition("\n")
    if not subject.strip() or not body.strip():
        raise BadTemplate(f"{path} needs a first line and a text below it")
    return Text(subject.strip(), body.strip("\n"))


def render(
    template: Template,
    language: str,
    channel: Channel,
    values: Mapping[str, Value],
    *,
    portal: Portal,
    link: str | None,
) -> Text:
    """What is sent. `values` holds the secrets too."""
    written = _write_values(template, values)
    filled = {name: _isolate(language, channel, value) for name, value in written.items()}
    filled |= {
        "domain": portal.domain,
        "hotline": _isolate(language, channel, portal.hotline),
        "address": f"{portal.url}/{language}{link or '/account'}",
    }
    text = load_texts(of=country())[template, language, channel]
    if channel is Channel.SMS:
        return Text("", _fill(text.body, filled).translate(NO_BREAK_SPACES))
    # A subject travels in a header and is shown in lists: no invisible marks there.
    return Text(_fill(text.subject, written), _fill(text.body, filled) + "\n")


def render_inbox(template: Template, language: str, values: Mapping[str, Value]) -> Text:
    """The title and the text kept in the account. Raises `KeyError` for a message that has no inbox."""
    written = _write_values(template, values)
    text = load_texts(of=country())[template, language, INBOX]
    filled = {name: _isolate(language, INBOX, value) for name, value in written.items()}
    return Text(_fill(text.subject, filled), _fill(text.body, filled))


def _fill(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda placeholder: values[placeholder.group(1)], text)


def _isolate(language: str, form: str, value: str) -> str:
    """Keep a number or a reference in its own order inside right-to-left text; an SMS has no room for the marks."""
    if language != "ar" or form == Channel.SMS:
        return value
    return f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}"


def _write_values(template: Template, values: Mapping[str, Value]) -> dict[str, str]:
    kinds = MESSAGES[template].values
    return {name: WRITERS[kinds.get(name, Kind.TEXT)](value) for name, value in values.items()}


def _write_text(value: Value) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _write_date(value: Value) -> str:
    """Numeric and by hand: the libraries put invisible marks into the Arabic short date."""
    assert isinstance(value, date)
    day = value.astimezone(country().time_zone).date() if isinstance(value, datetime) else value
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def _write_instant(value: Value) -> str:
    assert isinstance(value, datetime)
    local = value.astimezone(country().time_zone)
    return f"{_write_date(local.date())} {local.hour:02}:{local.minute:02}"


WRITERS: Final[Mapping[Kind, Callable[[Value], str]]] = {
    Kind.TEXT: _write_text,
    Kind.DATE: _write_date,
    Kind.INSTANT: _write_instant,
}
