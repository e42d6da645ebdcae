"""Asking the administrative sources: between two transactions, each in its own time, and never inside a request."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.errors import without_values
from app.requests import Portal
from app.settings import Settings
from notifications.circuit import Circuit
from registry.sources.answering import receive
from registry.sources.files import file_sources
from registry.sources.http import HttpSource
from registry.sources.port import Answer, SourceDown, SourcePort, SourceWrong
from registry.sources.queue import LONGEST_WAIT, Taken, ask_everybody, note_failure, take, waiting

SOURCE_LIMIT_SECONDS: Final = 10.0
POLL_SECONDS: Final = 5.0
# In one transaction: what another writer of SQLite waits for at most.
TOGETHER: Final = {"sqlite": 20, "postgresql": 100}
log = logging.getLogger("tiwizi")


@dataclass
class Asking:
    """The sources that are connected, and how each has been doing. A source that keeps failing rests for a while."""

    portal: Portal
    ports: Mapping[str, SourcePort]
    limit_seconds: float = SOURCE_LIMIT_SECONDS
    circuits: dict[str, Circuit] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    async def turn(self) -> int:
        """Ask every source about the households that wait for it, a batch each. Returns how many were asked about."""
        # Side by side: a slow one keeps no other waiting.
        async with asyncio.TaskGroup() as together:
            asked = [together.create_task(self._ask(port)) for port in self.ports.values()]
        return sum(each.result() for each in asked)

    async def _ask(self, port: SourcePort) -> int:
        circuit = self.circuits.setdefault(port.name, Circuit())
        if circuit.room(1, self.portal.clock()) == 0:
            return 0
        async with self.portal.writes() as session:
            taken = await take(
                session, source=port.name, now=self.portal.clock(), limit=port.households_at_once
            )
            await session.commit()
        if not taken:
            return 0
        try:
            answers = await self._answers(port, taken)
        except (SourceDown, SourceWrong) as failure:
            await self._put_back(port.name, taken, failure, circuit)
        else:
            circuit.note_answer()
            await self._take_in(port.name, taken, answers)
        return len(taken)

    async def _answers(self, port: SourcePort, taken: Collection[Taken]) -> Collection[Answer]:
        """Raises SourceDown, SourceWrong, whatever the port does."""
        identifiers = sorted({identifier for each in taken for identifier in each.people})
        try:
            async with asyncio.timeout(self.limit_seconds):
                return await port.ask(identifiers)
        except (SourceDown, SourceWrong):
            raise
        except TimeoutError:
            raise SourceDown("timeout") from None
        except Exception as problem:
            # What an unforeseen error says may hold what was asked: only its kind is written down.
            raise SourceDown(type(problem).__name__[:40]) from None

    async def _put_back(
        self, name: str, taken: Collection[Taken], failure: SourceDown | SourceWrong, circuit: Circuit
    ) -> None:
        now = self.portal.clock()
        circuit.note_failure(now)
        if isinstance(failure, SourceDown) and failure.retry_after:
            circuit.not_before = now + min(failure.retry_after, LONGEST_WAIT)
        said = f": {failure}" if isinstance(failure, SourceWrong) else ""
        log.warning("source_failed source=%s error=%s households=%s%s", name, failure.code, len(taken), said)
        async with self.portal.writes() as session:
            for each in taken:
                await note_failure(session, each, code=failure.code, now=now)
            await session.commit()
        self.done["failed"] += len(taken)

    async def _take_in(self, name: str, taken: Sequence[Taken], answers: Collection[Answer]) -> None:
        """Some households a transaction; an answer about one that cannot be used leaves the others theirs."""
        step = TOGETHER[self.portal.engine.dialect.name]
        for first in range(0, len(taken), step):
            part = taken[first : first + step]
            people = {person for each in part for person in each.people}
            about = [answer for answer in answers if answer.identifier in people]
            async with self.portal.writes() as session:
                received = await receive(
                    session, source=name, taken=part, answers=about, now=self.portal.clock()
                )
                await session.commit()
            self.done["answered"] += received.answered
            self.done["silent"] += received.silent
            self.done["failed"] += received.refused
            self.done["contradictions"] += len(received.contradictions)


async def ask_sources(portal: Portal, stop: asyncio.Event) -> None:
    """The worker's part: ask about whoever waits, until `stop` is set."""
    asking = Asking(portal, {})
    while not stop.is_set():
        asked = 0
        try:
            asking.ports = {**connected(portal.settings, portal.clock), **asking.ports}
            asked = await asking.turn()
        except Exception as error:
            log.error("asking the sources failed; it is tried again", exc_info=without_values(error))
        if not asked:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await stop.wait()


def connected(settings: Settings, clock: Callable[[], dt.datetime]) -> dict[str, SourcePort]:
    """The sources that can be asked, by name: a service where one is set, otherwise a file that is in the folder."""
    services = {
        name: HttpSource(name, of_service, clock) for name, of_service in settings.source_services.items()
    }
    return {**file_sources(settings.sources_dir), **services}


async def ask_about(
    portal: Portal,
    ports: Mapping[str, SourcePort],
    *,
    household: str | None,
    again: bool,
    show: Callable[[int, int], object],
) -> Counter[str]:
    """Ask these sources about everybody, or one household, now. It can be interrupted and run again at any point."""
    asking = Asking(portal, ports)
    async with portal.writes() as session:
        for name in ports:
            await ask_everybody(session, source=name, now=portal.clock(), household=household, again=again)
        await session.commit()
    async with portal.reads() as session:
        total = await waiting(session, names=ports, now=portal.clock())
    asked = 0
    while turn := await asking.turn():
        asked += turn
        show(asked, total)
    return asking.done
