"""The demonstration's provider: what would have been sent is kept where /demo shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.providers.protocol import Accepted, LastingFailure, Outgoing, PassingFailure
from notifications.tables import DemonstrationMessage

# Agreed addresses, to see what the service does when a message cannot be delivered: the first of each pair is
# always refused, the second never reachable.
REFUSED: Final = frozenset({"+212600000400", "refused@example.ma"})
UNREACHABLE: Final = frozenset({"+212600000503", "unreachable@example.ma"})


@dataclass(frozen=True)
class DemonstrationProvider:
    """Carries both channels. Like a good gateway it takes a reference once and accepts its repetition."""

    sessions: async_sessionmaker[AsyncSession]
    clock: Callable[[], datetime]

    async def send(self, outgoing: Outgoing) -> Accepted:
        if outgoing.address in REFUSED:
            raise LastingFailure("address_refused")
        if outgoing.address in UNREACHABLE:
            raise PassingFailure("unreachable")
        async with self.sessions() as session, session.begin():
            same = select(DemonstrationMessage.id).where(DemonstrationMessage.reference == outgoing.reference)
            if (await session.exec(same)).first() is None:
                session.add(self._as_kept(outgoing))
        return Accepted(f"demonstration-{outgoing.reference}")

    def _as_kept(self, outgoing: Outgoing) -> DemonstrationMessage:
        return DemonstrationMessage(
            channel=outgoing.channel,
            recipient=outgoing.address,
            language=outgoing.language,
            template=outgoing.template,
            subject=outgoing.subject or None,
            body=outgoing.body,
            reference=outgoing.reference,
            created_at=self.clock(),
        )
