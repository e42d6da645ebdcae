"""What can be sent instead of a form that was filled in rightly: everything that goes wrong, field by field.

Each attack is a whole body, made from the pairs that a browser would send. `refused` says that the portal must not
take it; otherwise it may, and must only not fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from tests.app.pages import FilledForm, Value
from tests.app.questions import Question, asked, questions
from tests.app.rewinding import COLUMNS

Text = str | bytes
Upload = tuple[str, bytes, str]
Pair = tuple[str, Text | Upload]
KEYS: Final = ("_csrf", "_key")
BOUNDARY: Final = "a-boundary-of-the-tests"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = f"multipart/form-data; boundary={BOUNDARY}"

TOO_LONG: Final = 20_000
ARABIC_DIGITS: Final = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
NO_NUMBERS: Final = ("abc", "-1", "1e400", "NaN", "Infinity", "0x10", "½", "1;2", "²", "1٬٬", "9" * 400)
# U+066B is the decimal mark of Arabic: three and a half people are as wrong as 3.5.
NO_WHOLE_NUMBERS: Final = ("٣٫٥", "3.5", "3,5")
BIDI_CONTROLS: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\ufeff"
HOSTILE_TEXTS: Final[dict[str, Text]] = {
    **{f"U+{ord(mark):04X}": f"a{mark}b" for mark in BIDI_CONTROLS},
    "NUL": "a\x00b",
    "escape": "a\x1b[31mb",
    "lone surrogate": b"a\xed\xa0\x80b",
    "not UTF-8": b"\xff\xfe\xc3",
    "cut in a character": "é".encode()[:1],
    "private use": "a\ue000b",
}
# One database refuses the first, none keeps the second, and the third turns what stands beside it round.
WORST: Final = ("NUL", "not UTF-8", "U+202E")


@dataclass(frozen=True)
class Attack:
    name: str
    body: bytes
    media_type: str
    pairs: tuple[Pair, ...] = ()
    refused: bool = True
    # The fields of which the page has to say that they are wrong.
    wrong: frozenset[str] = frozenset()

    def sent(self, name: str) -> list[Text]:
        return [value for each, value in self.pairs if each == name and not isinstance(value, tuple)]


def pairs_of(form: FilledForm) -> list[Pair]:
    found: list[Pair] = []
    for name, value in form.values.items():
        found += [(name, each) for each in value] if isinstance(value, list) else [(name, value)]
    return found


def encoded(pairs: list[Pair], *, upload: bool) -> tuple[bytes, str]:
    if not upload:
        return urlencode(
            [(name, value) for name, value in pairs if not isinstance(value, tuple)]
        ).encode(), FORM
    parts = b"".join(_part(name, value) for name, value in pairs)
    return parts + f"--{BOUNDARY}--\r\n".encode(), MULTIPART


def _part(name: str, value: Value | Text) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
    if isinstance(value, tuple):
        filename, content, media_type = value
        head += f'; filename="{filename}"\r\nContent-Type: {media_type}'
    else:
        content = value if isinstance(value, bytes) else str(value).encode()
    return f"{head}\r\n\r\n".encode() + content + b"\r\n"


class Attacks:
    """All attacks on one form as it was filled in rightly."""

    def __init__(self, form: FilledForm) -> None:
        self.form, self.pairs, self.asked = form, pairs_of(form), asked(form)

    @property
    def typed(self) -> list[Question]:
        return [question for question in self.asked if question.is_typed]

    def sound(self) -> Attack:
        """The form as it should be."""
        return self._attack("sound", self.pairs, refused=False)

    def on_fields(self) -> Iterator[Attack]:
        yield from self._empty()
        yield from self._wrong()
        yield from self._missing()

    def on_names(self) -> Iterator[Attack]:
        """Names that the page did not ask for, and names sent twice."""
        yield from self._unknown_fields()
        yield from self._twice()

    def on_text(self) -> Iterator[Attack]:
        """Bytes that no name or sentence has. Numbers may shed the marks that a copied number brings."""
        free = [question for question in self.asked if question.type == "textarea"]
        short = [question for question in self.typed if question not in free]
        hidden = [each for each in questions(self.form) if each.type == "hidden" and each.name not in KEYS]
        for name, text in HOSTILE_TEXTS.items() if free else ():
            yield self._all_wrong(f"{name} in sentences", free, text)
        for name in WORST:
            if short:
                yield self._all(f"{name} in short answers", short, HOSTILE_TEXTS[name], refused=False)
            if hidden:
                yield self._all(
                    f"{name} in what the page carries", hidden, HOSTILE_TEXTS[name], refused=False
                )
        yield self._attack("a field with a hostile name", [*self.pairs, ("x\x00\u202e", "1")], refused=False)

    def on_body(self) -> Iterator[Attack]:
        sound = {name: value for name, value in self.pairs if isinstance(value, str)}
        whole, media_type = encoded(self.pairs, upload=self.form.is_upload)
        yield Attack("JSON", json.dumps(sound).encode(), "application/json")
        yield Attack("broken JSON", b'{"_csrf": ', "application/json")
        yield Attack("text", whole, "text/plain")
        yield Attack("no type", whole, "")
        yield Attack("an unknown type", whole, "x/y; charset=nothing")
        yield Attack("nothing", b"", media_type)
        yield Attack("multipart without a boundary", whole, "multipart/form-data")
        yield Attack("multipart with another boundary", encoded(self.pairs, upload=True)[0], f"{MULTIPART}-2")
        yield Attack("multipart cut short", encoded(self.pairs, upload=True)[0][:-30], MULTIPART)
        unknown = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="_csrf"\r\n'
        unknown += f"Content-Type: text/plain; charset=none\r\n\r\n1\r\n--{BOUNDARY}--\r\n"
        yield Attack("multipart in no alphabet", unknown.encode(), MULTIPART)
        yield Attack("multipart of nothing", f"--{BOUNDARY}--\r\n".encode(), MULTIPART)
        many, _ = encoded([*self.pairs, *((f"x{n}", "1") for n in range(300))], upload=self.form.is_upload)
        yield Attack("hundreds of fields", many, media_type, refused=False)
        yield Attack("far too much", b"x=" + b"1" * (8_000_000 if self.form.is_upload else 300_000), FORM)

    def with_arabic_digits(self) -> Attack:
        numbers = {question.name for question in self.asked if question.has_digits}
        changed: list[Pair] = [
            (name, value.translate(ARABIC_DIGITS) if name in numbers and isinstance(value, str) else value)
            for name, value in self.pairs
        ]
        return self._attack("Arabic-Indic digits", changed, refused=False)

    def with_keys(self, **keys: str | None) -> Attack:
        """With another token or key, or (None) without."""
        rest = [(name, value) for name, value in self.pairs if name not in keys]
        new: list[Pair] = [(name, value) for name, value in keys.items() if value is not None]
        return self._attack(f"keys {keys}", [*rest, *new])

    def _empty(self) -> Iterator[Attack]:
        if not self.asked:
            return
        written = [question for question in self.asked if question.is_typed or question.type == "select"]
        names = {question.name for question in self.asked}
        carried = [pair for pair in self.pairs if pair[0] not in names]
        for name, blank in (("nothing is answered", ""), ("only spaces", " \u00a0\t")):
            answers: list[Pair] = [
                (question.name, blank if question.is_typed else "") for question in written
            ]
            yield self._attack(name, [*carried, *answers], refused=self._has_needed)

    @property
    def _has_needed(self) -> bool:
        """Whether the page asks anything that can be left unanswered by mistake."""
        return any(question.type not in ("file", "checkbox") for question in self.asked)

    def _wrong(self) -> Iterator[Attack]:
        """All questions of a kind at once: each has to be refused by itself."""
        numbers = [question for question in self.asked if question.is_number]
        whole = [question for question in numbers if question.is_whole_number and not question.is_code]
        choices = [question for question in self.asked if question.is_choice or question.type == "checkbox"]
        for value in NO_NUMBERS if numbers else ():
            yield self._all_wrong(f"{value[:20]} for numbers", numbers, value)
        for value in NO_WHOLE_NUMBERS if whole else ():
            yield self._all_wrong(f"{value} for whole numbers", whole, value)
        for value in ("no such choice", "9" * TOO_LONG) if choices else ():
            yield self._all_wrong(f"{value[:20]} for choices", choices, value)
        if self.typed:
            yield self._all_wrong("far too long", self.typed, "9" * TOO_LONG)

    def _unknown_fields(self) -> Iterator[Attack]:
        """Nobody becomes an administrator, or richer, by naming a column."""
        names = {question.name for question in questions(self.form)}
        must = bool(self.asked)
        for column in ("role", "household_id", "index", "proofed_at"):
            yield self._attack(f"extra {column}", [*self.pairs, (column, "1")], refused=must)
        columns: list[Pair] = [(column, "1") for column in COLUMNS if column not in names]
        for start in range(0, len(columns), 60):
            yield self._attack("extra columns", [*self.pairs, *columns[start : start + 60]], refused=must)

    def _twice(self) -> Iterator[Attack]:
        once = [question for question in self.asked if question.is_typed or question.is_choice]
        if once:
            doubled: list[Pair] = [(question.name, value) for question in once for value in ("1", "2")]
            yield self._attack(
                "answered twice", [*self.pairs, *doubled], wrong=frozenset(q.name for q in once)
            )
        for question in questions(self.form):
            if question not in once:
                other: str | Upload = (
                    "2" if question.type != "file" else ("b.pdf", b"%PDF", "application/pdf")
                )
                yield self._attack(
                    f"{question.name} twice", [*self.pairs, (question.name, other)], refused=False
                )

    def _missing(self) -> Iterator[Attack]:
        """What the page carries by itself is left out."""
        for question in set(questions(self.form)) - set(self.asked):
            rest = [pair for pair in self.pairs if pair[0] != question.name]
            yield self._attack(f"{question.name} removed", rest, refused=question.name == "_csrf")

    def _all_wrong(self, name: str, attacked: list[Question], value: Text) -> Attack:
        return self._all(name, attacked, value, wrong=frozenset(question.name for question in attacked))

    def _all(self, name: str, attacked: list[Question], value: Text, **options: Any) -> Attack:
        names = {question.name for question in attacked}
        rest = [pair for pair in self.pairs if pair[0] not in names]
        changed: list[Pair] = [(question.name, value) for question in attacked]
        return self._attack(name, [*rest, *changed], **options)

    def _attack(
        self, name: str, pairs: list[Pair], *, refused: bool = True, wrong: frozenset[str] = frozenset()
    ) -> Attack:
        body, media_type = encoded(pairs, upload=self.form.is_upload)
        return Attack(name, body, media_type, tuple(pairs), refused, wrong)


Kind = Callable[[Attacks], Iterator[Attack]]
