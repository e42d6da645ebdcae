"""What registers say, from the worker's question to the citizen's answer and the officer's page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import select

from app.cli import main
from app.requests import Portal
from app.sources import Asking
from registry.household_views import household_view
from registry.sources.files import HEADER, BadSourceFile, FileSource, file_sources
from registry.sources.http import HttpSource
from registry.sources.http_settings import HttpSourceSettings
from registry.sources.port import Answer, SourceDown
from registry.sources.queue import ask_later
from registry.sources.tables import Contradiction, ContradictionStatus, SourceFact, SourceInquiry
from registry.tables import Household, IndexEvent, RecomputationRequest, RequestOwner
from tests.app.conftest import BrowserOf, Clock
from tests.app.officers import add_officer_account, sign_in_officer
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.family import Family, transaction
from tests.registry.source_service import open_service, raw

SOURCES = "/household/sources"
A1 = Decimal("9.6012644")


@dataclass
class Register:
    """A register that says what it is told to, and fails as it is told to."""

    name: str = "vehicles"
    answers: tuple[Answer, ...] = ()
    failure: Exception | None = None
    seconds: float = 0
    asked: list[Sequence[str]] = field(default_factory=list)
    households_at_once: int = 100

    async def check(self) -> str:
        return "answers"

    async def ask(self, identifiers: Sequence[str]) -> Collection[Answer]:
        self.asked.append(identifiers)
        await asyncio.sleep(self.seconds)
        if self.failure:
            raise self.failure
        return self.answers


@pytest.fixture
async def family(portal: Portal) -> Family:
    return await settle(portal)


def car_of(family: Family, value: str = "1") -> Answer:
    return Answer(family.hassan.identifier, "cars", value, date(2026, 2, 20), "V-1")


async def tell_of_a_car(portal: Portal, family: Family) -> str:
    await Asking(portal, {"vehicles": Register(answers=(car_of(family),))}).turn()
    async with portal.reads() as session:
        return (await session.exec(select(Contradiction.reference))).one()


async def test_a_citizen_reads_both_sees_the_effect_and_says_that_the_register_is_right(
    visitor: PageBrowser, portal: Portal, family: Family
) -> None:
    reference = await tell_of_a_car(portal, family)
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household")
    assert f"/fr{SOURCES}" in visitor.links
    assert "9.6012644" in visitor.text, "nothing has changed"
    await visitor.open(SOURCES)
    for told in ("9.8272644", "+0.226", "20 février 2026", "1er avril 2026"):
        assert told in visitor.text
    await visitor.submit()
    assert visitor.path.startswith("/household/declaration/receipts/D-")
    await visitor.open("/household/index")
    assert "9.8272644" in visitor.text
    assert "Confirmé par le registre des véhicules le 20 février 2026" in visitor.text
    await visitor.open(f"{SOURCES}/{reference}")
    assert not list(visitor.main.all("form"))


async def test_what_is_answered_has_to_be_what_was_shown(
    visitor: PageBrowser, browser_of: BrowserOf, portal: Portal, family: Family
) -> None:
    await tell_of_a_car(portal, family)
    await come_in(portal, visitor, family.hassan)
    await visitor.open(SOURCES)
    visitor.fill(declaration="D-OTHER")
    await visitor.submit()
    assert visitor.status == 409
    async with portal.reads() as session:
        view = await household_view(session, person_id=family.hassan.id or 0, now=portal.clock())
    assert view is not None
    assert view.index == A1


async def test_a_member_reads_but_does_not_answer_for_the_household(
    visitor: PageBrowser, portal: Portal, family: Family
) -> None:
    reference = await tell_of_a_car(portal, family)
    await come_in(portal, visitor, family.fatima)
    await visitor.open(f"{SOURCES}/{reference}")
    assert visitor.status == 200
    assert not list(visitor.main.all("form"))


async def test_it_is_wrong_asks_the_source_through_the_officer_who_sees_both(
    visitor: PageBrowser, browser_of: BrowserOf, portal: Portal, family: Family, clock: Clock
) -> None:
    await tell_of_a_car(portal, family)
    await come_in(portal, visitor, family.hassan)
    await visitor.open(SOURCES)
    await visitor.open(next(link for link in visitor.links if "source=" in link).removeprefix("/fr"))
    form = visitor.form()
    assert (form.values["line"], form.values["fact"], form.values["proposed_value"]) == ("U31", "cars", "0")
    assert "le registre des véhicules" in form.values["words"]
    await visitor.submit()
    check = visitor.form("/household/recomputation")
    check.press(None)
    await visitor.send(check)
    async with portal.reads() as session:
        request = (await session.exec(select(RecomputationRequest))).one()
        row = (await session.exec(select(Contradiction))).one()
    assert (request.owner, request.source) == (RequestOwner.SOURCE, "vehicles")
    assert (row.status, row.request_id) == (ContradictionStatus.CONTESTED, request.id)
    officer, at_desk = await add_officer_account(portal), browser_of()
    await sign_in_officer(at_desk, officer, clock)
    await at_desk.open(f"/staff/requests/{request.reference}")
    assert "Selon le registre des véhicules, le 20 février 2026" in at_desk.text
    assert "Dit autre chose" in at_desk.text


@pytest.mark.parametrize(
    ("register", "code"),
    [
        (Register(failure=RuntimeError("0000000001 has a car")), "RuntimeError"),
        (Register(seconds=5), "timeout"),
        (Register(answers=(Answer("", "rooms", "x" * 99, date.max, ""),) * 9), None),
    ],
)
async def test_a_register_that_is_down_slow_or_wrong_changes_nothing_and_the_portal_stays_readable(
    visitor: PageBrowser, portal: Portal, family: Family, register: Register, code: str | None
) -> None:
    await Asking(portal, {"vehicles": register}, limit_seconds=0.05).turn()
    async with portal.reads() as session:
        inquiry = (await session.exec(select(SourceInquiry).where(SourceInquiry.source == "vehicles"))).one()
        assert (await session.exec(select(SourceFact))).all() == []
        assert len((await session.exec(select(IndexEvent))).all()) == 1
    assert inquiry.last_error == code
    await come_in(portal, visitor, family.hassan)
    assert (await visitor.open("/household")).status == 200
    assert (await visitor.open(SOURCES)).status == 200


async def test_a_register_that_keeps_failing_is_left_alone_for_a_while(
    portal: Portal, family: Family, clock: Clock
) -> None:
    register = Register(failure=SourceDown("refused"))
    asking = Asking(portal, {"vehicles": register})
    for _ in range(5):
        clock.advance(hours=7)
        await asking.turn()
    async with transaction(portal.writes) as session:
        household = (await session.exec(select(Household.id))).one()
        await ask_later(session, household_id=household, now=clock())
    assert await asking.turn() == 0
    assert len(register.asked) == 5
    clock.advance(seconds=61)
    assert await asking.turn() == 1


async def test_a_register_that_asks_for_time_gets_it(portal: Portal, family: Family, clock: Clock) -> None:
    register = Register(failure=SourceDown("http_429", retry_after=timedelta(hours=2)))
    asking = Asking(portal, {"vehicles": register})
    assert await asking.turn() == 1
    clock.advance(hours=1, minutes=59)
    assert await asking.turn() == 0
    register.failure = None
    clock.advance(minutes=2)
    assert await asking.turn() == 1
    assert len(register.asked) == 2


async def test_a_slow_register_keeps_no_other_waiting(portal: Portal, family: Family) -> None:
    other_was_asked = asyncio.Event()

    class Slow(Register):
        async def ask(self, identifiers: Sequence[str]) -> Collection[Answer]:
            await other_was_asked.wait()
            return await super().ask(identifiers)

    class Quick(Register):
        async def ask(self, identifiers: Sequence[str]) -> Collection[Answer]:
            other_was_asked.set()
            return await super().ask(identifiers)

    asking = Asking(portal, {"vehicles": Slow("vehicles"), "land": Quick("land")}, limit_seconds=5)
    await asking.turn()
    assert asking.done["failed"] == 0


async def test_a_service_is_asked_by_the_worker_and_a_wrong_value_is_no_answer(
    portal: Portal, family: Family, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    row = (family.hassan.identifier, "cars", "plenty", "2026-02-20", "V-1")
    async with open_service([row]) as service:
        service.failures = [raw(503, "", "retry-after: 90"), raw(200, "maintenance")]
        asking = Asking(
            portal, {"vehicles": HttpSource("vehicles", HttpSourceSettings(service.url), portal.clock)}
        )
        for error in ("http_503", "wrong_answer", "wrong_answer", None):
            if error is None:
                service.rows = [(*row[:2], "1", *row[3:])]
            await asking.turn()
            async with portal.reads() as session:
                asked = select(SourceInquiry).where(SourceInquiry.source == "vehicles")
                assert (await session.exec(asked)).one().last_error == error
                kept = (await session.exec(select(SourceFact.value))).all()
            assert kept == ([] if error else ["1"])
            clock.advance(hours=1)
    assert "source_failed source=vehicles error=http_503" in caplog.text
    assert not any(person.identifier in caplog.text for person in (family.hassan, family.fatima))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "0000000016,cars,one,2026-02-20,V-1",
            "vehicles.csv, line 3: the value of cars is none of its values",
        ),
        (
            "0000000016,cars,21,2026-02-20,V-1",
            "vehicles.csv, line 3: the value of cars is none of its values",
        ),
        (
            "0000000016,rooms,1,2026-02-20,V-1",
            "vehicles.csv, line 3: 'rooms' is no fact that this source answers",
        ),
        ("0000000016,cars,1,20/02/2026,V-1", "vehicles.csv, line 3: as_of is no date like 2026-03-01"),
        ("0000000016,cars,1,2026-02-20", "vehicles.csv, line 3: 4 values instead of 5"),
        ("Z1,cars,1,2026-02-20,V-1", "vehicles.csv, line 3: the identifier is not made of 10 digits"),
        ("0000000024,cars,1,2026-02-20,V-1", "vehicles.csv, line 3: a second cars of the same person"),
        ("0000000016,cars,1,2026-02-20,", "vehicles.csv, line 3: the reference for cars is empty, too long"),
        ('0000000016,"cars,1,2026-02-20,V-1', "vehicles.csv, line 3: unexpected end of data"),
    ],
)
def test_a_line_that_cannot_be_used_refuses_the_whole_file(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "vehicles.csv"
    path.write_text(f"{','.join(HEADER)}\n0000000024,cars,0,2026-02-20,V-0\n{line}\n", "utf-8")
    with pytest.raises(BadSourceFile) as refused:
        FileSource("vehicles", path).read(())
    assert str(refused.value).startswith(said)


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "vehicles.csv"
    path.write_text(f"{','.join(HEADER)}\n", "utf-8")
    source = file_sources(tmp_path)["vehicles"]
    assert source.read(["0000000024"]) == ()
    path.write_text(
        f"\ufeff{','.join(HEADER)}\n0000000032,cars,2,2026-02-20,V-2\r\n\n0000000024,cars,0,2026-02-20,V-0\n",
        "utf-8",
    )
    [answer] = source.read(["0000000024"])
    assert (answer.fact, answer.value, answer.as_of) == ("cars", "0", date(2026, 2, 20))
    assert [each.value for each in source.read(["0000000024", "0000000032"])] == ["0", "2"]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadSourceFile, match="not UTF-8"):
        source.read(["0000000024"])


def test_an_operator_looks_at_the_files_and_asks(sqlite: str, tmp_path: Path) -> None:
    environment = {
        "TIWIZI_MODE": "demonstration",
        "TIWIZI_DATABASE_URL": sqlite,
        "TIWIZI_DATA_DIR": str(tmp_path),
        "TIWIZI_SOURCES_DIR": str(tmp_path / "registers"),
    }

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, words, env=environment)
        return done.exit_code, done.output

    assert run("demo", "load", "--households", "3")[0] == 0
    status, said = run("sources", "check")
    assert (status, "vehicles: people=3" in said) == (0, True)
    status, said = run("sources", "ask")
    assert (status, "contradictions: 2" in said) == (0, True)
    status, said = run("sources", "ask")
    assert (status, "answered: 0" in said) == (0, True)
    (tmp_path / "registers" / "land.csv").write_text("nothing", "utf-8")
    status, said = run("sources", "check")
    assert (status, "land.csv, line 1: the header is not" in said) == (1, True)
    status, said = run("sources", "ask", "--source", "moon")
    assert (status, "moon is not connected" in said) == (1, True)


async def test_an_operator_is_told_in_words_what_is_wrong_with_a_service(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    environment = {
        "TIWIZI_MODE": "demonstration",
        "TIWIZI_DATA_DIR": str(tmp_path),
        "TIWIZI_SOURCE_VEHICLES_TOKEN_FILE": str(token),
    }

    async def says(url: str, words: str, *, works: bool = False) -> bool:
        settings = environment | {"TIWIZI_SOURCE_VEHICLES_URL": url}
        done = await asyncio.to_thread(CliRunner().invoke, main, ["sources", "check"], env=settings)
        return words in done.output and (done.exit_code == 0) is works

    async with open_service() as service:
        assert await says(service.url, f"vehicles: {service.url} answers", works=True)
        assert json.loads(service.asked[0].body)["identifiers"] == [], "nobody is named only to look"
        for failure, words in (
            (raw(401), "vehicles: it does not know us (401)"),
            (raw(404), "vehicles: there is no such address"),
            (raw(418), "vehicles: it fails (http_418)"),
            (raw(200, "<html>"), "vehicles: the answer is no JSON"),
        ):
            service.failures = [failure]
            assert await says(service.url, words)
    assert await says(service.url, "vehicles: nobody answers at this address")
    assert await says("http://register.example/ask", "begins with https://")
