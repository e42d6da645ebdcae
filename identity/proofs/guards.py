"""What happens when somebody guesses codes all over the service: a switch closes, and whoever cannot be told from the
guesser gets longer codes.

Five guesses each over many accounts lock none of them, but show in the sum. A guard refuses nobody: a code of eight
digits is read and copied like one of six, on any telephone, without script and with a screen reader, and a blind guess
is worth a hundredth. Why this and no puzzle: docs/decisions/0015.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.audit import SYSTEM, IdentityAction, record
from identity.keys import Keys
from identity.limits import DAY, HOUR, upsert
from identity.proofs.tables import Challenge, Guard, OneTimeCode, Standing

log = logging.getLogger("tiwizi.guards")

CODES: Final = "codes"
SERVICE: Final = "service"
FAILED_CODES_SUSPECT: Final = 200
FAILED_CODES_FOR_A_RATIO: Final = 50
PROVEN_SHARE_SUSPECT: Final = 0.30
# A code of six digits that was on its way when the guard closed is taken until so many have failed.
FAILED_CODES_TOO_MANY: Final = 400

SHORT, LONG = 6, 8
GATE_DIGITS: Final = LONG - SHORT
TRIES, CAREFUL_TRIES = 5, 3
RESEND_AFTER: Final = timedelta(seconds=60)
CLOSED_FOR: Final = (HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY)

# Numbers this close together are asked about by a machine that counts, not by people.
NEIGHBOURS: Final = 20
NEIGHBOURS_SUSPECT: Final = 8
SENT_FOR_A_RATIO: Final = 50
SENT_TO_EACH_PROVEN: Final = 2


def concerns(standing: Standing) -> bool:
    """Whoever is signed in, or uses a browser that the owner has signed in with before, is no stranger."""
    return standing in (Standing.ANYBODY, Standing.FIRST_PROOF)


async def is_closed(session: AsyncSession, *, now: datetime) -> bool:
    return await closed_guard(session, now=now) is not None


async def closed_guard(session: AsyncSession, *, now: datetime) -> Guard | None:
    """The guard while it is closed."""
    closed = select(Guard).where(Guard.name == CODES, col(Guard.closed_until) > now)
    return (await session.exec(closed.execution_options(populate_existing=True))).first()


async def refuses_short_codes(session: AsyncSession, *, keys: Keys, now: datetime) -> bool:
    """Whether even the short codes that were sent before must be asked for again, as long ones."""
    if not await is_closed(session, now=now):
        return False
    failed = await limits.used(session, limits.FAILED_CODES, subject=SERVICE, keys=keys, now=now)
    return failed >= FAILED_CODES_TOO_MANY


async def note_failed_code(session: AsyncSession, *, keys: Keys, now: datetime) -> None:
    """Count one more, over all accounts, and close the guard when the sum looks like a spray."""
    await limits.spend(session, limits.FAILED_CODES, subject=SERVICE, keys=keys, now=now)
    failed = await limits.used(session, limits.FAILED_CODES, subject=SERVICE, keys=keys, now=now)
    if failed < FAILED_CODES_FOR_A_RATIO:
        return
    since = now - limits.FAILED_CODES.window
    proven = (await session.exec(select(func.count()).where(col(Challenge.proven_at) > since))).one()
    if failed >= FAILED_CODES_SUSPECT or proven < PROVEN_SHARE_SUSPECT * (proven + failed):
        await close(session, why="spray_suspected", now=now, failed=failed, proven=proven)


async def close(session: AsyncSession, *, why: str, now: datetime, **figures: int) -> None:
    """Close the guard, or keep it closed. The first to close it tells the operators, once."""
    lasting = [(col(Guard.times) == times, now + length) for times, length in enumerate(CLOSED_FOR, start=1)]
    again = [
        (col(Guard.times) == times, now + length) for times, length in enumerate(CLOSED_FOR[1:], start=1)
    ]
    forgotten, over = col(Guard.closed_until) <= now - DAY, col(Guard.closed_until) <= now
    closing = (
        upsert(session)(Guard)
        .values(name=CODES, closed_at=now, closed_until=now + CLOSED_FOR[0], times=1)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={
                "closed_at": case((over, now), else_=col(Guard.closed_at)),
                "closed_until": case(
                    (forgotten, now + CLOSED_FOR[0]),
                    (over, case(*again, else_=now + CLOSED_FOR[-1])),
                    else_=case(*lasting, else_=now + CLOSED_FOR[-1]),
                ),
                "times": case((forgotten, 1), (over, col(Guard.times) + 1), else_=col(Guard.times)),
            },
            # While it is closed it is written again only after half of its shortest time: a spray costs few writes.
            where=col(Guard.closed_until) <= now + CLOSED_FOR[0] / 2,
        )
        .returning(col(Guard.closed_at), col(Guard.times))
    )
    closed = (await session.exec(closing)).one_or_none()
    if closed is None or closed[0] != now:
        return
    log.error("guard_closed why=%s times=%s %s", why, closed[1], _in_words(figures))
    await record(
        session, actor=SYSTEM, action=IdentityAction.GUARD_CLOSED, details={"why": why, **figures}, now=now
    )


def _in_words(figures: dict[str, int]) -> str:
    return " ".join(f"{name}={figure}" for name, figure in figures.items())


async def note_number(session: AsyncSession, phone: str, *, keys: Keys, now: datetime) -> None:
    """A number that somebody typed. Many neighbours within an hour are a machine counting: an alarm, longer codes."""
    number = int(phone.removeprefix("+"))
    around = [f"+{near}" for near in range(number - NEIGHBOURS, number + NEIGHBOURS + 1) if near != number]
    await limits.spend(session, limits.NUMBER_ASKED, subject=phone, keys=keys, now=now)
    asked = await limits.how_many_used(session, limits.NUMBER_ASKED, subjects=around, keys=keys, now=now)
    if asked >= NEIGHBOURS_SUSPECT:
        await close(session, why="adjacent_numbers", now=now, neighbours=asked)


async def is_crowded(
    session: AsyncSession, address: str, *, keys: Keys, now: datetime, phone: str | None = None
) -> bool:
    """Count a request for a code from a network address; True past what a household would need.

    The same statements whatever was typed: a number that was counted before is counted where nobody looks.
    """
    fits = await limits.spend(session, limits.CODE_REQUESTS_FROM, subject=address, keys=keys, now=now)
    pair = f"{address}|{phone or ''}"
    is_new = await limits.spend(session, limits.NUMBER_FROM, subject=pair, keys=keys, now=now)
    counted = address if is_new and phone else f"{pair}|again"
    few = await limits.spend(session, limits.NUMBERS_FROM, subject=counted, keys=keys, now=now)
    return not (fits and few)


async def may_write_to(
    session: AsyncSession, phone: str, *, is_crowded: bool, keys: Keys, now: datetime
) -> bool:
    """Whether a number that somebody typed, and has not shown to be his own, gets a code: from a crowd one a day."""
    is_first = await limits.spend(session, limits.TYPED_NUMBER, subject=phone, keys=keys, now=now)
    return is_first or not is_crowded


@dataclass(frozen=True)
class Sending:
    """Codes that were sent, and those that were used, in the last hour."""

    sent: int
    proven: int

    @property
    def is_suspect(self) -> bool:
        """Twice as many sent as used: somebody has them sent for another reason."""
        return self.sent >= SENT_FOR_A_RATIO and self.sent > SENT_TO_EACH_PROVEN * self.proven


async def codes_of_the_hour(session: AsyncSession, *, now: datetime) -> Sending:
    sent = select(func.count()).where(col(OneTimeCode.issued_at) > now - HOUR, col(OneTimeCode.is_sent))
    proven = select(func.count()).where(col(Challenge.proven_at) > now - HOUR)
    return Sending((await session.exec(sent)).one(), (await session.exec(proven)).one())


async def watch_sending(session: AsyncSession, now: datetime) -> bool:
    """Tell the operators of codes that nobody uses. A periodic job; there is never more to do."""
    codes = await codes_of_the_hour(session, now=now)
    if codes.is_suspect:
        log.error("codes_sent_and_not_used sent=%s proven=%s", codes.sent, codes.proven)
    return False
