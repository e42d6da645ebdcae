"""The commands `tiwizi sources`: looking whether the administrative sources can be used, and asking them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import click

from app.commands import Refused, alone, settings
from app.requests import Portal, utc_now
from app.sources import ask_about, connected
from registry.profiles import use_profile
from registry.sources.configuration import sources as known_sources
from registry.sources.port import SourceDown, SourcePort, SourceWrong

WORDS: Final = {
    "no_file": "its file cannot be read",
    "bad_settings": "its token or its certificate can no longer be read: see TIWIZI_SOURCE_…_FILE",
    "timeout": "it does not answer in time",
    "unreachable": "nobody answers at this address, or the connection breaks: is it right, and is the way open?",
    "distrusted": "a certificate is not trusted: see TIWIZI_SOURCE_…_AUTHORITY_FILE and _CERTIFICATE_FILE",
    "redirect": "it sends us to another address, where we do not go: set TIWIZI_SOURCE_…_URL to the final one",
    "http_401": "it does not know us (401): is the token the right one, and still good?",
    "http_403": "it refuses us (403): the token or the certificate is not allowed to ask",
    "http_404": "there is no such address at the service (404): see TIWIZI_SOURCE_…_URL",
    "http_405": "it takes no POST there (405): see TIWIZI_SOURCE_…_URL",
    "http_429": "it has been asked too often (429): it is left alone for a while",
}


@click.group("sources")
def of_sources() -> None:
    """The administrative sources that are asked about what was declared."""


@of_sources.command("check")
def check_sources() -> None:
    """Read the file of each source, or ask its service about nobody, and say what is wrong."""

    of_process = settings()
    use_profile(of_process.profile)
    ports = connected(of_process, utc_now)
    click.echo(f"Files are looked for in {of_process.sources_dir}")
    for name in known_sources():
        if name not in ports:
            click.echo(f"{name}: neither a service nor a file")
    if wrong := [name for name, works in asyncio.run(_look_at(ports)) if not works]:
        raise Refused(f"Sources that cannot be used: {', '.join(wrong)}. Nothing of what they say is used.")


async def _look_at(ports: Mapping[str, SourcePort]) -> list[tuple[str, bool]]:
    return [(name, await _works(name, port)) for name, port in ports.items()]


async def _works(name: str, port: SourcePort) -> bool:
    try:
        click.echo(f"{name}: {await port.check()}")
    except (SourceDown, SourceWrong) as error:
        said = str(error) if isinstance(error, SourceWrong) else f"it fails ({error.code})"
        click.echo(f"{name}: {WORDS.get(error.code, said)}", err=True)
        return False
    return True


@of_sources.command("ask")
@click.option("--source", "name", help="One source only; all that are connected when not given.")
@click.option("--household", help="Reference of one household; all that have an index when not given.")
@click.option("--again", is_flag=True, help="Ask also about those who were asked about lately.")
def ask(name: str | None, household: str | None, again: bool) -> None:
    """Ask the sources about what was declared. It can be killed and run again at any point.

    No index changes by it: a citizen is told of what differs, and answers first.
    """

    async def work(portal: Portal) -> None:
        ports = connected(portal.settings, portal.clock)
        if name is not None and name not in ports:
            raise Refused(f"{name} is not connected; connected: {', '.join(ports) or 'none'}")
        ports = ports if name is None else {name: ports[name]}
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
