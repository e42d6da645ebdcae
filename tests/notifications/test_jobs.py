"""What time brings about is done once, whoever watches the clock."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import select

from notifications.jobs import Job, run_due_jobs
from notifications.tables import PeriodicJob

HOUR = timedelta(hours=1)


async def test_a_job_is_due_at_first_and_then_every_so_often(sessions, now):
    ran = []

    async def work(_session, at):
        ran.append(at)
        return False

    for minutes in (0, 1, 59, 60, 61, 119, 121):
        await run_due_jobs(sessions, [Job("watch", HOUR, work)], now=now + timedelta(minutes=minutes))
    assert [(at - now) // timedelta(minutes=1) for at in ran] == [0, 60, 121]


async def test_of_many_who_look_at_once_one_does_it(sessions, now):
    ran = Counter()

    async def work(_session, at):
        await asyncio.sleep(0.01)
        ran[at] += 1
        return False

    for hour in range(5):
        looks = (run_due_jobs(sessions, [Job("watch", HOUR, work)], now=now + hour * HOUR) for _ in range(8))
        await asyncio.gather(*looks)
    assert list(ran.values()) == [1] * 5


async def test_what_died_halfway_is_due_still_and_the_others_are_done(sessions, now, caplog):
    done = []

    async def dies(session, _at):
        session.add(PeriodicJob(name="written by it", due_at=now))
        await session.flush()
        raise RuntimeError("with an address in it")

    async def lives(_session, _at):
        done.append(True)
        return False

    jobs = [Job("dies", HOUR, dies), Job("lives", HOUR, lives)]
    await run_due_jobs(sessions, jobs, now=now)
    await run_due_jobs(sessions, jobs, now=now)
    assert done == [True]
    assert [record.getMessage() for record in caplog.records] == [
        "job_failed name=dies error=RuntimeError"
    ] * 2
    async with sessions() as session:
        assert (await session.exec(select(PeriodicJob.name))).all() == ["lives"]


@pytest.mark.parametrize("batches", [1, 3])
async def test_what_is_left_is_done_at_once_in_transactions_of_their_own(sessions, now, batches):
    seen = []

    async def work(session, _at):
        seen.append(session)
        return len(seen) < batches

    for _ in range(2):
        await run_due_jobs(sessions, [Job("watch", HOUR, work)], now=now)
    assert len({id(each) for each in seen}) == len(seen) == batches
