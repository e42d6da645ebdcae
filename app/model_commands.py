"""The command `tiwizi model`: checking, proposing, comparing and trying what decides. Approval happens in the pages."""

from __future__ import annotations

from collections.abc import Iterable
from getpass import getuser
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.commands import Refused, alone, read_text
from app.model_dry_runs import try_version
from app.national_report import bar
from app.requests import Portal, utc_now
from identity.staff.officers import NoSuchStaff, staff_id_of
from registry.centres.officers import NotAllowed
from registry.dates import local_date
from registry.errors import NotFound
from registry.model_life import versions
from registry.model_life.checks import FileRefused, check_file
from registry.model_life.comparison import Difference, NotComparable, compare
from registry.model_life.documents import Fault
from registry.model_life.known import Known, known_named, known_versions
from registry.model_life.reports import Crossings, crossings
from registry.model_life.shelf import Content, put_beside
from registry.model_life.tables import DryRun
from registry.model_life.versions import NotOpen
from registry.national.publishing import TwoIndexes
from registry.national.runs import RunRefused
from registry.national.sql import ModelTooFine

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))


@click.group("model")
def model_life() -> None:
    """Models of the index and programmes: data with a life of their own."""


async def open_shelf(portal: Portal) -> None:
    """Let this command know what is approved."""
    async with portal.reads() as session:
        await portal.shelf.open(session)


@model_life.command()
@FILE
def check(file: Path) -> None:
    """Say all that is wrong in FILE, an index model or a programme, beside those in force and approved."""
    text, now = read_text(file), utc_now()
    try:
        put_beside(_approved())
    except (Refused, SQLAlchemyError, OSError):
        click.echo("The database cannot be read: compared with what came with the portal alone.", err=True)
    try:
        checked = check_file(text, today=local_date(now))
    except FileRefused as refusal:
        raise _refusal(file, refusal) from None
    _say_warnings(checked.warnings)
    counts_from = checked.effective_from.isoformat()
    click.echo(f"{file} is in order: {checked.name}, from {counts_from}, sha256 {checked.sha256}")


def _approved() -> tuple[Content, ...]:
    found: list[Content] = []

    async def work(portal: Portal) -> None:
        async with portal.reads() as session:
            found.extend(await portal.shelf.approved(session))

    alone(work)
    return tuple(found)


def _refusal(file: Path, refusal: FileRefused) -> Refused:
    _say_warnings(refusal.warnings)
    number = len(refusal.faults)
    faults = "\n".join(f"  {fault}" for fault in refusal.faults)
    return Refused(f"{file} cannot be used: {number} fault{'s' if number > 1 else ''}\n{faults}")


def _say_warnings(warnings: Iterable[Fault]) -> None:
    for warning in warnings:
        click.echo(f"Look at this: {warning}", err=True)


@model_life.command()
@FILE
@click.option("--by", "email", required=True, help="E-mail address of the officer who answers for it.")
def propose(file: Path, email: str) -> None:
    """Keep FILE as a draft, or as the new text of a draft; approvals of an earlier text are void."""
    text = read_text(file)

    async def work(portal: Portal) -> None:
        await open_shelf(portal)
        async with portal.writes() as session:
            try:
                version = await versions.propose(
                    session,
                    text=text,
                    staff_id=await staff_id_of(session, email=email),
                    operator=getuser(),
                    now=portal.clock(),
                )
            except FileRefused as refusal:
                raise _refusal(file, refusal) from None
            except (NotAllowed, NoSuchStaff):
                raise Refused(f"{email} is no supervisor and no administrator in service.") from None
            await session.commit()
            click.echo(f"{version.name} is a draft. Next: tiwizi model dry-run {version.name}")

    alone(work)


@model_life.command("list")
def list_versions() -> None:
    """Every version, with the day from which it counts and where it is in its life."""

    async def work(portal: Portal) -> None:
        async with portal.reads() as session:
            for known in await known_versions(session, today=local_date(portal.clock())):
                click.echo(f"{known.effective_from.isoformat()}  {known.phase.value:<10}  {known.name}")

    alone(work)


@model_life.command("compare")
@click.argument("before")
@click.argument("after")
def compare_versions(before: str, after: str) -> None:
    """What is different in AFTER, number by number."""

    async def work(portal: Portal) -> None:
        async with portal.reads() as session:
            one, other = [await _named(session, name, portal) for name in (before, after)]
        try:
            differences = compare(one.content, other.content)
        except NotComparable:
            raise Refused(f"{before} and {after} are not of one kind.") from None
        click.echo("\n".join(map(_line, differences)) or "Every number is the same.")

    alone(work)


async def _named(session: AsyncSession, name: str, portal: Portal) -> Known:
    try:
        return await known_named(session, name=name, today=local_date(portal.clock()))
    except NotFound:
        raise Refused(f"There is no version {name}: `tiwizi model list` names them.") from None


def _line(difference: Difference) -> str:
    words = [difference.zone.value if difference.zone else "", difference.subject.value, difference.code]
    return f"{' '.join(filter(None, words)):<32}{difference.before or '–':>14} → {difference.after or '–'}"


@model_life.command("dry-run")
@click.argument("name")
def dry_run(name: str) -> None:
    """Try the version NAME on all households: who would cross which threshold. Nothing is visible, nobody is told.

    It can be killed and run again at any point.
    """

    async def work(portal: Portal) -> None:
        await open_shelf(portal)
        try:
            with bar("Computing ") as staged, bar("Deciding  ") as looked_at:
                tried = await try_version(
                    portal, name, started_by=getuser(), staged=staged, looked_at=looked_at
                )
        except NotFound:
            raise Refused(f"There is no version {name} to try: `tiwizi model list` names them.") from None
        except NotOpen:
            raise Refused(f"{name} is in force, replaced or withdrawn: there is nothing to try.") from None
        except (RunRefused, ModelTooFine, TwoIndexes) as error:
            raise Refused(f"Not tried: {error}") from None
        async with portal.reads() as session:
            found = await crossings(session, dry_run=tried)
        click.echo("\n".join(_summary(tried, found)))

    alone(work)


def _summary(tried: DryRun, found: Crossings) -> Iterable[str]:
    states = tried.report["states"]
    yield f"Tried on {sum(states.values()):,} households, cut off at {tried.cut_off.isoformat()}"
    if states["unscorable"]:
        yield f"{states['unscorable']:>12,} have to declare anew: the model asks for more than they declared"
    for row in found.by_programme:
        yield f"{row.households:>12,} {row.crossing.value:<7} {row.programme}, {row.monthly_mad:+,} MAD a month"
    yield f"{found.losing:>12,} households would lose something, and are told once the version is approved"
