"""A few invented people, and what the tests of this room do again and again."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import Sessions
from identity.entering import claims
from identity.keys import Keys
from identity.people.partial_date import PartialDate
from identity.people.tables import DocumentKind, Gender, Person
from identity.proofs import codes
from identity.proofs.passwords import PasswordHasher
from identity.proofs.tables import Challenge, Purpose
from notifications.outbox import Recipient, seal_context
from notifications.tables import Delivery

PHONE = "+212612345678"
BROWSER, OTHER_BROWSER = "browser-of-fatima", "browser-of-a-stranger"
ADDRESS = "198.51.100.7"
PASSWORD = "trois figues mûres"
FATIMA: dict[str, Any] = {
    "document_kind": DocumentKind.NATIONAL_CARD,
    "document_number": "AB123456",
    "birth_date": PartialDate(1984, 5, 17),
    "phone": PHONE,
}

Result = TypeVar("Result")


class CountingHasher(PasswordHasher):
    """The real hasher, with parameters that cost little, counting its work."""

    def __init__(self, keys: Keys, **options: int) -> None:
        super().__init__(keys, memory_kib=8, passes=1, **options)
        self.calls = 0

    async def hash(self, secret: str) -> str:
        self.calls += 1
        return await super().hash(secret)

    async def verify(self, hashed: str | None, secret: str) -> bool:
        self.calls += 1
        return await super().verify(hashed, secret)


class StatementCounter:
    """What a piece of work sends to the database, the outbox included."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.statements: list[str] = []
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements.append(statement)

    def take(self) -> list[str]:
        """The shapes of the statements since the last time: what is done, and to which table.

        Whether what was written after a savepoint is kept or taken back is one shape.
        """
        shapes = [
            "savepoint" if "SAVEPOINT" in statement else " ".join(statement.split()[:3])
            for statement in self.statements
            if not statement.startswith("BEGIN")
        ]
        self.statements.clear()
        return shapes


async def add_person(session: AsyncSession, **facts: Any) -> Person:
    """Fatima, unless other facts are given."""
    known = {
        "identifier": "0123456789",
        "document_kind": DocumentKind.NATIONAL_CARD,
        "document_number": "AB123456",
        "given_name_ar": "فاطمة",
        "family_name_ar": "الإدريسي",
        "given_name_latin": "Fatima",
        "family_name_latin": "El Idrissi",
        "birth_date": date(1984, 5, 17),
        "gender": Gender.FEMALE,
        "phone": PHONE,
    }
    person = Person(**(known | facts))
    session.add(person)
    await session.flush()
    return person


async def add_account(
    session: AsyncSession, hasher: PasswordHasher, keys: Keys, now: datetime, **options: Any
) -> claims.OpenedAccount:
    """Claimed an hour before `now` in the same way as anybody would, so that no limit of today is used."""
    earlier = now - timedelta(days=2)
    known = {"browser": "browser-of-the-claim", "address": "203.0.113.250"}
    started = await claims.start_claim(
        session, **(FATIMA | options), language="fr", **known, keys=keys, now=earlier
    )
    await codes.check_code(
        session,
        challenge_id=started.id,
        purpose=Purpose.CLAIM,
        code=await last_code(session, keys, address=(FATIMA | options)["phone"]),
        browser=known["browser"],
        keys=keys,
        now=earlier,
    )
    return await claims.open_account(
        session,
        challenge_id=started.id,
        browser=known["browser"],
        password=PASSWORD,
        language="fr",
        sms_language="ar",
        email=None,
        shared_device=True,
        hasher=hasher,
        keys=keys,
        now=earlier,
    )


async def sent_codes(session: AsyncSession, keys: Keys, *, address: str = PHONE) -> list[str]:
    """The codes on their way to an address, oldest first, unsealed as the worker does it."""
    rows = await session.exec(
        select(Delivery)
        .where(Delivery.address == address, col(Delivery.sealed).is_not(None))
        .order_by(col(Delivery.id))
    )
    return [
        json.loads(keys.sealer.unseal(row.sealed or b"", seal_context(row.reference)))["code"] for row in rows
    ]


async def last_code(session: AsyncSession, keys: Keys, *, address: str = PHONE) -> str:
    return (await sent_codes(session, keys, address=address))[-1]


async def count(session: AsyncSession, table: Any, *where: Any) -> int:
    return (await session.exec(select(func.count()).select_from(table).where(*where))).one()


def other_than(code: str, number: int = 1) -> str:
    """A wrong code: `number` tells several apart."""
    return f"{(int(code) + number) % 1_000_000:06}"


async def all_at_once(
    sessions: Sessions,
    tries: Sequence[Callable[[AsyncSession], Awaitable[Result]]],
    *,
    kept: tuple[type[Exception], ...],
) -> list[Result | Exception]:
    """Every try in a transaction of its own, thirty in flight on ten connections.

    A refusal among `kept` is committed, as the pages do for what must leave a trace; anything else fails the test.
    """
    crowd = asyncio.Semaphore(30)

    async def run(one: Callable[[AsyncSession], Awaitable[Result]]) -> Result | Exception:
        async with crowd, sessions() as session:
            try:
                result: Result | Exception = await one(session)
            except kept as refused:
                result = refused
            await session.commit()
            return result

    return await asyncio.gather(*(run(one) for one in tries))


async def ask(session: AsyncSession, person: Person, keys: Keys, now: datetime, **options: Any) -> Challenge:
    """A challenge of any purpose for the person, as the functions of the rooms make it."""
    facts = {
        "purpose": Purpose.SIGN_IN,
        "subject": "test",
        "browser": BROWSER,
        "recipient": Recipient(person.id, person.phone, None, "fr", "fr"),
    }
    return await codes.start_challenge(session, **(facts | options), keys=keys, now=now)
