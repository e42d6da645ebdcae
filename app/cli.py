"""The command `tiwizi`: what an operator does outside the browser."""

from __future__ import annotations

import asyncio
import datetime as dt
from getpass import getuser
from pathlib import Path

import click

from app import schema
from app.commands import Refused, alone, read_text, settings
from app.db import SecondProcessRefused
from app.demo import loading
from app.key_commands import of_keys
from app.model_commands import model_life, open_shelf
from app.national import Order
from app.national_report import give_up_run, recompute_with_bars
from app.requests import Portal
from app.serving import deliver_until_stopped, serve_portal
from app.settings import SettingRefused
from app.source_commands import of_sources
from identity.proofs.passwords import PasswordRefused
from identity.roles import Role
from identity.staff.officers import StaffExists, add_staff
from registry.national.publishing import TwoIndexes
from registry.national.runs import MESSAGES_A_SECOND, RunRefused
from registry.national.sql import ModelTooFine
from registry.rules.score_documents import score_text
from registry.rules.scoring import InvalidInput, UnknownModel, model_named, models


@click.group()
def main() -> None:
    """Tiwizi: a self-service portal for a unified social registry."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, envvar="PORT", help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes; more than one needs PostgreSQL.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the portal, its delivery worker included."""
    of_process = settings()
    try:
        serve_portal(of_process, host=host, port=port, workers=workers)
    except (SecondProcessRefused, SettingRefused) as error:
        raise Refused(str(error)) from None


@main.command()
def worker() -> None:
    """Deliver messages and keep house in a process of its own, beside `serve` with TIWIZI_WORKER=separate."""
    alone(deliver_until_stopped)


@main.group()
def db() -> None:
    """The database's shape."""


@db.command()
def upgrade() -> None:
    """Bring the tables up to date. Can be run again."""
    of_process = settings()
    of_process.data_dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(schema.upgrade(of_process.database_url))
    click.echo("The database is up to date.")


@main.group()
def demo() -> None:
    """The demonstration world."""


@demo.command()
@click.option(
    "--households", default=5500, show_default=True, help="Synthetic households beside the named people."
)
@click.option("--if-empty", is_flag=True, help="Do nothing when the register already has people.")
def load(households: int, if_empty: bool) -> None:
    """Load the named people, the officers and a synthetic population. Refused outside demonstration mode."""
    if not settings().demonstration:
        raise Refused("TIWIZI_MODE is not 'demonstration': invented people have no place in production.")

    async def work(portal: Portal) -> None:
        if await loading.is_loaded(portal):
            if not if_empty:
                raise Refused("The demonstration world is already loaded; `make reset` forgets it.")
            return
        with click.progressbar(length=households, label="Loading the demonstration world") as bar:
            await loading.load_world(portal, households=households, progress=bar.update)

    alone(work)


@main.group()
def staff() -> None:
    """The officers of the service centres."""


@staff.command()
@click.option("--email", required=True)
@click.option("--name-ar", required=True, help="Name in Arabic letters.")
@click.option("--name-latin", required=True, help="Name in Latin letters.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--centre", required=True, help="Code of the service centre.")
@click.password_option(help="At least 15 characters; asked when not given.")
def add(email: str, name_ar: str, name_latin: str, role: str, centre: str, password: str) -> None:
    """Add an officer and print, once, the secret for the authenticator."""

    async def work(portal: Portal) -> None:
        async with portal.writes() as session:
            try:
                added = await add_staff(
                    session,
                    email=email,
                    name_ar=name_ar,
                    name_latin=name_latin,
                    role=Role(role),
                    centre_code=centre,
                    password=password,
                    hasher=portal.hasher,
                    keys=portal.keys,
                    now=portal.clock(),
                )
            except (PasswordRefused, StaffExists) as error:
                raise Refused(f"Not added: {error.code}") from None
            await session.commit()
        click.echo(f"Authenticator secret, shown once: {added.totp_secret}\n{added.otpauth_uri}")

    alone(work)


@main.command("recompute")
@click.option("--model", "name", required=True, help="Name of the index model, which must be in force.")
@click.option(
    "--cut-off",
    type=click.DateTime(formats=["%Y-%m-%dT%H:%M:%S%z"]),
    help="What is declared later is left alone: 2026-03-01T00:00:00+0100. Now when not given.",
)
@click.option(
    "--chunk", type=click.IntRange(min=1), help="Households a step; the database decides when not given."
)
@click.option("--connections", type=click.IntRange(1, 8), help="Connections to compute on; SQLite has one.")
@click.option(
    "--pace",
    default=MESSAGES_A_SECOND,
    show_default=True,
    type=click.IntRange(min=1),
    help="Messages a second.",
)
@click.option("--stage-only", is_flag=True, help="Compute and say what would change; publish nothing yet.")
@click.option(
    "--abandon", "give_up", is_flag=True, help="Give up the run that has not ended. What it published stays."
)
def recompute_country(
    name: str,
    cut_off: dt.datetime | None,
    chunk: int | None,
    connections: int | None,
    pace: int,
    stage_only: bool,
    give_up: bool,
) -> None:
    """Recompute the index of every household, and tell those for whom something changes.

    It can be killed and run again at any point, and run by several processes at once on PostgreSQL.
    """

    async def work(portal: Portal) -> None:
        await open_shelf(portal)
        try:
            model = model_named(name)
        except UnknownModel as error:
            known = ", ".join(each.name for each in models())
            raise Refused(f"{error}; known: {known}") from None
        order = Order(
            model=model,
            started_by=getuser(),
            pace=pace,
            cut_off=cut_off,
            chunk=chunk,
            connections=connections,
            stage_only=stage_only,
        )
        try:
            if give_up:
                await give_up_run(portal)
            else:
                await recompute_with_bars(portal, order)
        except (RunRefused, ModelTooFine, TwoIndexes) as error:
            raise Refused(f"Not recomputed: {error}") from None

    alone(work)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
def score(file: Path) -> None:
    """Compute the index of each household of FILE, a JSON list (`-` reads standard input); exact, in the same order."""
    try:
        click.echo(score_text(read_text(file)))
    except InvalidInput as error:
        raise Refused(str(error)) from None


main.add_command(model_life)
main.add_command(of_sources)
main.add_command(of_keys)
