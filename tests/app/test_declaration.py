"""Declaring a household by filling in the pages."""

from __future__ import annotations

from tests.app.conftest import Messages, Register
from tests.app.declaring import (
    ANFA,
    PUPIL,
    URBAN,
    URBAN_HEAD,
    add_family,
    answer_home,
    declare_alone,
    describe,
    member_keys,
    receipt_reference,
    settle_in,
)
from tests.app.pages import PageBrowser


async def test_somebody_alone(visitor: PageBrowser, register: Register, messages: Messages) -> None:
    await settle_in(visitor, await register(), messages)
    await declare_alone(visitor)
    assert receipt_reference(visitor) in visitor.text
