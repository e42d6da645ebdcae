"""What the operator of a national recomputation sees: two bars, and a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

import click
from click._termui_impl import ProgressBar

from app.national import Order, Show, recompute
from app.requests import Portal
from registry.national.runs import abandon, count_states, require_in_force, unfinished_run
from registry.national.summary import Moves, moves
from registry.national.tables import RecomputationRun, RunStatus, StageState

WORDS: Final = {
    StageState.SAME: "nothing changes",
    StageState.CHANGED: "to be published",
    StageState.PUBLISHED: "published",
    StageState.OVERTAKEN: "have a newer index, and keep it",
    StageState.UNSCORABLE: "have to declare anew: the model asks for more than they declared",
}


async def recompute_with_bars(portal: Portal, order: Order) -> None:
    """Raises RunRefused, ModelTooFine, TwoIndexes."""
    async with portal.reads() as session:
        if await unfinished_run(session) is None:
            require_in_force(order.model, cut_off=order.cut_off or portal.clock())
    with bar("Computing ") as staged, bar("Publishing") as published:
        run = await recompute(portal, order, staged=staged, published=published)
    async with portal.reads() as session:
        counts = await count_states(session, run_id=run.id)
        moved = await moves(session, run=run, model=order.model)
    click.echo("\n".join(_summary(run, counts, moved)))


@contextmanager
def bar(label: str) -> Iterator[Show]:
    """A bar that appears when there is something to show."""
    with ExitStack() as stack:
        bars: list[ProgressBar[int]] = []

        def show(done: int, of: int) -> None:
            if of and not bars:
                bars.append(stack.enter_context(click.progressbar(length=of, label=label)))
            for bar in bars:
                bar.update(done - bar.pos)

        yield show


def _summary(run: RecomputationRun, counts: Mapping[str, int], moved: Moves) -> Iterator[str]:
    yield f"Run {run.reference}, model {run.model}, cut off at {run.cut_off.isoformat()}: {run.status.value}"
    yield f"{sum(counts.values()):>12,} households have an index"
    for state, words in WORDS.items():
        if counts[state]:
            yield f"{counts[state]:>12,} {words}"
    yield f"{moved.rising:>12,} indexes rise, {moved.falling:,} fall"
    for crossing in moved.crossings:
        yield f"{crossing.opened:>12,} households come into {crossing.programme}, {crossing.closed:,} leave it"
    if run.messages and run.next_message_at:
        yield f"{run.messages:>12,} messages, {run.pace} a second, until {run.next_message_at.isoformat()}"
    if run.status is RunStatus.STAGED:
        yield "Nothing is visible yet: the same command without --stage-only publishes it."


async def give_up_run(portal: Portal) -> None:
    async with portal.writes() as session:
        run = await abandon(session, now=portal.clock())
        await session.commit()
    click.echo(f"The run {run.reference} is given up." if run else "No run has to be given up.")
