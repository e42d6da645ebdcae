"""Which secrets the database depends on. Kept by name: a portal that lacks one is stopped before anybody asks it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.keys import Keys, Secret
from identity.limits import upsert
from identity.tables import KnownSecret

# Known browsers and the longest limits are named under the secret of their day, and live as long.
NAMES_LIVE: Final = timedelta(days=30)


class SecretsRefused(Exception):
    """The secret file does not fit the database. The text says why, for the operator."""

    code = "secrets_refused"


async def known_secrets(session: AsyncSession) -> Sequence[KnownSecret]:
    """Every secret that was ever in use, the first one first."""
    return (await session.exec(select(KnownSecret).order_by(col(KnownSecret.number)))).all()


async def note_secrets(session: AsyncSession, *, keys: Keys, now: datetime) -> None:
    """Write down which secrets are in use. Raises SecretsRefused when one is missing or stands in the wrong place."""
    known = await known_secrets(session)
    fresh = _fresh(keys, known)
    for secret in reversed(fresh):
        await session.exec(
            upsert(session)(KnownSecret)
            .values(name=secret.name, since=now)
            .on_conflict_do_nothing(index_elements=["name"])
        )


def _fresh(keys: Keys, known: Sequence[KnownSecret]) -> list[Secret]:
    """Those of the file that were not used before. Raises SecretsRefused."""
    here = {secret.name for secret in keys.known}
    missing = [row.name for row in known if row.retired_at is None and row.name not in here]
    if missing:
        raise SecretsRefused(
            f"The secret file lacks {', '.join(missing)}, with which values in the database are sealed: put it back. "
            "`tiwizi keys status` says what depends on it"
        )
    retired = {row.name for row in known if row.retired_at is not None}
    if keys.present.name in retired:
        raise SecretsRefused(f"The secret {keys.present.name} was retired: choose a new one")
    order = [row.name for row in reversed(known)]
    before = [secret.name for secret in keys.in_use if secret.name in order]
    fresh = [secret for secret in keys.in_use if secret.name not in order]
    if before != [name for name in order if name in before] or list(keys.in_use[: len(fresh)]) != fresh:
        raise SecretsRefused(
            "The secret file has its lines in the wrong order: the newest secret stands first"
        )
    return fresh


async def retire(session: AsyncSession, *, name: str, now: datetime) -> None:
    """From now on the portal starts without it."""
    await session.exec(
        update(KnownSecret)
        .where(col(KnownSecret.name) == name, col(KnownSecret.retired_at).is_(None))
        .values(retired_at=now)
        .execution_options(synchronize_session=False)
    )


def names_live_until(name: str, known: Sequence[KnownSecret]) -> datetime | None:
    """How long limits and browsers are still known by an earlier secret: a month after the next one took its place."""
    order = [row.name for row in known]
    after = known[order.index(name) + 1 :] if name in order else ()
    return after[0].since + NAMES_LIVE if after else None
