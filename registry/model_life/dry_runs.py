"""Trying a version on every household before anybody approves it: nothing is visible, and nobody is told.

The stage of the national recomputation finds for whom anything may change; each of these is decided by the reference.
A dry run may be killed anywhere and goes on where it was; it counts as it goes, in the transaction of what it counts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import TextClause, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import SYSTEM, Actor, record
from identity.limits import upsert
from registry.acts import Act
from registry.dates import local_date
from registry.facts import IncompleteFacts
from registry.geography import UnknownPlace, atlas
from registry.model_life.foreseeing import Foreseen, foresee, household_type
from registry.model_life.shelf import Content, as_if_approved, as_if_never
from registry.model_life.tables import CrossingCount, DryRun, ModelNotice, ModelVersion
from registry.model_life.versions import NotOpen, may_be_withdrawn, read
from registry.national.publishing import TwoIndexes
from registry.national.runs import (
    begin_run,
    chunks_staged,
    count_states,
    left_to_publish,
    unfinished_run,
)
from registry.national.sql import index_decimals
from registry.national.staging import staging_statement
from registry.national.tables import RecomputationRun, RecomputationStage, RunStatus, StageState
from registry.rules.programme_files import Band, BandsRule, ChildAmounts, ThresholdRule, scaled_down
from registry.rules.programmes import amounts_in_force, categories_in_force, rules_in_force
from registry.rules.scoring import IndexModel, model_on
from registry.versions import Version, read_versions

BATCH: Final = 200
CENTS: Final = 100

# Programme, crossing, region, zone, type of household, size.
Kind = tuple[str, str, str, str, str, int]


async def begin_dry_run(
    session: AsyncSession,
    *,
    version: ModelVersion,
    chunk: int,
    started_by: str,
    now: datetime,
    actor: Actor = SYSTEM,
) -> DryRun:
    """The dry run of this text that has not ended, or a new one. Raises NotOpen, AnotherRun, ModelTooFine."""
    if not may_be_withdrawn(version, local_date(now)):
        raise NotOpen
    run = await begin_run(
        session,
        model=model_of(read(version).content),
        dry_run_of=version.name,
        cut_off=None,
        chunk=chunk,
        pace=1,
        started_by=started_by,
        now=now,
    )
    if (begun := await _dry_run_of(session, run)) is not None:
        return begun
    dry_run = DryRun(version_id=version.id, run_id=run.id, sha256=version.sha256, cut_off=run.cut_off)
    session.add(dry_run)
    await session.flush()
    details = {"model": version.name, "sha256": version.sha256, "run": run.reference, "operator": started_by}
    await record(session, actor=actor, action=Act.MODEL_TRIED, details=details, now=now)
    return dry_run


async def _dry_run_of(session: AsyncSession, run: RecomputationRun) -> DryRun | None:
    return (await session.exec(select(DryRun).where(DryRun.run_id == run.id))).one_or_none()


async def unfinished_dry_run(session: AsyncSession) -> DryRun | None:
    """The one that has been begun and is to be brought to its end, whoever began it."""
    run = await unfinished_run(session)
    return await _dry_run_of(session, run) if run is not None else None


@dataclass(frozen=True)
class Progress:
    """How far a dry run is: parts of the country computed, and then households left to be decided."""

    parts: int
    of_parts: int
    left: int

    @property
    def is_computed(self) -> bool:
        return self.parts == self.of_parts


async def progress_of(session: AsyncSession, *, version: ModelVersion) -> Progress | None:
    """How far the dry run of a version is; None when none goes on."""
    dry_run = await unfinished_dry_run(session)
    if dry_run is None or dry_run.version_id != version.id:
        return None
    parts, of_parts = await chunks_staged(session, run_id=dry_run.run_id)
    return Progress(parts, of_parts, await left_to_publish(session, run_id=dry_run.run_id))


def model_of(content: Content) -> IndexModel:
    """What computes the index on the first day of the version."""
    if isinstance(content, IndexModel):
        return content
    return model_on(_first_day(content))


def _first_day(content: Content) -> date:
    if isinstance(content, IndexModel):
        return content.effective_from
    return max(entry.effective_from for entry in (*content.rules, *content.amounts))


def dry_run_statement(run: RecomputationRun, content: Content, database: str) -> TextClause:
    """Score a range of households, and mark those for whom a programme may decide otherwise. Raises ModelTooFine."""
    model = model_of(content)
    return staging_statement(run, model, database, is_changed=_may_change(content, index_decimals(model)))


def _may_change(content: Content, decimals: int) -> str:
    """In SQL, generously: what is looked at for nothing costs a little time, what is not looked at is not found."""
    day = _first_day(content)
    with as_if_never(content):
        model = model_on(day)
        was, gave, met = rules_in_force(day), amounts_in_force(day), categories_in_force(day)
    with as_if_approved(content):
        will, gives, meets = rules_in_force(day), amounts_in_force(day), categories_in_force(day)
    if met != meets:
        return "TRUE"
    conditions = [f"event_model <> '{model.name}'"]
    for code in dict.fromkeys((*was, *will)):
        before = _band_number(was.get(code), "previous", decimals)
        after = _band_number(will.get(code), '"index"', decimals)
        conditions.append(f"{before} <> {after}")
        if _pays_otherwise(was.get(code), will.get(code), gave.get(code), gives.get(code)):
            conditions.append(f"{after} > 0")
    return f"({' OR '.join(conditions)})"


def _pays_otherwise(
    was: ThresholdRule | BandsRule | None,
    will: ThresholdRule | BandsRule | None,
    gave: ChildAmounts | None,
    gives: ChildAmounts | None,
) -> bool:
    paid = [
        [band.monthly_mad for band in rule.bands] if isinstance(rule, BandsRule) else []
        for rule in (was, will)
    ]
    return gave != gives or paid[0] != paid[1]


def _band_number(rule: ThresholdRule | BandsRule | None, index: str, decimals: int) -> str:
    """0 where the programme is closed, otherwise which of its bands the index lies in."""
    if rule is None:
        return "0"
    if isinstance(rule, ThresholdRule):
        return f"CASE WHEN {rule.sql_is_open(index, decimals)} THEN 1 ELSE 0 END"
    cases = [f"WHEN {index} <= {scaled_down(rule.bands[0].above, decimals)} THEN 0"]
    cases += [_case(band, number, index, decimals) for number, band in enumerate(rule.bands, start=1)]
    return f"CASE {' '.join(cases)} END"


def _case(band: Band, number: int, index: str, decimals: int) -> str:
    if band.at_or_below is None:
        return f"ELSE {number}"
    return f"WHEN {index} <= {scaled_down(band.at_or_below, decimals)} THEN {number}"


async def look_at_next(
    session: AsyncSession, *, dry_run: DryRun, content: Content, limit: int = BATCH
) -> int:
    """Decide the next marked households that nobody has taken. Returns how many, 0 when none is left.

    Raises TwoIndexes.
    """
    if not await _goes_on(session, dry_run):
        return 0
    staged = await _take(session, dry_run.run_id, limit)
    if not staged:
        return 0
    versions = await read_versions(session, declaration_ids=[each.declaration_id for each in staged])
    decimals, found, losers = index_decimals(model_of(content)), _Found(), []
    for each in staged:
        foreseen = _foreseen(each, versions[each.declaration_id], content, decimals)
        if foreseen is not None:
            found.add(foreseen, versions[each.declaration_id])
            losers += [each.household_id] if foreseen.loses else []
    await _count(session, dry_run, found)
    await _remember(session, dry_run, losers)
    await session.exec(
        update(RecomputationStage)
        .where(
            col(RecomputationStage.run_id) == dry_run.run_id,
            col(RecomputationStage.household_id).in_([each.household_id for each in staged]),
        )
        .values(state=StageState.LOOKED_AT)
        .execution_options(synchronize_session=False)
    )
    return len(staged)


async def _goes_on(session: AsyncSession, dry_run: DryRun) -> bool:
    """Not when it was given up meanwhile: its version was withdrawn, or proposed anew with another text."""
    status = await session.scalar(
        select(RecomputationRun.status).where(col(RecomputationRun.id) == dry_run.run_id)
    )
    return status is RunStatus.STAGED


async def _take(session: AsyncSession, run_id: int, limit: int) -> Sequence[RecomputationStage]:
    found = await session.exec(
        select(RecomputationStage)
        .where(RecomputationStage.run_id == run_id, RecomputationStage.state == StageState.CHANGED)
        .order_by(col(RecomputationStage.household_id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return found.all()


def _foreseen(
    staged: RecomputationStage, version: Version, content: Content, decimals: int
) -> Foreseen | None:
    """None for a household that has to declare anew before anything can be said. Raises TwoIndexes."""
    try:
        foreseen = foresee(content, version.facts())
    except (IncompleteFacts, UnknownPlace):
        return None
    in_database = Decimal(staged.index or 0).scaleb(-decimals)
    if foreseen.after.index != in_database:
        raise TwoIndexes(staged, in_database, foreseen.after.index)
    return foreseen


class _Found:
    """What a batch adds to the counts."""

    def __init__(self) -> None:
        self.households: Counter[Kind] = Counter()
        self.cents: Counter[Kind] = Counter()

    def add(self, foreseen: Foreseen, version: Version) -> None:
        facts = version.facts()
        commune = atlas().commune(facts.household.commune)
        for change in foreseen.changes:
            assert change.crossing is not None
            kind = (
                change.programme,
                change.crossing.value,
                commune.region_code,
                commune.index_zone.value,
                household_type(facts).value,
                facts.size,
            )
            self.households[kind] += 1
            self.cents[kind] += int(change.gain * CENTS)

    def rows(self, dry_run_id: int) -> Iterator[dict[str, Any]]:
        # In one order in every process, so that two never wait for each other.
        for kind in sorted(self.households):
            programme, crossing, region, zone, of_type, size = kind
            yield {
                "dry_run_id": dry_run_id,
                "programme": programme,
                "crossing": crossing,
                "region": region,
                "zone": zone,
                "household_type": of_type,
                "size": size,
                "households": self.households[kind],
                "monthly_cents": self.cents[kind],
            }


async def _count(session: AsyncSession, dry_run: DryRun, found: _Found) -> None:
    table = CrossingCount
    for row in found.rows(dry_run.id):
        statement = upsert(session)(table).values(row)
        await session.exec(
            statement.on_conflict_do_update(
                index_elements=list(row)[:7],
                set_={
                    "households": table.households + statement.excluded.households,
                    "monthly_cents": table.monthly_cents + statement.excluded.monthly_cents,
                },
            )
        )


async def _remember(session: AsyncSession, dry_run: DryRun, households: Sequence[int]) -> None:
    """Who has to be told, should the version be approved; a household is noted once, however often it is tried."""
    if households:
        rows = [
            {"version_id": dry_run.version_id, "household_id": each, "is_told": False} for each in households
        ]
        await session.exec(upsert(session)(ModelNotice).values(rows).on_conflict_do_nothing())


async def end_dry_run(session: AsyncSession, *, dry_run: DryRun, now: datetime) -> bool:
    """Whether every household was looked at, or the dry run given up; of several processes one writes the report."""
    if not await _goes_on(session, dry_run):
        return True
    left = await session.scalar(
        select(RecomputationStage.household_id)
        .where(RecomputationStage.run_id == dry_run.run_id, RecomputationStage.state == StageState.CHANGED)
        .limit(1)
    )
    if left is not None:
        return False
    run = await session.get_one(
        RecomputationRun, dry_run.run_id, with_for_update=True, populate_existing=True
    )
    if run.status is not RunStatus.STAGED:
        return True
    counts = await count_states(session, run_id=run.id)
    report = {"states": counts, "places": await _places(session, run.id)}
    run.sqlmodel_update(
        {"status": RunStatus.REPORTED, "unfinished": None, "finished_at": now, "counts": counts}
    )
    session.add(run)
    finished = await session.get_one(DryRun, dry_run.id, populate_existing=True)
    finished.report, finished.finished_at = report, now
    session.add(finished)
    await session.flush()
    return True


async def _places(session: AsyncSession, run_id: int) -> list[dict[str, Any]]:
    """The households of each region and zone, and how many indexes rise and fall."""
    query = """SELECT declaration.commune, count(*),
        count(CASE WHEN stage."index" > stage.previous THEN 1 END),
        count(CASE WHEN stage."index" < stage.previous THEN 1 END)
    FROM recomputation_stage stage JOIN declaration ON declaration.id = stage.declaration_id
    WHERE stage.run_id = :run GROUP BY declaration.commune"""
    connection = await session.connection()
    totals: dict[tuple[str, str], list[int]] = {}
    for commune, *counted in await connection.execute(text(query), {"run": run_id}):
        place = atlas().communes.get(commune)
        key = (place.region_code, place.index_zone.value) if place else ("", "")
        totals[key] = [sum(pair) for pair in zip(totals.get(key, [0, 0, 0]), counted, strict=True)]
    names = ("households", "rising", "falling")
    return [
        {"region": region, "zone": zone, **dict(zip(names, counted, strict=True))}
        for (region, zone), counted in sorted(totals.items())
    ]
