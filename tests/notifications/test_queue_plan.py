"""A queue with a long past must not be searched from end to end once a second."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import Sessions
from notifications.messages import Template
from notifications.outbox import Recipient, inbox, notify, outbox_age
from notifications.queue import claim_due
from notifications.tables import Channel


async def _fill(sessions: Sessions, now: datetime) -> None:
    """Five hundred deliveries of a long past, ten that wait."""
    async with sessions() as session, session.begin():
        for number in range(510):
            await notify(
                session,
                recipient=Recipient(number % 100, "+212612345678", None, "ar", "ar"),
                template=Template.INDEX_COMPUTED,
                values={"date": now.date()},
                now=now - timedelta(hours=1),
            )
        await session.exec(text("UPDATE delivery SET status = 'sent' WHERE id <= 500"))  # type: ignore[call-overload]
    async with sessions() as session, session.begin():
        await session.exec(text("ANALYZE"))  # type: ignore[call-overload]


async def _plan(engine: AsyncEngine, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    async with engine.connect() as connection:
        lines = (await connection.exec_driver_sql(explain + statement, parameters)).all()
    return "\n".join(str(line) for line in lines)


async def test_what_the_worker_and_the_header_ask_again_and_again_reads_its_index(
    engine: AsyncEngine, sessions: Sessions, now: datetime
) -> None:
    await _fill(sessions, now)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(_c: object, _k: object, statement: str, parameters: Any, _x: object, _m: object) -> None:
        asked.append((statement, parameters))

    async with sessions() as session:
        await claim_due(session, channel=Channel.SMS, limit=5, holder="w", now=now)
        await outbox_age(session, now)
        await inbox(session, person_id=7)
        await session.rollback()

    claims = [query for query in asked if query[0].lstrip().startswith("WITH")]
    assert len(claims) == 2
    assert ("SKIP LOCKED" in claims[0][0]) == (engine.dialect.name == "postgresql")
    assert ("MATERIALIZED" in claims[0][0]) == (engine.dialect.name == "postgresql")
    inbox_reads = [query for query in asked if "FROM notification" in query[0] and "JOIN" not in query[0]]
    assert len(inbox_reads) == 1
    for statement, parameters in claims:
        assert "ix_delivery_due" in await _plan(engine, statement, parameters)
    for statement, parameters in inbox_reads:
        assert "ix_notification_inbox" in await _plan(engine, statement, parameters)
