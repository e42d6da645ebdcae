"""Every column whose values are sealed, and how each is sealed anew: what moving from one secret to the next means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, String, bindparam, func, literal_column, update
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.account import authenticators
from identity.desk_tables import StaffEnrolment
from identity.keys import Keys
from identity.proofs.passwords import PasswordHasher
from identity.staff import officers
from identity.tables import Account, Staff
from notifications import outbox
from notifications.sealing import MARK_BYTES, SealBroken, name_in
from notifications.tables import Delivery
from registry.requests import documents
from registry.tables import Document

Sealed = bytes | str
# The name of the key and a full stop, or the beginning of a hash that was not sealed.
MARK_LETTERS: Final = 9


@dataclass(frozen=True)
class Place:
    """A column of sealed values: bytes whose context is made from the column `told`, or (without context) hashes."""

    what: str
    table: type[SQLModel]
    column: str
    told: str = "id"
    context: Callable[[Any], str] | None = None
    at_once: int = 500

    def get(self, column: str) -> ColumnElement[Any]:
        found: ColumnElement[Any] = getattr(self.table, column)
        return found

    @property
    def beginning(self) -> ColumnElement[Any]:
        length, kind = (MARK_LETTERS, String()) if self.context is None else (MARK_BYTES, LargeBinary())
        # Written out: PostgreSQL groups by nothing that holds a parameter.
        return func.substr(
            self.get(self.column), literal_column("1"), literal_column(str(length)), type_=kind
        )

    def is_of_before(self, keys: Keys) -> ColumnElement[bool]:
        mark: Sealed = f"{keys.sealer.name}." if self.context is None else keys.sealer.mark
        return self.get(self.column).is_not(None) & (self.beginning != mark)

    def sealed_anew(self, value: Any, told: Any, keys: Keys, hasher: PasswordHasher) -> Sealed:
        """Raises SealBroken."""
        if self.context is None:
            return hasher.sealed_anew(value)
        return keys.sealer.seal(keys.sealer.unseal(value, self.context(told)), self.context(told))


PLACES: Final = (
    Place("documents", Document, "sealed", "reference", documents.seal_context, at_once=8),
    Place("authenticators of citizens", Account, "authenticator_sealed", "id", authenticators.seal_context),
    Place("passwords of citizens", Account, "password_hash"),
    Place("recovery codes", Account, "recovery_hash"),
    Place("authenticators of officers", Staff, "totp_sealed", "email", officers.seal_context),
    Place("passwords of officers", Staff, "password_hash"),
    Place("codes of officers to be", StaffEnrolment, "code_hash"),
    Place("messages on their way", Delivery, "sealed", "reference", outbox.seal_context),
)


async def count_by_secret(session: AsyncSession, place: Place, *, unnamed: str) -> Counter[str]:
    """How many values were sealed with which secret. Those without a name are of the secret `unnamed`."""
    rows = await session.exec(
        select(place.beginning, func.count())
        .where(place.get(place.column).is_not(None))
        .group_by(place.beginning)
    )
    counted: Counter[str] = Counter()
    for beginning, number in rows:
        counted[_name(beginning) or unnamed] += number
    return counted


def _name(beginning: Sealed) -> str | None:
    if isinstance(beginning, bytes):
        return name_in(beginning)
    return None if beginning.startswith("$") else beginning[:-1]


async def left_to_reseal(session: AsyncSession, place: Place, *, keys: Keys) -> int:
    rows = await session.exec(select(func.count()).select_from(place.table).where(place.is_of_before(keys)))
    return rows.one()


@dataclass
class Resealing:
    """One way through a place, in the order of its rows. What is done is in the rows: it can begin again anywhere."""

    place: Place
    keys: Keys
    hasher: PasswordHasher
    last_id: int = 0
    done: int = 0
    unreadable: int = 0

    async def step(self, session: AsyncSession) -> bool:
        """Seal some rows anew, which nobody changes meanwhile; False when none is left behind this point."""
        place = self.place
        rows = (
            await session.exec(
                select(place.get("id"), place.get(place.told), place.get(place.column))
                .where(place.get("id") > self.last_id, place.is_of_before(self.keys))
                .order_by(place.get("id"))
                .limit(place.at_once)
                .with_for_update(skip_locked=True)
            )
        ).all()
        anew = [
            {"row": row, "value": sealed} for row, told, value in rows if (sealed := self._seal(value, told))
        ]
        if anew:
            change = update(place.table).where(place.get("id") == bindparam("row"))
            connection = await session.connection()
            await connection.execute(change.values({place.column: bindparam("value")}), anew)
        if rows:
            self.last_id, self.done = rows[-1][0], self.done + len(anew)
        return bool(rows)

    def _seal(self, value: Any, told: Any) -> Sealed | None:
        try:
            return self.place.sealed_anew(value, told, self.keys, self.hasher)
        except SealBroken:
            self.unreadable += 1
            return None

    async def is_over(self, session: AsyncSession) -> bool:
        """Whether nothing but what no key opens is left; rows that others held are looked at once more."""
        if await left_to_reseal(session, self.place, keys=self.keys) <= self.unreadable:
            return True
        self.last_id, self.unreadable = 0, 0
        return False
