"""Somebody who has the passwords of many accounts guesses a few codes for each, while honest people sign in.

The worst case of T-05: the first factor has leaked. `Spray` counts what was compared with a code; `benchmarks/spray.py`
runs it in full size, the tests run a part of it against the same, unscaled thresholds.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import Sessions
from identity.audit import IdentityAction
from identity.entering import sign_in
from identity.keys import Keys
from identity.people.tables import BirthPrecision, Gender, Person
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused
from identity.proofs.guards import LONG
from identity.proofs.passwords import PasswordHasher
from identity.proofs.tables import Challenge, Purpose
from identity.tables import Account, AuditEntry, Proofing, saved_id
from tests.identity.world import PASSWORD, last_code

WINDOW = timedelta(minutes=10)
AT_ONCE = 0.95


@dataclass
class Spray:
    sessions: Sessions
    hasher: PasswordHasher
    keys: Keys
    begins: datetime
    accounts: int
    addresses: int
    genuine: int
    guesses: int = 5
    tried: int = 0
    compared: int = 0
    hits: int = 0
    served: int = 0
    long_codes: int = 0
    longest_way: int = 0
    people: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Attack and honest sign-ins side by side, spread evenly over the ten minutes of the budget."""
        await self._settle()
        victims, honest = self.people[: self.accounts], self.people[self.accounts :]
        every = max(1, self.accounts // max(1, self.genuine))
        for number, victim in enumerate(victims):
            now = self.begins + WINDOW * number / self.accounts
            async with self.sessions() as session:
                with self._counting():
                    await self._guess(session, victim, number, now)
                if number % every == 0 and number // every < len(honest):
                    await self._sign_in(session, honest[number // every], number // every, now)
                await session.commit()

    async def closed_after(self) -> int | None:
        """How many codes had failed when the guard closed; None when it never did."""
        async with self.sessions() as session:
            found = select(AuditEntry).where(AuditEntry.action == IdentityAction.GUARD_CLOSED)
            entry = (await session.exec(found)).first()
            return int(entry.details["failed"]) if entry else None

    async def _settle(self) -> None:
        """People with accounts, all with one password: whose hash it is does not matter here."""
        hashed = await self.hasher.hash(PASSWORD)
        async with self.sessions() as session:
            people = [_person(number) for number in range(self.accounts + self.genuine)]
            session.add_all(people)
            await session.flush()
            session.add_all(_account(person, hashed, self.begins) for person in people)
            await session.commit()
        self.people = [person.identifier for person in people]

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Every comparison of a whole code, counted where it is done."""
        honest = codes._is_right

        def counting(challenge: Challenge, code: str, candidates: list[str], keys: Keys) -> bool:
            self.compared += 1
            return honest(challenge, code, candidates, keys)

        codes._is_right = counting
        try:
            yield
        finally:
            codes._is_right = honest

    async def _guess(self, session: AsyncSession, victim: str, number: int, now: datetime) -> None:
        browser, address = f"sprayer {number}", f"10.0.{number % self.addresses // 250}.{number % 250}"
        try:
            challenge = await self._start(session, victim, browser, address, now)
        except sign_in.SignInRefused:
            return
        for _ in range(self.guesses):
            self.tried += 1
            guess = f"{secrets.randbelow(10**challenge.digits):0{challenge.digits}}"
            try:
                await self._finish(session, challenge, guess, browser, now)
                self.hits += 1
                return
            except CodeRefused as refused:
                if refused.code != "wrong":
                    return

    async def _sign_in(self, session: AsyncSession, person: str, number: int, now: datetime) -> None:
        """On a browser that is not known, which is the harder case; one in twenty makes a slip first."""
        browser, address = f"honest {number}", f"172.16.{number // 250}.{number % 250}"
        challenge = await self._start(session, person, browser, address, now)
        slips, steps = number % 20 >= 20 * AT_ONCE, 0
        while steps < 4:
            steps += 1
            code = await last_code(session, self.keys, address=str(challenge.address))
            self.long_codes += len(code) == LONG
            try:
                await self._finish(session, challenge, _slip(code) if slips else code, browser, now)
                self.served += 1
                self.longest_way = max(self.longest_way, steps)
                return
            except CodeRefused as refused:
                slips = False
                if refused.code == "longer":
                    now += timedelta(minutes=1)
                    facts = {"challenge_id": challenge.id, "purpose": Purpose.SIGN_IN, "browser": browser}
                    await codes.resend_code(session, **facts, keys=self.keys, now=now)

    async def _start(
        self, session: AsyncSession, identifier: str, browser: str, address: str, now: datetime
    ) -> Challenge:
        return await sign_in.start_sign_in(
            session,
            identifier=identifier,
            password=PASSWORD,
            browser=browser,
            address=address,
            hasher=self.hasher,
            keys=self.keys,
            now=now,
        )

    async def _finish(
        self, session: AsyncSession, challenge: Challenge, code: str, browser: str, now: datetime
    ) -> None:
        await sign_in.finish_sign_in(
            session,
            challenge_id=challenge.id,
            code=code,
            browser=browser,
            shared_device=True,
            keys=self.keys,
            now=now,
        )


def _slip(code: str) -> str:
    """One digit wrong: the last, or a code of eight would be caught before it is compared."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def _person(number: int) -> Person:
    return Person(
        identifier=f"{number:010}",
        given_name_ar="فاطمة",
        family_name_ar="بناني",
        given_name_latin="Fatima",
        family_name_latin="Bennani",
        birth_date=date(1984, 3, 27),
        birth_precision=BirthPrecision.DAY,
        gender=Gender.FEMALE,
        phone=f"+2126{number:08}",
    )


def _account(person: Person, hashed: str, now: datetime) -> Account:
    return Account(
        person_id=saved_id(person),
        password_hash=hashed,
        recovery_hash=hashed,
        phone=person.phone,
        language="fr",
        sms_language="fr",
        proofing=Proofing.REGISTER_MATCH,
        proofed_at=now,
        created_at=now,
    )
