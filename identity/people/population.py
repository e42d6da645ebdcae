"""The population register as the portal asks it: a port, behind which an operator chooses who answers.

What an authority says of one person is a `Line`. What the portal itself keeps of people (`register.py`) is a copy,
which pages read whether or not the authority can be reached.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as DatabaseBusy
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.people import register
from identity.people.partial_date import PartialDate
from identity.people.tables import DocumentKind, Gender, Person
from identity.tables import Proofing

E_contra = TypeVar("E_contra", contravariant=True)


class RegisterUnavailable(Exception):
    """The register cannot be asked now; nothing follows about anybody. `reason` is for the audit and the log."""

    code = "register_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NothingProven(Exception):
    """What was shown proves nobody's identity. `reason` is for the audit alone: a visitor is never told which part."""

    code = "nothing_proven"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Proof:
    """How a line was found. `issuer`, `subject` and `acr` are those of a service that signs what it says."""

    kind: Proofing
    issuer: str = ""
    subject: str = ""
    acr: str = ""


@dataclass(frozen=True)
class LineName:
    """A name as the register writes it; a script that it does not write is empty."""

    given_name_ar: str = ""
    family_name_ar: str = ""
    given_name_latin: str = ""
    family_name_latin: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.given_name_ar or self.given_name_latin)


@dataclass(frozen=True)
class Line:
    """What the register says of a living person. None is what it does not say, or not to us."""

    name: LineName
    birth_date: PartialDate | None
    proof: Proof
    identifier: str | None = None
    gender: Gender | None = None
    phone: str | None = None
    # The line of the portal's own copy, where that is known already.
    person_id: int | None = None


@dataclass(frozen=True)
class DocumentFacts:
    """Three facts that a person knows of himself, two of which are not printed on the card."""

    document_kind: DocumentKind
    document_number: str
    birth_date: PartialDate
    phone: str


class PopulationRegister(Protocol[E_contra]):
    """What every register answers; the evidence it takes is its own. All of it raises RegisterUnavailable."""

    async def match(self, evidence: E_contra) -> Line:
        """The one living person that the evidence proves. Raises NothingProven."""
        ...

    async def find(self, identifier: str) -> Line | None:
        """The living person with this identifier, as far as the register shows others at all."""
        ...

    async def children(self, identifier: str) -> Sequence[Line]:
        """The living children on record, oldest first."""
        ...


RegisterOf = Callable[[AsyncSession], PopulationRegister[DocumentFacts]]


class EmbeddedRegister:
    """The portal's own table as the register: what a country without a reachable one starts with."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def match(self, evidence: DocumentFacts) -> Line:
        """A child has no document and a person without a number on file gets no code: neither is ever matched."""
        with _unavailable_without_database():
            found = await self._session.exec(
                select(Person).where(
                    Person.document_kind == evidence.document_kind,
                    Person.document_number == evidence.document_number,
                )
            )
            person = found.one_or_none()
        if person is None or person.deceased_on is not None or person.phone != evidence.phone:
            raise NothingProven("facts")
        if not evidence.birth_date.agrees_with(person.birth_date, person.birth_precision):
            raise NothingProven("facts")
        return line_of(person)

    async def find(self, identifier: str) -> Line | None:
        with _unavailable_without_database():
            person = await register.person_by_identifier(self._session, identifier)
        return line_of(person) if person and person.deceased_on is None else None

    async def children(self, identifier: str) -> Sequence[Line]:
        with _unavailable_without_database():
            parent = await register.person_by_identifier(self._session, identifier)
            if parent is None or parent.id is None:
                return ()
            return tuple(line_of(child) for child in await register.children_of(self._session, parent.id))


def line_of(person: Person) -> Line:
    """A line of the portal's own table, as a register tells it."""
    name = LineName(
        given_name_ar=person.given_name_ar,
        family_name_ar=person.family_name_ar,
        given_name_latin=person.given_name_latin,
        family_name_latin=person.family_name_latin,
    )
    return Line(
        name=name,
        birth_date=PartialDate.read_back(person.birth_date, person.birth_precision),
        proof=Proof(Proofing.REGISTER_MATCH),
        identifier=person.identifier,
        gender=person.gender,
        phone=person.phone,
        person_id=person.id,
    )


@contextmanager
def _unavailable_without_database() -> Iterator[None]:
    """A database that does not answer is a register that cannot be asked, whatever the driver calls it."""
    try:
        yield
    except (DBAPIError, DatabaseBusy, OSError) as broken:
        raise RegisterUnavailable("database") from broken
