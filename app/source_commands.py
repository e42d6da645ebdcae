"""The commands `tiwizi sources`: looking at the files of the administrative sources, and asking them."""

from __future__ import annotations

import click

from app.commands import Refused, alone, settings
from app.requests import Portal
from app.sources import ask_about
from registry.sources.configuration import sources as known_sources
from registry.sources.files import file_sources
from registry.sources.port import SourceDown, SourcePort, SourceWrong


@click.group("sources")
def of_sources() -> None:
    """The administrative sources that are asked about what was declared."""


@of_sources.command("check")
def check_sources() -> None:
    """Read the file of each source, and say what is wrong in it."""
    folder, wrong = settings().sources_dir, 0
    connected = file_sources(folder)
    click.echo(f"Files are looked for in {folder}")
    for name in known_sources():
        try:
            told = connected[name].read() if name in connected else None
        except (SourceDown, SourceWrong) as error:
            wrong += 1
            click.echo(f"{name}: {error}", err=True)
        else:
            click.echo(f"{name}: no file" if told is None else f"{name}: people={len(told)}")
    if wrong:
        raise Refused(f"Files that cannot be used: {wrong}. Nothing of them is used.")


@of_sources.command("ask")
@click.option("--source", "name", help="One source only; all that are connected when not given.")
@click.option("--household", help="Reference of one household; all that have an index when not given.")
@click.option("--again", is_flag=True, help="Ask also about those who were asked about lately.")
def ask(name: str | None, household: str | None, again: bool) -> None:
    """Ask the sources about what was declared. It can be killed and run again at any point.

    No index changes by it: a citizen is told of what differs, and answers first.
    """
    connected: dict[str, SourcePort] = {**file_sources(settings().sources_dir)}
    if name is not None and name not in connected:
        raise Refused(f"{name} is not connected; connected: {', '.join(connected) or 'none'}")
    ports = connected if name is None else {name: connected[name]}

    async def work(portal: Portal) -> None:
        with click.progressbar(length=1, label="Asking the sources") as bar:

            def show(asked: int, total: int) -> None:
                bar.length = total
                bar.update(asked - bar.pos)

            done = await ask_about(portal, ports, household=household, again=again, show=show)
        for outcome in ("answered", "silent", "failed", "contradictions"):
            click.echo(f"{outcome}: {done[outcome]}")
        if done["failed"]:
            raise Refused(
                "Some sources failed: they are asked again later. `tiwizi sources check` may say why."
            )

    alone(work)
