"""One page with every component, as templates use them; no route serves it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

from app.i18n.environments import environment

SOURCE = Path(__file__).with_name("gallery.html")
LINES = [
    {"label": "Members", "value": "4", "source": "Declared", "coefficient": "-0.15568", "points": "−0.62272",
     "direction": "down", "width": 100, "effect": "−39 %"},
    {"label": "Water", "value": "300", "source": "Confirmed", "coefficient": "0.00033", "points": "+0.099",
     "direction": "up", "width": 15.9, "effect": "+10 %", "href": "#wrong"},
]  # fmt: skip
# A place on the scale and two thresholds: near each other low, near each other high, far apart, at both ends.
SCALES = [(44, 33, 52), (50, 48, 50), (97, 68, 70), (3, 20, 80), (0, 5, 8), (100, 92, 96)]


class AnsweredForm:
    """A form as macros see it, with an error on every second kind of field."""

    restored = True
    typed_answers: ClassVar[dict[str, str]] = {
        "district": '"><b>',
        "kind": "two",
        "words": "\n  كلمات",
    }
    refused: ClassVar[dict[str, str]] = {
        "phone": "Give ten digits.",
        "kind": "Choose one.",
        "birth": "Give a year.",
        "water": "Give a number.",
    }

    def typed(self, name: str) -> str:
        return self.typed_answers.get(name, "")

    def ticked(self, _: str) -> list[str]:
        return ["one", "two"]

    def error(self, name: str) -> str | None:
        return self.refused.get(name)

    def errors_list(self) -> list[tuple[str, str]]:
        return list(self.refused.items())


def gallery(lang: str) -> str:
    """The whole page in a language, for a signed-in citizen with an officer at their side."""
    visit = SimpleNamespace(
        person_name="فاطمة الزهراء بناني", ends_at=dt.datetime(2026, 11, 21, 10, 30, tzinfo=dt.UTC)
    )
    visitor = SimpleNamespace(
        kind="citizen",
        is_staff=False,
        display_name="إدريس العلوي",
        visit=visit,
        unread=2,
        ends_soon=lambda _: True,
        signs_out_at=lambda _: visit.ends_at,
    )
    scales = [
        (here, [{"position": low, "value": "9.3264284", "label": "AMO Tadamon"},
                {"position": high, "value": "9.743001", "label": "ASD"}])
        for here, low, high in SCALES
    ]  # fmt: skip
    return environment(lang).from_string(SOURCE.read_text()).render(
        path="/household", visitor=visitor, demonstration=True, neutral_page="https://example.org/", hotline="0800",
        csrf="token", form_key="key", form=AnsweredForm(), lines=LINES, scales=scales,
        now=dt.datetime(2026, 11, 21, tzinfo=dt.UTC),
    )  # fmt: skip
