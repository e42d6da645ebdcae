import pytest

from registry.centres.directory import UnknownCentre, centre, centre_for, centres, centres_of
from registry.geography import UnknownPlace, atlas


def test_every_province_has_a_centre() -> None:
    for code in atlas().provinces:
        assert centres_of(code)
        assert {each.province_code for each in centres_of(code)} == {code}


def test_every_commune_is_served_by_a_centre_of_its_province() -> None:
    for commune in atlas().communes.values():
        assert centre_for(commune.code).province_code == commune.province_code


def test_a_commune_with_a_centre_is_served_there() -> None:
    assert [centre_for(each.commune_code) for each in centres_of("04.421")] == list(centres_of("04.421"))


@pytest.mark.parametrize("locale", ["ar", "fr", "zgh"])
def test_every_centre_has_a_name_of_its_own_in_each_language(locale: str) -> None:
    names = [each.name(locale) for each in centres().values()]
    assert {name.lang for name in names} == {locale}
    assert len({name.text for name in names}) == len(names)


def test_addresses_say_their_language() -> None:
    some = centre("06.141-1")
    assert some.address("fr").lang == "fr"
    assert some.address("zgh") == some.address("ar")
    assert some.address("zgh").lang == "ar"


def test_telephones_are_of_a_range_that_nobody_has() -> None:
    numbers = [each.phone for each in centres().values()]
    assert all(number.startswith("+2125000") and len(number) == 13 for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_hours_are_in_the_week_s_order() -> None:
    for each in centres().values():
        assert each.hours == tuple(sorted(each.hours))


def test_what_is_not_there() -> None:
    with pytest.raises(UnknownCentre):
        centre("06.141-99")
    with pytest.raises(UnknownPlace):
        centres_of("99.999")
    with pytest.raises(UnknownPlace):
        centre_for("99.999.01.01")
