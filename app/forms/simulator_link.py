"""A link to an estimate: the answers themselves in the address, and nothing else. Nobody is named, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode

from app.forms.base import Answer

MODEL: Final = "model"
# All answers of the longest form make some 700 signs; whatever is longer was not made here.
LONGEST_LINK: Final = 1500
# What other sites hang on to a link that is passed on: it is none of ours, and no reason to refuse.
HUNG_ON: Final = ("fbclid", "gclid", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
NOT_TOLD: Final = frozenset({"", "0", "none"})
ALWAYS_TOLD: Final = frozenset(
    {"zone", "region", "head_age", "education", "occupation", "meter", "dwelling_type"}
)


def link_query(answers: Mapping[str, Answer], model: str) -> str:
    """The query of the link to an estimate: what counts nothing when it is left out is left out."""
    told: list[tuple[str, str]] = []
    for name, answer in answers.items():
        values = answer if isinstance(answer, list) else [answer]
        told += [
            (name, value.strip())
            for value in values
            if isinstance(value, str) and (name in ALWAYS_TOLD or value.strip() not in NOT_TOLD)
        ]
    return urlencode([*told, (MODEL, model)])


def linked_answers(parameters: Iterable[tuple[str, str]]) -> dict[str, Answer]:
    """The answers of a link, as a form would have sent them: a name that comes twice becomes a list."""
    found: dict[str, Answer] = {}
    for name, value in parameters:
        if name in HUNG_ON:
            continue
        earlier = found.get(name)
        if earlier is None:
            found[name] = value
        else:
            found[name] = [*(earlier if isinstance(earlier, list) else [str(earlier)]), value]
    return found
