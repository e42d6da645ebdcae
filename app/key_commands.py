"""The commands `tiwizi keys`: which secret the data depends on, moving to the present one, retiring an earlier one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import click
from sqlmodel.ext.asyncio.session import AsyncSession

from app.commands import Refused, alone
from app.db import without_time_limit
from app.national import Pace, Show, take_all_steps
from app.national_report import bar
from app.requests import Portal
from app.sealed_places import PLACES, Place, Resealing, count_by_secret, left_to_reseal
from identity.keys import Keys
from identity.known_secrets import SecretsRefused, known_secrets, names_live_until, note_secrets, retire
from identity.tables import KnownSecret

Counts = dict[str, Counter[str]]


@click.group("keys")
def of_keys() -> None:
    """The secrets that documents, authenticators, passwords and codes are sealed with."""


@of_keys.command()
def status() -> None:
    """How many values of each kind depend on which secret, and what can be done next."""

    async def work(portal: Portal) -> None:
        async with portal.reads() as session:
            known = await known_secrets(session)
            counts = await _counts(session, known, portal.keys)
        click.echo("\n".join(_report(portal.keys, known, counts, portal.clock())))

    alone(work)


@of_keys.command()
def reseal() -> None:
    """Seal with the present secret everything that an earlier one has sealed. Nobody notices, and nobody is asked.

    It can be killed and run again at any point, while the portal serves, and by several processes on PostgreSQL.
    """

    async def work(portal: Portal) -> None:
        try:
            await _note(portal)
        except SecretsRefused as error:
            raise Refused(f"{error}.") from None
        unreadable = {place.what: await _reseal(portal, place) for place in PLACES}
        click.echo("Everything that could be opened is sealed with the present secret.")
        if lost := [f"{what}: {number}" for what, number in unreadable.items() if number]:
            raise Refused(f"What no secret of the file opens was left as it is: {', '.join(lost)}.")

    alone(work)


async def _note(portal: Portal) -> None:
    async with portal.writes() as session:
        await note_secrets(session, keys=portal.keys, now=portal.clock())
        await session.commit()


async def _reseal(portal: Portal, place: Place) -> int:
    """How many values of the place no secret opens."""
    resealing = Resealing(place, portal.keys, portal.hasher)
    async with portal.reads() as session:
        await without_time_limit(session)
        total = await left_to_reseal(session, place, keys=portal.keys)
    with bar(f"{place.what[:1].upper()}{place.what[1:]:<26}") as show:
        await _all_steps(portal, resealing, total, show)
    return resealing.unreadable


async def _all_steps(portal: Portal, resealing: Resealing, total: int, show: Show) -> None:
    async def look(_: AsyncSession) -> None:
        show(min(resealing.done, total), total)

    async def step(session: AsyncSession) -> bool:
        await without_time_limit(session)
        return await resealing.step(session)

    # One connection: how far it has come is in memory, and the work is the database's.
    await take_all_steps(portal, step, resealing.is_over, look, Pace(connections=1))


@of_keys.command("retire")
@click.argument("name")
@click.option("--at-once", is_flag=True, help="Do not wait until limits and known browsers have run out.")
@click.option("--lose", is_flag=True, help="Give up what still depends on it: the secret is lost for good.")
def retire_secret(name: str, *, at_once: bool, lose: bool) -> None:
    """Note that the secret NAME is needed no more: from then on the portal starts without it."""

    async def work(portal: Portal) -> None:
        async with portal.writes() as session:
            known = await known_secrets(session)
            if name == portal.keys.present.name or name not in {row.name for row in known}:
                raise Refused(f"{name} is no earlier secret: `tiwizi keys status` names them.")
            counts = await _counts(session, known, portal.keys)
            if (
                needed := [f"{what}: {found[name]}" for what, found in counts.items() if found[name]]
            ) and not lose:
                raise Refused(f"It is still needed. {', '.join(needed)}: run `tiwizi keys reseal` first.")
            until = names_live_until(name, known)
            if until and until > portal.clock() and not (at_once or lose):
                raise Refused(
                    f"Limits and known browsers are named with it until {until.date()}; with --at-once they begin anew."
                )
            await retire(session, name=name, now=portal.clock())
            await session.commit()
        click.echo(f"{name} is retired: take its line out of the secret file and restart every process.")

    alone(work)


async def _counts(session: AsyncSession, known: Sequence[KnownSecret], keys: Keys) -> Counts:
    await without_time_limit(session)
    unnamed = known[0].name if known else keys.in_use[-1].name
    return {place.what: await count_by_secret(session, place, unnamed=unnamed) for place in PLACES}


def _report(keys: Keys, known: Sequence[KnownSecret], counts: Counts, now: datetime) -> Iterator[str]:
    """Every secret of the file or of the database, the newest first."""
    rows = {row.name: row for row in known}
    used = {name for counted in counts.values() for name in counted}
    here = [secret.name for secret in keys.known]
    elsewhere = [row.name for row in reversed(known) if row.name not in here]
    for name in (*here, *elsewhere, *sorted(used - set(here) - rows.keys())):
        yield f"{name}  {_standing(name, keys, rows.get(name))}"
        needed = [f"{found[name]:>14,} {what}" for what, found in counts.items() if found[name]]
        yield from needed
        yield from _advice(name, keys, known, is_needed=bool(needed), now=now)


def _standing(name: str, keys: Keys, row: KnownSecret | None) -> str:
    since = f", in use since {row.since.date()}" if row else ""
    secret = next((secret for secret in keys.known if secret.name == name), None)
    if row is not None and row.retired_at is not None:
        return f"retired on {row.retired_at.date()}"
    if secret is None:
        return f"MISSING in the secret file{since}"
    if secret.is_next:
        return "next: known, and nothing is made with it yet"
    return f"{'present' if secret is keys.present else 'earlier'}{since}"


def _advice(
    name: str, keys: Keys, known: Sequence[KnownSecret], *, is_needed: bool, now: datetime
) -> Iterator[str]:
    row = next((row for row in known if row.name == name), None)
    if name == keys.present.name or row is None or row.retired_at is not None:
        return
    until = names_live_until(name, known)
    if is_needed:
        yield "  Next: `tiwizi keys reseal`, once every process has the new secret file."
    elif until and until > now:
        yield f"  Only limits and known browsers are still named with it, until {until.date()}."
    else:
        yield f"  Nothing depends on it: `tiwizi keys retire {name}`, then take its line out of the file."
