from datetime import datetime

import pytest
from sqlmodel import select

from app.db import Sessions
from notifications.providers.demonstration import REFUSED, UNREACHABLE, DemonstrationProvider
from notifications.providers.protocol import LastingFailure, Outgoing, PassingFailure
from notifications.tables import Channel, DemonstrationMessage


def _outgoing(reference: str, address: str = "+212612345678") -> Outgoing:
    return Outgoing(reference, Channel.SMS, address, "zgh", "sign_in_code", "", "ⵉⵏⵉⴳⵍ 123456")


@pytest.fixture
def provider(sessions: Sessions, now: datetime) -> DemonstrationProvider:
    return DemonstrationProvider(sessions, lambda: now)


async def test_what_would_be_sent_is_kept_once(
    provider: DemonstrationProvider, sessions: Sessions, now: datetime
) -> None:
    for reference in ("a", "a", "b"):
        await provider.send(_outgoing(reference))
    async with sessions() as session:
        kept = (
            await session.exec(select(DemonstrationMessage).order_by(DemonstrationMessage.reference))
        ).all()
    assert [message.reference for message in kept] == ["a", "b"]
    assert (kept[0].recipient, kept[0].body, kept[0].subject) == ("+212612345678", "ⵉⵏⵉⴳⵍ 123456", None)
    assert (kept[0].channel, kept[0].created_at) == (Channel.SMS, now)


@pytest.mark.parametrize("address", sorted(REFUSED))
async def test_some_agreed_addresses_are_always_refused(
    provider: DemonstrationProvider, address: str
) -> None:
    with pytest.raises(LastingFailure):
        await provider.send(_outgoing("a", address))


@pytest.mark.parametrize("address", sorted(UNREACHABLE))
async def test_others_are_never_reachable(provider: DemonstrationProvider, address: str) -> None:
    with pytest.raises(PassingFailure):
        await provider.send(_outgoing("a", address))
