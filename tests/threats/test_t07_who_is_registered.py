"""T-07: whether somebody is registered, read from what the portal answers, or from how much it does for it.

The time of an answer: `tests/app/test_even_answers.py` has the floor, `make bench ARGS=even-answers` the stopwatch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

import pytest
from sqlmodel import col, select

from app.requests import Portal
from identity.entering import claims, recovery
from identity.people.tables import Person
from identity.proofs import codes
from identity.proofs.passwords import PasswordHasher
from identity.tables import Account
from notifications.outbox import NOBODY, notify
from tests.app.conftest import Clock
from tests.app.rewinding import Rewinding
from tests.app.standing import Visitors
from tests.app.town import BORN
from tests.identity.world import PASSWORD
from tests.registry.family import add_account, add_person
from tests.threats.conftest import SQLITE
from tests.threats.doors import DOORS, Door, Seen, Work, counted, differences, knock


@pytest.fixture
async def known(portal: Portal, visitors: Visitors) -> Visitors:
    """The town, and in it somebody who has died, somebody without a number, and an account for each cause."""
    words, people = visitors.town.words, visitors.town.people
    async with portal.writes() as session, session.begin():
        late = await add_person(
            session, "Lalla", BORN, phone="+212644000001", deceased_on=dt.date(2025, 1, 1)
        )
        silent = await add_person(session, "Hamid", BORN, phone=None)
        await add_account(session, late, portal.clock())
        for name, person in (("late", late), ("silent", silent), ("locked", people["locked"])):
            words[f"{name}_identifier"] = person.identifier
            words[f"{name}_document"] = str(person.document_number)
            words[f"{name}_phone"] = str(person.phone)
        recovery_code = recovery.parse_recovery_code(words["amal_recovery_code"])
        hashed, fits = await portal.hasher.hash(PASSWORD), await portal.hasher.hash(recovery_code)
        of_amal = select(Person.id).where(Person.identifier == words["amal_identifier"])
        for owner in await session.exec(select(Account).where(col(Account.person_id).not_in(of_amal))):
            owner.password_hash, owner.recovery_hash = hashed, fits
        hassan = (await session.exec(select(Account).where(Account.person_id == people["hassan"].id))).one()
        hassan.password_hash = await portal.hasher.hash("encore un autre mot")
    return visitors


async def answers_at(
    known: Visitors, rewound: Rewinding, door: Door, work: Work, clock: Clock
) -> dict[str, list[Seen]]:
    """Each cause from an address and a browser of its own; one person's, who is signed in, each in the same town."""
    found, moment, begins = {}, await rewound.remember(), clock.now
    for cause in door.causes:
        clock.advance(minutes=2)
        if door.who:
            await rewound.rewind(moment)
            clock.now = begins
        found[cause] = await knock(known, door, cause, work, clock)
    return found


async def test_no_door_tells_whom_the_portal_knows(
    portal: Portal, known: Visitors, rewound: Rewinding, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal bytes but for tokens and times, equal headers and cookies, equal hashes, statements and messages."""
    work, moment, begins = counted(portal, monkeypatch), await rewound.remember(), clock.now
    told = {}
    for name, door in DOORS.items():
        await rewound.rewind(moment)
        clock.now = begins
        seen = await answers_at(known, rewound, door, work, clock)
        assert {len(steps) for steps in seen.values()} == {1 + len(door.then)}, name
        found = differences(seen)
        told |= {f"{name}: {cause}": how for cause, how in found.items()}
    assert not told, "\n".join(f"{cause} {how}" for cause, how in told.items())


TellApart = Callable[[str], Awaitable[set[str]]]


@pytest.fixture
def told_apart(
    portal: Portal, known: Visitors, rewound: Rewinding, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> TellApart:
    async def causes_at(name: str) -> set[str]:
        work = counted(portal, monkeypatch)
        return set(differences(await answers_at(known, rewound, DOORS[name], work, clock)))

    return causes_at


@SQLITE
async def test_the_same_claims_against_a_page_that_helps(
    told_apart: TellApart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The positive control: whoever is not found is told so."""
    own = claims._match

    async def helpful(*arguments: object, **facts: object) -> object:
        found = await own(*arguments, **facts)  # type: ignore[arg-type]
        if found is None:
            raise claims.ClaimRefused
        return found

    monkeypatch.setattr(claims, "_match", helpful)
    apart = await told_apart("claim")
    assert apart >= {"unknown document", "other telephone", "deceased"}


@SQLITE
async def test_the_same_claims_where_only_a_real_code_is_put_into_the_outbox(
    told_apart: TellApart, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def somebody_alone(session: object, *, recipient: object, **facts: object) -> None:
        if recipient is not NOBODY:
            await notify(session, recipient=recipient, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(codes, "notify", somebody_alone)
    assert await told_apart("claim") == set(DOORS["claim"].causes) - {"matches"}


@SQLITE
async def test_the_same_sign_ins_where_only_a_real_password_is_hashed(
    told_apart: TellApart, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = PasswordHasher.verify

    async def at_once(hasher: PasswordHasher, hashed: str | None, secret: str) -> bool:
        return hashed is not None and await own(hasher, hashed, secret)

    monkeypatch.setattr(PasswordHasher, "verify", at_once)
    apart = await told_apart("sign in")
    assert apart == {"wrong password", "another's password"}
