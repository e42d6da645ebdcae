"""The clock of a request: what happens on which day, once, whoever watches."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, select

from identity.roles import Role
from identity.tables import AuditEntry, Staff
from notifications.jobs import Job, run_due_jobs
from notifications.tables import Delivery
from registry.acts import Act
from registry.households import find_household
from registry.requests.asking import request_recomputation
from registry.requests.deadlines import escalate_requests, remind_of_requests, watch_requests
from registry.requests.decisions import refuse_request
from registry.requests.reviews import open_request, queue
from registry.requests.timelines import request_timeline
from registry.sources.tables import FactMarks
from registry.tables import RecomputationRequest, RequestOwner, RequestReason
from tests.registry.family import add_officer, rows, settled_family, told, transaction


async def asked(session, now, **options):
    family = await settled_family(session, now)
    request = await request_recomputation(
        session,
        person_id=family.hassan.id,
        reason=RequestReason.OTHER,
        words="Look again.",
        now=now,
        **options,
    )
    return family, request


async def mailed(session, staff_id):
    address = (await session.exec(select(Staff.email).where(Staff.id == staff_id))).one()
    found = await session.exec(select(Delivery).where(Delivery.address == address))
    return len(found.all())


@pytest.mark.parametrize(
    ("day", "reminded", "escalated"),
    [(0, 0, 0), (9, 0, 0), (10, 1, 0), (14, 1, 0), (15, 1, 0), (16, 0, 1), (40, 0, 1)],
)
async def test_what_a_day_brings(session, now, day, reminded, escalated):
    """Fifteen days to answer, a reminder five days before: the last day is still in time."""
    await asked(session, now)
    later = now + timedelta(days=day)
    assert await remind_of_requests(session, now=later) == reminded
    assert await escalate_requests(session, now=later) == escalated
    assert (await remind_of_requests(session, now=later), await escalate_requests(session, now=later)) == (
        0,
        0,
    )


@pytest.mark.parametrize(
    ("kind", "about", "owner"),
    [
        ("counted", {"fact": "cars"}, "source"),
        ("counted", {"line_code": "U31"}, "source"),
        ("contradicted", {"fact": "cars"}, "source"),
        ("contradicted", {"line_code": "U31"}, "centre"),
        ("confirmed", {"fact": "cars"}, "centre"),
        ("counted", {"fact": "rooms"}, "centre"),
        ("counted", {}, "centre"),
    ],
)
async def test_whose_line_it_is(session, now, kind, about, owner):
    family = await settled_family(session, now)
    household = await find_household(session, person_id=family.hassan.id)
    mark = {"kind": kind, "on": "2026-03-02", "source": "vehicles"}
    await session.merge(FactMarks(household_id=household.id, marks={"cars": mark}, open_contradictions=0))
    await session.flush()
    request = await request_recomputation(
        session, person_id=family.hassan.id, reason=RequestReason.OTHER, words="No car.", now=now, **about
    )
    assert request.owner == owner
    assert request.source == ("vehicles" if owner == "source" else None)


async def test_a_source_has_a_clock_of_its_own(session, now):
    family = await settled_family(session, now)
    household = await find_household(session, person_id=family.hassan.id)
    mark = {"kind": "counted", "on": "2026-03-02", "source": "vehicles"}
    await session.merge(FactMarks(household_id=household.id, marks={"cars": mark}, open_contradictions=0))
    await session.flush()
    request = await request_recomputation(
        session, person_id=family.hassan.id, reason=RequestReason.OTHER, words="No car.", fact="cars", now=now
    )
    assert (request.owner, request.source) == (RequestOwner.SOURCE, "vehicles")
    assert (request.due_on - now.date()).days == 30
    assert not await escalate_requests(session, now=now + timedelta(days=20))


async def test_who_is_told_what(session, now):
    family, request = await asked(session, now)
    agent = await add_officer(session, request.centre_code, now)
    other = await add_officer(session, request.centre_code, now)
    supervisor = await add_officer(session, request.centre_code, now, role=Role.SUPERVISOR)
    elsewhere = await add_officer(session, "elsewhere", now, role=Role.SUPERVISOR)
    await open_request(session, staff_id=agent, reference=request.reference, now=now)
    officers = (agent, other, supervisor, elsewhere)
    near, late = now + timedelta(days=11), now + timedelta(days=16)

    assert not await watch_requests(session, near)
    assert (await told(session, family.hassan))[-1] == "request_due_soon"
    assert [await mailed(session, each) for each in officers] == [1, 0, 0, 0], "the one who opened it"
    [entry] = await queue(session, staff_id=agent, now=near)
    assert (entry.is_reminded, entry.is_escalated) == (True, False)

    assert not await watch_requests(session, late)
    assert (await told(session, family.hassan))[-1] == "request_escalated"
    assert [await mailed(session, each) for each in officers] == [1, 0, 1, 0], "the supervisor of the centre"
    timeline = await request_timeline(session, person_id=family.hassan.id, reference=request.reference)
    assert (timeline.reminded_at, timeline.escalated_at) == (near, late)
    for act in (Act.REQUEST_REMINDED, Act.REQUEST_ESCALATED):
        assert await rows(session, AuditEntry, AuditEntry.action == act) == 1


async def test_what_is_decided_has_no_clock(session, now):
    family, request = await asked(session, now)
    agent = await add_officer(session, request.centre_code, now)
    await refuse_request(session, staff_id=agent, reference=request.reference, words="No.", now=now)
    assert not await watch_requests(session, now + timedelta(days=11))
    assert not await watch_requests(session, now + timedelta(days=30))
    assert {"request_due_soon", "request_escalated"}.isdisjoint(await told(session, family.hassan))


async def test_the_escalated_come_first(session, now):
    _, late = await asked(session, now)
    _, fresh = await asked(session, now + timedelta(days=15))
    supervisor = await add_officer(session, late.centre_code, now, role=Role.SUPERVISOR)
    await watch_requests(session, now + timedelta(days=16))
    found = await queue(session, staff_id=supervisor, now=now + timedelta(days=16))
    assert [(each.reference, each.is_escalated) for each in found] == [
        (late.reference, True),
        (fresh.reference, False),
    ]


async def test_two_workers_at_once_tell_each_person_once(sessions, now):
    people = []
    async with transaction(sessions) as session:
        for _ in range(6):
            family, request = await asked(session, now)
            people.append(family.hassan)
        await add_officer(session, request.centre_code, now, role=Role.SUPERVISOR)
    jobs = [Job("requests", timedelta(minutes=5), watch_requests)]
    late = now + timedelta(days=16)
    await asyncio.gather(*(run_due_jobs(sessions, jobs, now=late) for _ in range(4)))
    # Even without the leader nobody is told twice.
    async with transaction(sessions) as one:
        assert not await watch_requests(one, late)
    async with transaction(sessions) as session:
        for person in people:
            assert (await told(session, person)).count("request_escalated") == 1
        marked = select(RecomputationRequest).where(col(RecomputationRequest.escalated_at).is_not(None))
        assert len((await session.exec(marked)).all()) == 6
