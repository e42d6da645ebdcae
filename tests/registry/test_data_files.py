"""A data file that contradicts itself or another stops the start with words that say where."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from registry import datafiles
from registry.centres.directory import _load_centres, centres
from registry.datafiles import InvalidData
from registry.delays import _delays
from registry.geography import _load_atlas, atlas
from registry.rules.index_models import _load_models, model_on, models
from registry.rules.programme_files import load_programmes
from registry.rules.programmes import programmes

SHIPPED = Path(datafiles.__file__).parent / "data" / "ma"
LOADERS = (_load_atlas, _load_models, load_programmes, _load_centres, _delays)


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the shipped data to spoil, read in its place."""
    for file in SHIPPED.rglob("*"):
        if file.is_file():
            copy = tmp_path / file.relative_to(SHIPPED)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    monkeypatch.setattr(datafiles, "_root", lambda profile: tmp_path)
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    for loader in LOADERS:
        loader.cache_clear()


def _rewrite(file: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def _drop_region(model: Any) -> None:
    model["zones"]["rural"]["regions"].pop()


def _strange_region(model: Any) -> None:
    model["zones"]["urban"]["regions"][0]["region"] = "77"


def _strange_kind(model: Any) -> None:
    model["zones"]["urban"]["variables"][0]["kind"] = "colour"


def _strange_rule(model: Any) -> None:
    model["zones"]["urban"]["variables"][0]["rule"] = "by_lot"


def _strange_fact(model: Any) -> None:
    model["zones"]["urban"]["variables"][3]["fact"] = "pool"


def _strange_answer(model: Any) -> None:
    model["zones"]["urban"]["variables"][4]["is"] = ["solar"]


def _float(model: Any) -> None:
    model["zones"]["urban"]["variables"][0]["coefficient"] = 0.103


def _not_a_number(model: Any) -> None:
    model["zones"]["urban"]["constant"] = "NaN"


def _twice(model: Any) -> None:
    model["zones"]["urban"]["variables"][1]["code"] = "U1"


def _one_zone(model: Any) -> None:
    del model["zones"]["rural"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_drop_region, "rural has no term for the region 12"),
        (_strange_region, "urban has no term for the region 01"),
        (_strange_kind, "kind"),
        (_strange_rule, "by_lot"),
        (_strange_fact, "'pool' is no fact of HouseholdFacts"),
        (_strange_answer, "'meter' is never 'solar'"),
        (_float, "exact numbers are written as strings"),
        (_not_a_number, "zones.urban.constant"),
        (_twice, "the variable U1 is there twice"),
        (_one_zone, "the zone rural is missing"),
    ],
)
def test_an_index_model_that_is_wrong(profile: Path, spoil: Callable[[Any], None], words: str) -> None:
    _rewrite(profile / "index-model-2021.json", spoil)
    with pytest.raises(InvalidData) as refused:
        models()
    assert words in str(refused.value)
    assert "index-model-2021.json" in str(refused.value)


def _next_decree(profile: Path, change: Callable[[Any], None]) -> None:
    later = profile / "index-model-2027.json"
    later.write_bytes((profile / "index-model-2021.json").read_bytes())

    def renew(model: Any) -> None:
        model.update(name="ma-ise-2027", effective_from="2027-01-01")
        change(model)

    _rewrite(later, renew)


def test_a_decree_is_one_more_file(profile: Path) -> None:
    def dearer(model: Any) -> None:
        model["zones"]["urban"]["variables"][0]["coefficient"] = "0.2"

    _next_decree(profile, dearer)
    before, after = models()
    assert model_on(date(2026, 12, 31)) is before
    assert model_on(date(2027, 1, 1)) is after
    assert (before.name, after.name) == ("ma-ise-2021", "ma-ise-2027")


def test_a_code_never_changes_its_meaning(profile: Path) -> None:
    def other_ages(model: Any) -> None:
        model["zones"]["urban"]["variables"][22]["ages"] = [6, 15]

    _next_decree(profile, other_ages)
    with pytest.raises(InvalidData, match="U23 has two meanings"):
        models()


def _gap(programme: Any) -> None:
    programme["rules"][0]["bands"][1]["above"] = "9.6"


def _upside_down(programme: Any) -> None:
    programme["rules"][0]["bands"][0]["above"] = "9.9"


def _open_end(programme: Any) -> None:
    programme["rules"][0]["bands"][-1]["at_or_below"] = "12"


def _nameless(programme: Any) -> None:
    del programme["names"]["ar"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_gap, "does not begin where the one before ends"),
        (_upside_down, "a band ends before it begins"),
        (_open_end, "the last band has no upper edge"),
        (_nameless, "a programme has an Arabic and a French name"),
    ],
)
def test_a_programme_that_is_wrong(profile: Path, spoil: Callable[[Any], None], words: str) -> None:
    _rewrite(profile / "programmes" / "amo-achamil.json", spoil)
    with pytest.raises(InvalidData, match=words):
        programmes()


@pytest.mark.parametrize(
    ("file", "column", "value", "words"),
    [
        ("communes", "province_code", "99.999", "names an unknown province '99.999'"),
        ("communes", "zone", "coastal", "has an unknown zone 'coastal'"),
        ("communes", "kind", "hamlet", "is of an unknown kind 'hamlet'"),
        ("communes", "code", "01.051.01.03", "two places have the code 01.051.01.03"),
        ("communes", "name_ar", "", "lacks its Arabic or its French name"),
        ("provinces", "region_code", "13", "names an unknown region '13'"),
    ],
)
def test_a_place_that_is_wrong(profile: Path, file: str, column: str, value: str, words: str) -> None:
    _spoil_first_row(profile / "geography" / f"{file}.csv", column, value)
    with pytest.raises(InvalidData) as refused:
        atlas()
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("commune_code", "06.141.01.01", "is in no commune of '01.051'"),
        ("hours", "1-9 08:30-16:30", "has unreadable hours"),
        ("hours", "1 16:30-08:30", "has unreadable hours"),
        ("name_fr", "", "lacks an Arabic or a French name"),
        ("code", "06.141-1", "two centres have the code 06.141-1"),
    ],
)
def test_a_centre_that_is_wrong(profile: Path, column: str, value: str, words: str) -> None:
    _spoil_first_row(profile / "centres.csv", column, value)
    with pytest.raises(InvalidData) as refused:
        centres()
    assert words in str(refused.value)


def _spoil_first_row(file: Path, column: str, value: str) -> None:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    rows[0][column] = value
    with file.open("w", encoding="utf-8", newline="") as rewritten:
        writer = csv.DictWriter(rewritten, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_file_that_is_not_there_or_not_readable(profile: Path) -> None:
    (profile / "centres.csv").unlink()
    with pytest.raises(InvalidData, match=r"centres\.csv is missing"):
        centres()
    (profile / "index-model-2021.json").write_text("{", encoding="utf-8")
    with pytest.raises(InvalidData, match=r"index-model-2021\.json is not JSON"):
        models()
    (profile / "index-model-2021.json").unlink()
    with pytest.raises(InvalidData, match="has no index model"):
        models()


@pytest.mark.parametrize("name", ["xx", "../ma", "ma/programmes"])
def test_a_profile_that_is_not_there(name: str) -> None:
    with pytest.raises(InvalidData):
        models(name)
