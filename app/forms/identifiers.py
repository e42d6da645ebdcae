"""A number whose check digit does not fit: a reason to ask for a second look, and never to refuse."""

from __future__ import annotations

from identity.people.numbers import parse_identifier


def looks_mistyped(identifier: str) -> bool:
    return not parse_identifier(identifier).check_digit_ok
