"""The counter against figures measured independently (in a table of messages and of known traps)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.segments import Encoding, measure

SAMPLES = {
    "domain": "rsu.example.ma",
    "code": "123456",
    "id": "0123456789",
    "ref": "D-48213",
    "date": "21/11/2026",
    "until": "21/11/2026",
    "hotline": "0801234567",
}

MEASURED = [
    ("رمز الدخول {code}. لا تعطوه لأي أحد\n@{domain} #{code}", Encoding.UCS_2, 59, 1),
    (
        (
            "Code de connexion : {code} (valable 10 min). Ne le donnez à personne : aucun agent ne vous le demandera.\n"
            "@{domain} #{code}"
        ),
        Encoding.GSM_7,
        128,
        1,
    ),
    ("ⵉⵏⵉⴳⵍ {code}. ⴰⴷ ⵓⵔ ⵜ ⵜⴼⴽⵎ ⵉ ⴰⵡⴷ ⵢⴰⵏ\n@{domain} #{code}", Encoding.UCS_2, 60, 1),
    (
        "رمز الدخول إلى حسابكم: {code}، صالح 10 دقائق. لا تعطوه لأي أحد، فلن يطلبه منكم أي موظف.\n@{domain} #{code}",
        Encoding.UCS_2,
        111,
        2,
    ),
    (
        "ⵉⵏⵉⴳⵍ ⵏ ⵓⴽⵛⵛⵓⵎ: {code} (10 ⵏ ⵜⵓⵙⴷⵉⴷⵉⵏ ⵖⴰⵙ). ⴰⴷ ⵓⵔ ⵜ ⵜⴼⴽⵎ ⵉ ⴰⵡⴷ ⵢⴰⵏ.\n@{domain} #{code}",
        Encoding.UCS_2,
        91,
        2,
    ),
    ("تم تسجيلكم. معرفكم {id}. لن نطلب منكم أي رمز عبر الهاتف", Encoding.UCS_2, 61, 1),
    (
        (
            "Votre inscription est validée. Identifiant : {id}. Conservez-le. "
            "Nous ne demandons jamais de code par téléphone."
        ),
        Encoding.GSM_7,
        118,
        1,
    ),
    ("ⵉⵙⵎⴷ ⵓⵣⵎⵎⴻⵎ. ⵓⵟⵟⵓⵏ ⵏⵏⵓⵏ ⵏ ⵓⵙⵎⴰⴳⵉ: {id}", Encoding.UCS_2, 44, 1),
    ("طلب ضمكم إلى أسرة ({ref}). أجيبوا من حسابكم قبل {until}", Encoding.UCS_2, 60, 1),
    (
        (
            "Demande d'ajout à un ménage, réf. {ref}. Acceptez ou refusez depuis votre compte avant le {until}. "
            "Sans réponse de votre part, rien ne change."
        ),
        Encoding.GSM_7,
        147,
        1,
    ),
    ("توصلنا بتصريحكم {ref} يوم {date}. تتبعوه في حسابكم", Encoding.UCS_2, 56, 1),
    ("ⵜⵍⴽⵎ ⵜⵙⴳⵓⵔⵉ ⵏⵏⵓⵏ {ref} ⴳ {date}", Encoding.UCS_2, 37, 1),
]


@pytest.mark.parametrize(("text", "encoding", "units", "segments"), MEASURED)
def test_real_messages_measure_as_tabulated(text: str, encoding: Encoding, units: int, segments: int) -> None:
    size = measure(text.format(**SAMPLES))
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", Encoding.GSM_7, 0, 1),
        ("a" * 160, Encoding.GSM_7, 160, 1),
        ("a" * 161, Encoding.GSM_7, 161, 2),
        ("a" * 306, Encoding.GSM_7, 306, 2),
        ("a" * 307, Encoding.GSM_7, 307, 3),
        ("ش" * 70, Encoding.UCS_2, 70, 1),
        ("ش" * 71, Encoding.UCS_2, 71, 2),
        ("ⵣ" * 134, Encoding.UCS_2, 134, 2),
        ("ⵣ" * 135, Encoding.UCS_2, 135, 3),
        ("a" * 149 + "é", Encoding.GSM_7, 150, 1),
        ("a" * 149 + "ê", Encoding.UCS_2, 150, 3),
        ("a" * 149 + "ç", Encoding.UCS_2, 150, 3),
        ("a" * 149 + "\u202f", Encoding.UCS_2, 150, 3),
        ("€" * 80, Encoding.GSM_7, 160, 1),
        # An escaped character does not straddle two parts: 153 places hold 76 of them.
        ("€" * 153, Encoding.GSM_7, 306, 3),
        ("\U0001f600" * 35, Encoding.UCS_2, 70, 1),
        # Neither does a surrogate pair: 67 places hold 33.
        ("\U0001f600" * 67, Encoding.UCS_2, 134, 3),
    ],
)
def test_edges(text: str, encoding: Encoding, units: int, segments: int) -> None:
    size = measure(text)
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


@given(st.text(), st.text())
def test_a_longer_text_is_never_cheaper(text: str, more: str) -> None:
    assert measure(text + more).segments >= measure(text).segments
