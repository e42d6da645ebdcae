from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from notifications.messages import LANGUAGES, MESSAGES, Template, Value
from notifications.rendering import BadTemplate, Portal, forms, load_texts, render, render_inbox
from notifications.tables import Channel

PORTAL = Portal(domain="rsu.example.ma", hotline="0801234567", url="https://rsu.example.ma")


def test_a_value_is_put_in_and_never_read_as_a_placeholder() -> None:
    text = render(
        Template.INVITATION_ANSWERED,
        "fr",
        Channel.SMS,
        {"reference": "{hotline} {0}"},
        portal=PORTAL,
        link=None,
    )
    assert "{hotline} {0}" in text.body
    assert PORTAL.hotline not in text.body


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 11, 21, 13, 5, tzinfo=UTC), "21/11/2026 14:05"),
        (datetime(2026, 11, 21, 23, 30, tzinfo=UTC), "22/11/2026 00:30"),
        # In Ramadan Morocco is on Greenwich time.
        (datetime(2026, 2, 25, 13, 5, tzinfo=UTC), "25/02/2026 13:05"),
    ],
)
def test_instants_are_told_in_moroccan_time(instant: datetime, written: str) -> None:
    text = render(Template.SIGNED_IN, "fr", Channel.SMS, {"at": instant}, portal=PORTAL, link=None)
    assert written in text.body


def test_an_instant_given_for_a_date_is_the_moroccan_day() -> None:
    values: dict[str, Value] = {"reference": "D-1", "date": datetime(2026, 11, 21, 23, 30, tzinfo=UTC)}
    assert "22/11/2026" in render_inbox(Template.DECLARATION_RECEIVED, "zgh", values).body


def test_an_sms_has_plain_spaces_only() -> None:
    text = render(
        Template.INVITATION_ANSWERED,
        "fr",
        Channel.SMS,
        {"reference": "A\u202fB\u00a0C"},
        portal=PORTAL,
        link=None,
    )
    assert "A B C" in text.body


def test_values_keep_their_order_inside_arabic_and_nowhere_else() -> None:
    values: dict[str, Value] = {"reference": "R-7K2M9QXZ", "date": date(2026, 3, 2)}
    arabic = render(Template.REQUEST_DECIDED, "ar", Channel.EMAIL, values, portal=PORTAL, link="/messages")
    assert "\u2068R-7K2M9QXZ\u2069" in arabic.body
    assert "\u2068" not in arabic.subject
    assert "\nhttps://rsu.example.ma/ar/messages\n" in arabic.body
    assert "\u2068R-7K2M9QXZ\u2069" in render_inbox(Template.REQUEST_DECIDED, "ar", values).subject
    for language, channel in (("ar", Channel.SMS), ("fr", Channel.EMAIL), ("zgh", Channel.EMAIL)):
        other = render(Template.REQUEST_DECIDED, language, channel, values, portal=PORTAL, link=None)
        assert "\u2068" not in other.subject + other.body


def test_without_a_link_an_email_leads_to_the_account() -> None:
    text = render(
        Template.INDEX_COMPUTED, "zgh", Channel.EMAIL, {"date": date(2026, 3, 2)}, portal=PORTAL, link=None
    )
    assert "https://rsu.example.ma/zgh/account" in text.body


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for template, message in MESSAGES.items():
        (tmp_path / template).mkdir()
        for language in LANGUAGES:
            for form in forms(message):
                (tmp_path / template / f"{language}.{form}.txt").write_text("title\n\nbody\n")
    load_texts(tmp_path)
    load_texts.cache_clear()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("signed_in/ar.sms.txt", None),
        ("signed_in/ar.sms.txt", "{unknown}"),
        ("signed_in/ar.sms.txt", "{address}"),
        ("signed_in/ar.inbox.txt", "title\n\n{hotline}"),
        ("signed_in/ar.email.txt", "title\n\n{code}"),
        ("signed_in/ar.email.txt", "title {at\n\nbody"),
        ("signed_in/ar.email.txt", "title\n\n{At}"),
        ("signed_in/ar.email.txt", "title only"),
        ("signed_in/ar.inbox.txt", ""),
        ("index_computed/fr.inbox.txt", "title\n\n{reference}"),
    ],
)
def test_a_text_that_cannot_be_filled_stops_the_start(texts: Path, path: str, written: str | None) -> None:
    if written is None:
        (texts / path).unlink()
    else:
        (texts / path).write_text(written)
    with pytest.raises(BadTemplate, match=path.split("/")[0]):
        load_texts(texts)
