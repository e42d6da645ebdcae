"""A password that was right is hashed as it would be hashed today."""

from contextlib import suppress

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.proofs.passwords import Busy, PasswordHasher
from identity.tables import Account, Staff


async def hashed_anew(owner: Account | Staff, password: str, hasher: PasswordHasher) -> str | None:
    """The hash that replaces the one on file; None for one of today, and while others wait: another time will do."""
    if not hasher.is_outdated(owner.password_hash):
        return None
    with suppress(Busy):
        return await hasher.hash(password)
    return None


async def keep_hash(session: AsyncSession, owner: Account | Staff, hashed: str | None) -> None:
    """In place of the one that was read, and of no other: the password may have been changed meanwhile."""
    if hashed is None:
        return
    table, on_file = type(owner), owner.password_hash
    await session.exec(
        update(table)
        .where(col(table.id) == owner.id, col(table.password_hash) == on_file)
        .values(password_hash=hashed)
        .execution_options(synchronize_session=False)
    )
    await session.refresh(owner)
