"""What may change, and the knock-on between programmes before a declaration is sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.explanations.outlook import knock_on
from app.requests import Portal
from registry.indexes import written_decision
from registry.rules.eligibility import decide
from tests.app.conftest import Clock
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.worked_households import DECLARED_ON, couple_with_pupils

HOME = couple_with_pupils()


def kept(index: str) -> list[dict[str, object]]:
    return [written_decision(each) for each in decide(Decimal(index), HOME, DECLARED_ON)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("9.3", "9.4", ["sans cotisation prend fin", "144", "de moins"]),
        ("9.4", "9.3", ["sans cotisation s’ouvre", "144", "de plus"]),
        ("9.8", "9.6", ["L’aide s’ouvre", "change avec l’indice", "648", "de plus"]),
        ("9.6", "9.8", ["L’aide prend fin", "change avec l’indice", "648", "de moins"]),
        ("9.4", "9.41", []),
        ("9.4", "9.6", ["change avec l’indice", "32", "de moins"]),
        ("9.2", "9.8", ["sans cotisation prend fin", "L’aide prend fin", "824", "de moins"]),
    ],
)
def test_how_one_programme_moves_another(before: str, after: str, said: list[str]) -> None:
    sentences = " ".join(knock_on(kept(before), kept(after), "fr"))
    assert bool(sentences) == bool(said)
    for words in said:
        assert words in sentences


async def test_the_page_tells_distances_money_and_what_to_re_read(
    visitor: PageBrowser, portal: Portal, clock: Clock
) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/index")
    await visitor.open("/household/index/outlook")
    assert visitor.status == 200
    for exact in ("9.6012644", "9.5124369", "0.0888275", "9.743001", "0.1417366"):
        assert exact in visitor.text
    assert "424" in visitor.text, "600 received, 176 to pay"
    assert "Hassan Alaoui" in visitor.text, "the head's birthday counts"
    assert {"U30", "U35"} <= {link.partition("line=")[2] for link in visitor.links if "line=" in link}
