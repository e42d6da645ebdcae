"""Running the portal: the web server, the worker that delivers messages, and keeping house."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import signal
from collections.abc import AsyncIterator

import uvicorn
from litestar import Litestar
from sqlalchemy.exc import SQLAlchemyError

from app.coming_changes import tell_who_would_lose
from app.db import checkpoint, create_engine, guard_single_process, session_factory
from app.errors import without_values
from app.main import create_app, create_portal
from app.model_dry_runs import try_what_was_begun
from app.periodic import JOBS
from app.posts import forget_old_posts
from app.requests import Portal, utc_now
from app.schema import is_current
from app.secret_check import refuse_without_secrets
from app.settings import SettingRefused, Settings, read_settings
from app.sources import ask_sources
from identity.keys import Keys
from identity.retention import forget_expired
from notifications import worker as deliveries
from notifications.jobs import run_due_jobs
from notifications.providers.demonstration import DemonstrationProvider
from notifications.providers.http_sms import HttpSmsProvider
from notifications.providers.protocol import Provider
from notifications.providers.smtp import SmtpProvider
from notifications.rendering import Portal as PortalOfMessages
from notifications.spending import Ceiling
from notifications.tables import Channel
from registry.appointments.pre_registrations import forget_pre_registrations
from registry.centres.visits import end_visits_over
from registry.declarations.departures import publish_departures
from registry.declarations.drafts import forget_drafts
from registry.declarations.invitations import expire_invitations
from registry.requests.source_decisions import count_sources
from registry.turning_days import decide_again

HOUSEKEEPING_SECONDS = 30
FORGET_EVERY = dt.timedelta(hours=1)
LARGEST_HEAD = 16 * 1024
log = logging.getLogger("tiwizi")


def serve_portal(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until a signal.

    Raises `SecondProcessRefused` when an embedded database that cannot be shared is in use, or would be, and
    `SettingRefused` when the database waits for a migration, or depends on a secret that is not in the file.
    """
    with guard_single_process(settings.database_url):
        asyncio.run(_refuse_another_database(settings))
        if workers > 1 and settings.embedded:
            raise SystemExit(
                "SQLite serves one process; set TIWIZI_DATABASE_URL to PostgreSQL for more workers."
            )
        _say_where(settings, host, port)
        uvicorn.run(
            "app.serving:application",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            loop="uvloop",
            http="h11",
            h11_max_incomplete_event_size=LARGEST_HEAD,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_graceful_shutdown=30,
            log_level="warning",
        )


async def _refuse_another_database(settings: Settings) -> None:
    """A database that cannot be reached now is waited for; one of another version would fail page by page."""
    engine = create_engine(settings.database_url)
    try:
        if not await is_current(engine):
            raise SettingRefused("The database is not up to date: run `tiwizi db upgrade` first.")
        await refuse_without_secrets(session_factory(engine), Keys.from_secret(settings.secret), utc_now())
    except (SQLAlchemyError, OSError):
        return
    finally:
        await engine.dispose()


def application() -> Litestar:
    """The portal of this process's environment, its worker included unless the settings say `separate`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Migrations are looked at with every /ready, which is no news.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings = read_settings()
    _warn(settings)
    portal = create_portal(settings)
    return create_app(portal, beside=(work_beside,) if settings.worker_included else ())


def _warn(settings: Settings) -> None:
    """Loudly: what works without these settings works worse than the operator may think."""
    if settings.demonstration:
        return
    if not settings.trusted_proxies:
        log.error(
            "trusted_proxies_unset TIWIZI_TRUSTED_PROXIES is not set: behind a proxy every visitor has the proxy's"
            " address, and all of them together are taken for one crowd"
        )
    if settings.sms_daily_ceiling is None:
        log.error(
            "sms_ceiling_unset TIWIZI_SMS_DAILY_CEILING is not set: nothing limits what a day of SMS costs"
        )


@contextlib.asynccontextmanager
async def work_beside(portal: Portal) -> AsyncIterator[None]:
    """Deliver messages and keep house while the portal serves; what is on its way is finished at the end."""
    stop = asyncio.Event()
    task = asyncio.create_task(_work(portal, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def deliver_until_stopped(portal: Portal) -> None:
    """The same in a process of its own, until SIGTERM or Ctrl-C. Raises `SettingRefused` for a missing secret."""
    await refuse_without_secrets(portal.writes, portal.keys, portal.clock())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await _work(portal, stop)


async def _work(portal: Portal, stop: asyncio.Event) -> None:
    async with contextlib.AsyncExitStack() as open_until_end, asyncio.TaskGroup() as together:
        worker = deliveries.Worker(
            sessions=portal.writes,
            providers=await _providers(portal, open_until_end),
            portal=PortalOfMessages(
                domain=portal.settings.domain, hotline=portal.settings.hotline, url=portal.settings.public_url
            ),
            sealer=portal.keys.sealer,
            clock=portal.clock,
            ceiling=Ceiling(portal.settings.sms_daily_ceiling) if portal.settings.sms_daily_ceiling else None,
        )
        together.create_task(deliveries.run(worker, stop))
        together.create_task(_keep_house(portal, stop))
        together.create_task(ask_sources(portal, stop))
        together.create_task(try_what_was_begun(portal, stop))


async def _providers(portal: Portal, open_until_end: contextlib.AsyncExitStack) -> dict[Channel, Provider]:
    """The operator's providers; the demonstration's own where none is set."""
    settings = portal.settings
    demonstration = DemonstrationProvider(sessions=portal.writes, clock=portal.clock)
    sms: Provider = demonstration
    if settings.sms:
        sms = await open_until_end.enter_async_context(HttpSmsProvider(settings.sms, portal.clock))
    return {Channel.SMS: sms, Channel.EMAIL: SmtpProvider(settings.smtp) if settings.smtp else demonstration}


async def _keep_house(portal: Portal, stop: asyncio.Event) -> None:
    """What time alone brings about: invitations and visits end, departures are published, a source that nobody
    contradicted counts, what is old is deleted.
    """
    forgotten_at = portal.clock() - FORGET_EVERY
    while not stop.is_set():
        try:
            async with portal.writes() as session:
                now = portal.clock()
                await portal.shelf.open(session)
                if now - forgotten_at >= FORGET_EVERY:
                    await forget_expired(session, now=now)
                    forgotten_at = now
                await expire_invitations(session, now=now)
                await end_visits_over(session, now=now)
                await publish_departures(session, now=now)
                await count_sources(session, now=now)
                await decide_again(session, now=now)
                await forget_drafts(session, now=now)
                await forget_pre_registrations(session, now=now)
                await forget_old_posts(session, now=now)
                await session.commit()
            await run_due_jobs(portal.writes, JOBS, now=portal.clock())
            await tell_who_would_lose(portal)
            await checkpoint(portal.engine)
        except Exception as error:
            log.error("housekeeping failed; it is tried again", exc_info=without_values(error))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HOUSEKEEPING_SECONDS):
                await stop.wait()


def _say_where(settings: Settings, host: str, port: int) -> None:
    print(f"Tiwizi serves on http://{host}:{port}/", flush=True)  # noqa: T201 -- this is what the command says.
    if settings.demonstration:
        print(f"The invented people, officers and messages: http://{host}:{port}/demo", flush=True)  # noqa: T201
