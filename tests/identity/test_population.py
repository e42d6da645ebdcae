"""The contract of a population register: the same questions to each, whoever answers behind the port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import httpx
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import create_engine, reading_engine, session_factory
from identity.openid.relying_party import Authorization, Departure, NationalRegister
from identity.people.partial_date import PartialDate
from identity.people.population import (
    DocumentFacts,
    EmbeddedRegister,
    NothingProven,
    PopulationRegister,
    RegisterUnavailable,
)
from identity.people.tables import DocumentKind, Gender, Person
from identity.tables import Proofing
from tests.identity.national_service import Dialect, Form, Service
from tests.identity.world import PHONE, add_person

DEPARTURE = Departure("state", "nonce", "v" * 43, "fr")


class Candidate(Protocol):
    """A register, with evidence about Fatima that it takes, evidence that it must not take, and a way to break it."""

    proofing: Proofing

    def register(self, session: AsyncSession) -> PopulationRegister[Any]: ...
    async def evidence(self) -> Any: ...
    async def bad_evidence(self) -> Any: ...
    async def broken(self) -> PopulationRegister[Any]: ...


def session_without_database() -> AsyncSession:
    engine = reading_engine(create_engine("sqlite:////nowhere/at/all.db"))
    return session_factory(engine, writing=False)()


@dataclass
class Embedded:
    proofing = Proofing.REGISTER_MATCH

    def register(self, session: AsyncSession) -> PopulationRegister[DocumentFacts]:
        return EmbeddedRegister(session)

    async def evidence(self) -> DocumentFacts:
        return DocumentFacts(DocumentKind.NATIONAL_CARD, "AB123456", PartialDate(1984, 5, 17), PHONE)

    async def bad_evidence(self) -> DocumentFacts:
        return DocumentFacts(DocumentKind.NATIONAL_CARD, "AB123456", PartialDate(1984, 5, 18), PHONE)

    async def broken(self) -> PopulationRegister[DocumentFacts]:
        return EmbeddedRegister(session_without_database())


@dataclass
class National:
    service: Service
    proofing = Proofing.NATIONAL_IDENTITY_SERVICE

    def __post_init__(self) -> None:
        self.party = self.service.party()

    def register(self, session: AsyncSession) -> PopulationRegister[Authorization]:
        return NationalRegister(self.party, session)

    async def evidence(self) -> Authorization:
        brought = self.service.sign_in(await self.party.departure_address(DEPARTURE))
        return Authorization(
            brought["code"], brought["iss"], "nonce", DEPARTURE.verifier, self.service.clock()
        )

    async def bad_evidence(self) -> Authorization:
        return Authorization(
            "a code of nobody", "https://id.example.ma", "nonce", "v" * 43, self.service.clock()
        )

    async def broken(self) -> PopulationRegister[Authorization]:
        def refuse(_: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("down")

        self.service.answers["discovery"] = refuse
        return NationalRegister(self.service.party(), session_without_database())


CANDIDATES: dict[str, Callable[[Service], Candidate]] = {
    "embedded": lambda _: Embedded(),
    **{
        f"national, {dialect.name.lower()}, userinfo {form.value}": (
            lambda service, dialect=dialect, form=form: National(_spoken(service, dialect, form))  # type: ignore[misc]
        )
        for dialect in Dialect
        for form in Form
    },
}


def _spoken(service: Service, dialect: Dialect, form: Form) -> Service:
    service.dialect, service.form = dialect, form
    return service


@pytest.fixture(params=CANDIDATES)
def candidate(request: pytest.FixtureRequest, now: datetime) -> Candidate:
    return CANDIDATES[request.param](Service(lambda: now))


async def test_evidence_of_a_living_person_is_that_persons_line(
    session: AsyncSession, candidate: Candidate, fatima: Person
) -> None:
    line = await candidate.register(session).match(await candidate.evidence())
    assert (line.identifier, line.phone, line.gender) == (fatima.identifier, PHONE, Gender.FEMALE)
    assert line.birth_date == PartialDate(1984, 5, 17)
    assert (line.name.given_name_ar, line.name.family_name_ar) == ("فاطمة", "الإدريسي")
    assert (line.name.given_name_latin, line.name.family_name_latin) == ("Fatima", "El Idrissi")
    assert line.proof.kind is candidate.proofing


async def test_what_proves_nobody_says_so_and_not_who_it_may_have_been(
    session: AsyncSession, candidate: Candidate, fatima: Person
) -> None:
    with pytest.raises(NothingProven) as refused:
        await candidate.register(session).match(await candidate.bad_evidence())
    assert refused.value.reason
    assert fatima.identifier not in str(refused.value)


async def test_a_living_person_is_found_by_the_identifier(
    session: AsyncSession, candidate: Candidate, fatima: Person
) -> None:
    register = candidate.register(session)
    found = await register.find(fatima.identifier)
    assert found is not None
    assert (found.identifier, found.name.given_name_latin) == (fatima.identifier, "Fatima")
    assert await register.find("0000000000") is None
    fatima.deceased_on = date(2024, 1, 1)
    await session.flush()
    assert await register.find(fatima.identifier) is None


async def test_the_living_children_oldest_first(
    session: AsyncSession, candidate: Candidate, fatima: Person
) -> None:
    nobody = {"document_kind": None, "document_number": None, "phone": None, "mother_id": fatima.id}
    for number, (born, died) in enumerate(((2015, None), (2010, None), (2012, date(2020, 1, 1)))):
        facts = {"birth_date": date(born, 1, 1), "deceased_on": died}
        await add_person(session, identifier=f"001000000{number}", **facts, **nobody)
    register = candidate.register(session)
    years = [
        child.birth_date.year for child in await register.children(fatima.identifier) if child.birth_date
    ]
    assert years == [2010, 2015]
    assert list(await register.children("0000000000")) == []


async def test_a_register_that_cannot_be_asked_is_unavailable_and_nothing_else(candidate: Candidate) -> None:
    evidence = await candidate.evidence()
    broken = await candidate.broken()
    for question in (broken.match(evidence), broken.find("0123456789"), broken.children("0123456789")):
        with pytest.raises(RegisterUnavailable):
            await question


async def test_the_embedded_register_never_matches_the_dead(session: AsyncSession, fatima: Person) -> None:
    fatima.deceased_on = date(2024, 1, 1)
    await session.flush()
    with pytest.raises(NothingProven):
        await EmbeddedRegister(session).match(await Embedded().evidence())
