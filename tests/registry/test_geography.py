from collections import Counter

import pytest

from registry.facts import Zone
from registry.geography import PlaceKind, UnknownPlace, atlas, fold, options, place_name
from registry.rules.scoring import models


def test_all_places_are_there() -> None:
    places = atlas()
    assert (len(places.regions), len(places.provinces), len(places.communes)) == (12, 75, 1538)
    assert Counter(commune.zone for commune in places.communes.values()) == {
        Zone.RURAL: 1282,
        Zone.URBAN: 256,
    }


def test_every_commune_has_a_province_and_a_region() -> None:
    places = atlas()
    for commune in places.communes.values():
        assert commune in places.children(commune.province_code)
        assert places.province(commune.province_code) in places.children(commune.region_code)
        assert (commune.zone is Zone.RURAL) == (commune.kind is PlaceKind.RURAL)


def test_every_region_has_its_term_in_every_model() -> None:
    for model in models():
        for zone in Zone:
            assert set(model.zones[zone].regional_terms) == set(atlas().regions)


def test_a_name_says_which_language_it_is_in() -> None:
    region = atlas().region("03")
    assert place_name(region, "ar") == ("فاس - مكناس", "ar")
    assert place_name(region, "fr") == ("Fès-Meknès", "fr")
    assert place_name(region, "zgh") == ("ⴼⴰⵙ-ⵎⴽⵏⴰⵙ", "zgh")
    assert place_name(atlas().commune("01.051.01.01"), "zgh") == ("الحسيمة", "ar")


@pytest.mark.parametrize("code", ["", "1", "13", "06.999", "06.141.01.99"])
def test_a_code_of_nothing_is_refused(code: str) -> None:
    for find in (atlas().region, atlas().province, atlas().commune, atlas().children):
        with pytest.raises(UnknownPlace) as refused:
            find(code)
        assert refused.value.name == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Oriental", "02"),
        ("l'oriental", "02"),
        ("Dakhla-Oued Eddahab", "12"),
        ("Laayoune Sakia el hamra", "11"),
        ("Draa-Tafilalet", "08"),
        ("مراكش - اسفي", "07"),
        ("ⵙⵓⵙ-ⵎⴰⵙⵙⴰ", "09"),
        ("09", "09"),
    ],
)
def test_a_region_is_found_however_it_is_typed(name: str, code: str) -> None:
    assert atlas().region_named(name).code == code


@pytest.mark.parametrize("name", ["", "-", "9", "Fès", "Souss"])
def test_a_part_of_a_name_is_no_region(name: str) -> None:
    with pytest.raises(UnknownPlace):
        atlas().region_named(name)


@pytest.mark.parametrize("locale", ["ar", "fr", "zgh"])
def test_every_list_is_complete_and_sorted_by_name(locale: str) -> None:
    regions = options(None, locale)
    provinces = [option for region in regions for option in options(region.code, locale)]
    communes = [option for province in provinces for option in options(province.code, locale)]
    assert {option.code for option in communes} == set(atlas().communes)
    for offered in (regions, options("06", locale), options("06.141", locale)):
        assert [fold(option.text) for option in offered] == sorted(fold(option.text) for option in offered)
    for province in provinces:
        names = [option.text for option in options(province.code, locale)]
        assert len(set(names)) == len(names), f"two communes of {province.text} cannot be told apart"
