"""How often something may be done. Every decision is one statement, so that any number of parallel tries count right.

A window begins with the first use and is as long as the limit says. A refused use is not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.keys import Keys
from identity.tables import Usage, Wait


@dataclass(frozen=True)
class Limit:
    scope: str
    count: int
    window: timedelta


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# One telephone serves a whole household: the minute between two codes is each person's own.
CODES_TO_PERSON_THERE: Final = Limit("codes_to_person_there", 1, MINUTE)
# Shortest first: what a shorter window refuses does not use up a longer one.
CODES_TO_ADDRESS: Final = (
    Limit("codes_to_address", 3, 10 * MINUTE),
    Limit("codes_to_address", 5, HOUR),
    Limit("codes_to_address", 10, DAY),
)
# What somebody who has shown nothing can have sent to a number: less, so that the owner's own codes are never used up.
CODES_ANYBODY_ASKS: Final = (
    Limit("codes_anybody_asks", 3, 10 * MINUTE),
    Limit("codes_anybody_asks", 4, HOUR),
    Limit("codes_anybody_asks", 5, DAY),
)
CODES_FOR_PERSON: Final = (Limit("codes_for_person", 5, HOUR),)
# Behind one address there may be thousands of honest people. Past the first three nobody is refused: the next code is a
# longer one. The last is a flood, which no crowd of people makes.
CODE_REQUESTS_FROM: Final = Limit("code_requests_from", 10, HOUR)
SIGN_INS_FROM: Final = Limit("sign_ins_from", 30, 5 * MINUTE)
NUMBERS_FROM: Final = Limit("numbers_from", 20, DAY)
NUMBER_FROM: Final = Limit("number_from", 1, DAY)
FLOOD_FROM: Final = Limit("flood_from", 300, 5 * MINUTE)
# Past the first, one try a quarter of an hour from each address; past the second, none but from a known browser.
SIGN_INS_TO: Final = Limit("sign_ins_to", 50, 15 * MINUTE)
FLOOD_OF_SIGN_INS_TO: Final = Limit("flood_of_sign_ins_to", 500, 15 * MINUTE)
# Wrong facts about one document: past the first this browser is matched with nothing more today, past the second, from
# wherever they came, a right match still sends its code, and a longer one.
GUESSES_OF_BROWSER: Final = Limit("guesses_of_browser", 10, DAY)
GUESSES_OF_DOCUMENT: Final = Limit("guesses_of_document", 5, DAY)
# Wrong codes for one person's claims since the last right one: past it, longer codes.
WRONG_CLAIM_CODES: Final = Limit("wrong_claim_codes", 50, 30 * DAY)
# A warning must not become a way to harass.
CLAIM_WARNINGS: Final = Limit("claim_warnings", 1, DAY)
TYPED_NUMBER: Final = Limit("typed_number", 1, DAY)
# A family shares one telephone; nobody fills a centre's days from one.
PRE_REGISTRATIONS_OF: Final = Limit("pre_registrations_of", 8, 30 * DAY)
# Documents that an officer typed at the desk and that are nobody's, or somebody else's.
DESK_MISSES: Final = Limit("desk_misses", 10, HOUR)
NATIONAL_IDENTITY_FROM: Final = Limit("national_identity_from", 30, HOUR)
# Counted, never refused: what a spray over many accounts looks like from above.
FAILED_CODES: Final = Limit("failed_codes", 1_000_000, 10 * MINUTE)
# Noted once each: which numbers were asked about in the last hour.
NUMBER_ASKED: Final = Limit("number_asked", 1, HOUR)


@dataclass(frozen=True)
class Ladder:
    """The wait after the first, second … try of a secret; the last step stays. Forgotten after `memory`."""

    scope: str
    waits: tuple[timedelta, ...]
    memory: timedelta


_NONE = timedelta(0)
PASSWORD_TRIES: Final = Ladder(
    "password",
    (_NONE, _NONE, _NONE, timedelta(seconds=5), timedelta(seconds=15), MINUTE, 5 * MINUTE, 15 * MINUTE),
    memory=DAY,
)
RECOVERY_TRIES: Final = Ladder("recovery", (_NONE, _NONE, MINUTE, 5 * MINUTE, 15 * MINUTE), memory=DAY)
AUTHENTICATOR_TRIES: Final = Ladder("authenticator", (_NONE, _NONE, _NONE, _NONE, 15 * MINUTE), memory=DAY)
# Challenges whose tries were all used up, in one browser about one thing: the second time it waits.
USED_UP: Final = Ladder(
    "used_up", (_NONE, *(15 * MINUTE * 2**step for step in range(7)), DAY), memory=2 * DAY
)
CROWDED_TRIES: Final = Ladder("crowded", (15 * MINUTE,), memory=DAY)
STAFF_TRIES: Final = Ladder("staff", (_NONE, _NONE, _NONE, _NONE, 15 * MINUTE), memory=15 * MINUTE)
STAFF_PROOF_TRIES: Final = Ladder("staff_proof", (_NONE, _NONE, _NONE, _NONE, 15 * MINUTE), memory=DAY)


def upsert(session: AsyncSession) -> type[postgresql.Insert] | type[sqlite.Insert]:
    """INSERT … ON CONFLICT is spelled alike on both databases and lives in two classes."""
    return postgresql.Insert if session.get_bind().dialect.name == "postgresql" else sqlite.Insert


async def spend(session: AsyncSession, limit: Limit, *, subject: str, keys: Keys, now: datetime) -> bool:
    """Use the limit once for `subject`; False, and nothing counted, when the window is full."""
    names = _names(limit.scope, subject, keys, limit.window)
    fresh = upsert(session)(Usage).values(
        key=await _running(session, Usage, names, now), count=1, expires_at=now + limit.window
    )
    over = col(Usage.expires_at) <= now
    counted = fresh.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case((over, 1), else_=col(Usage.count) + 1),
            "expires_at": case((over, now + limit.window), else_=col(Usage.expires_at)),
        },
        where=over | (col(Usage.count) < limit.count),
    )
    return (await session.exec(counted.returning(col(Usage.count)))).scalar_one_or_none() is not None


async def spend_all(
    session: AsyncSession, limits: Sequence[Limit], *, subject: str, keys: Keys, now: datetime
) -> bool:
    """Use several limits in the order given, up to the first that refuses."""
    for limit in limits:
        if not await spend(session, limit, subject=subject, keys=keys, now=now):
            return False
    return True


async def used(session: AsyncSession, limit: Limit, *, subject: str, keys: Keys, now: datetime) -> int:
    """How often the running window was used."""
    names = _names(limit.scope, subject, keys, limit.window)
    running = select(func.sum(Usage.count)).where(col(Usage.key).in_(names), col(Usage.expires_at) > now)
    return (await session.exec(running)).one() or 0


async def is_full(session: AsyncSession, limit: Limit, *, subject: str, keys: Keys, now: datetime) -> bool:
    return await used(session, limit, subject=subject, keys=keys, now=now) >= limit.count


async def how_many_used(
    session: AsyncSession, limit: Limit, *, subjects: Sequence[str], keys: Keys, now: datetime
) -> int:
    """Of several subjects, for how many the running window was used at all."""
    names = [name for subject in subjects for name in _names(limit.scope, subject, keys, limit.window)]
    running = select(func.count()).where(col(Usage.key).in_(names), col(Usage.expires_at) > now)
    return (await session.exec(running)).one()


async def forget_uses(session: AsyncSession, limit: Limit, *, subject: str, keys: Keys) -> None:
    """After a success the next use is the first again."""
    names = _names(limit.scope, subject, keys, limit.window)
    await session.exec(delete(Usage).where(col(Usage.key).in_(names)))


async def seconds_to_wait(
    session: AsyncSession, ladder: Ladder, *, subject: str, keys: Keys, now: datetime
) -> int:
    """How long until the next try is allowed; 0 means now. Only a look: `take_turn` decides."""
    names = _names(ladder.scope, subject, keys)
    opens = (await session.exec(select(func.max(Wait.open_at)).where(col(Wait.key).in_(names)))).one()
    return 0 if opens is None or opens <= now else -(-(opens - now) // timedelta(seconds=1))


async def take_turn(
    session: AsyncSession, ladder: Ladder, *, subject: str, keys: Keys, now: datetime
) -> bool:
    """Count one try before its result is told; False when the wait since the last one is not over."""
    key = await _running(session, Wait, _names(ladder.scope, subject, keys), now)
    first = {"tries": 1, "open_at": now + ladder.waits[0], "expires_at": now + ladder.memory}
    forgotten = col(Wait.expires_at) <= now
    waits = [(col(Wait.tries) == tries, now + wait) for tries, wait in enumerate(ladder.waits[1:], start=1)]
    turn = (
        upsert(session)(Wait)
        .values(key=key, **first)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={
                "tries": case((forgotten, 1), else_=col(Wait.tries) + 1),
                "open_at": case((forgotten, now + ladder.waits[0]), *waits, else_=now + ladder.waits[-1]),
                "expires_at": now + ladder.memory,
            },
            where=forgotten | (col(Wait.open_at) <= now),
        )
    )
    return (await session.exec(turn.returning(col(Wait.tries)))).scalar_one_or_none() is not None


async def forget_tries(session: AsyncSession, ladder: Ladder, *, subject: str, keys: Keys) -> None:
    """After a success the next wrong try is the first again."""
    await session.exec(delete(Wait).where(col(Wait.key).in_(_names(ladder.scope, subject, keys))))


async def _running(
    session: AsyncSession, table: type[Usage | Wait], names: Sequence[str], now: datetime
) -> str:
    """The row that counts. What was begun under an earlier secret goes on there: a new one gives nobody more tries."""
    if len(names) == 1:
        return names[0]
    running = select(table.key).where(col(table.key).in_(names), col(table.expires_at) > now)
    found = set(await session.exec(running))
    return next((name for name in reversed(names) if name in found), names[0])


def _names(scope: str, subject: str, keys: Keys, window: timedelta | None = None) -> list[str]:
    """What the row may be called, under each secret that is known; the first is what a new one is called."""
    ending = "" if window is None else f"|{int(window.total_seconds())}"
    return [f"{scope}|{hashed}{ending}" for hashed in keys.lookup_hashes(scope, subject)]
