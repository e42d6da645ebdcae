"""What a browser says of itself, kept short."""

import pytest

from identity.devices import BROWSERS, SYSTEMS, device_name

APPLE = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {APPLE} Chrome/126.0.0.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {APPLE} Chrome/126.0 Safari/537.36 Edg/126.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (Mobile; Nokia; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", "Firefox, KaiOS"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1",
            "Safari, iPhone",
        ),
        ("Opera/9.80 (J2ME/MIDP; Opera Mini/9.80) Presto/2.12", "Opera Mini"),
        ("curl/8.0", ""),
        ("", ""),
        ("<script>alert(1)</script>" * 100, ""),
    ],
)
def test_family_and_system_alone_are_kept(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


def test_every_name_fits_its_column() -> None:
    longest = max(len(f"{browser}, {system}") for _, browser in BROWSERS for _, system in SYSTEMS)
    assert longest <= 40
