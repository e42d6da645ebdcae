"""T-23, fields that nobody asked for: nobody becomes an administrator, or richer, by naming a column.

Every form of the site map, with every column name of every table, and with its own names sent twice.
"""

from __future__ import annotations

import pytest

from app.forms.account import LanguagesAnswers
from tests.app.attacks import Attacks
from tests.app.places import PLACES
from tests.app.rewinding import COLUMNS, Rewinding
from tests.app.scenes import Scenes, all_answered, every_scene
from tests.app.standing import Visitors

only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@only_sqlite
async def test_every_form_takes_what_it_asks_and_nothing_else(scenes: Scenes) -> None:
    assert len(COLUMNS) > 150
    await all_answered(scenes, Attacks.on_names)


@only_sqlite
async def test_a_form_that_takes_anything_is_caught(
    visitors: Visitors, rewound: Rewinding, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loose(LanguagesAnswers):
        model_config = LanguagesAnswers.model_config | {"extra": "ignore"}

    monkeypatch.setattr("app.routes.account.LanguagesAnswers", Loose)
    places = {"account languages": PLACES["account languages"]}
    with pytest.raises(AssertionError, match=r"extra role .* is taken"):
        await all_answered(every_scene(visitors, rewound, places), Attacks.on_names)
