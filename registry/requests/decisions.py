"""An officer's decision on a request: the facts are corrected and scored anew, or it is refused in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import Actor, officer, record
from identity.roles import Duty
from notifications.messages import Template
from registry.acts import Act
from registry.announcements import tell
from registry.centres.officers import officer_with
from registry.dates import local_date
from registry.errors import ChangedMeanwhile, Refused
from registry.households import lock_household
from registry.indexes import compute_index, score_version
from registry.requests.asking import LONGEST_WORDS, InvalidRequest
from registry.requests.corrections import corrected_version
from registry.requests.reviews import OPEN, find_request
from registry.requests.source_decisions import settle_contested
from registry.rules.eligibility import Decision
from registry.rules.scoring import Index
from registry.tables import (
    Household,
    IndexEvent,
    IndexReason,
    Origin,
    RecomputationRequest,
    RequestStatus,
)
from registry.versions import Version, write_version


class AlreadyDecided(Refused):
    """Somebody has decided the request."""

    code = "already_decided"


@dataclass(frozen=True)
class Correction:
    """What a correction wrote: the new version of the facts and its index."""

    version: Version
    index: IndexEvent


@dataclass(frozen=True)
class Foreseen:
    """What a correction would give; the index is None in a country that computes none."""

    index: Index | None
    decisions: tuple[Decision, ...]


async def foresee_correction(
    session: AsyncSession, *, staff_id: int, reference: str, changed: Mapping[str, Any], now: datetime
) -> Foreseen:
    """The index and the decisions that `correct_facts` would write, by the same rules. Nothing is written.

    Raises NotAllowed, NotFound, OwnFile, AlreadyDecided, InvalidCorrection, NothingChanged, IncompleteFacts.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.DECIDE_REQUESTS)
    request = await find_request(session, reference=reference, staff=staff, now=now)
    if request.status not in OPEN:
        raise AlreadyDecided
    household = await session.get_one(Household, request.household_id, populate_existing=True)
    index, decisions = score_version(await corrected_version(session, household, changed, now), now)
    return Foreseen(index, decisions)


async def correct_facts(
    session: AsyncSession,
    *,
    staff_id: int,
    reference: str,
    changed: Mapping[str, Any],
    words: str,
    now: datetime,
    household_version: int | None = None,
) -> Correction:
    """Put the facts of `changed` (named as `corrections` says) right, compute the index, close the request.

    `household_version` is the one the officer saw. Raises NotAllowed, NotFound, OwnFile, AlreadyDecided,
    ChangedMeanwhile, InvalidCorrection, NothingChanged, IncompleteFacts, InvalidRequest (words).
    """
    household, request = await _take(session, staff_id, reference, words, now)
    if household_version is not None and household.version - 1 != household_version:
        raise ChangedMeanwhile
    version = await _write_correction(session, household, changed, officer(staff_id), now)
    index = await compute_index(
        session, household=household, version=version, reason=IndexReason.CORRECTION, now=now
    )
    request.index_after_id = index.id
    await _close(session, request, RequestStatus.CORRECTED, staff_id, words, now, {"facts": sorted(changed)})
    return Correction(version, index)


async def _take(
    session: AsyncSession, staff_id: int, reference: str, words: str, now: datetime
) -> tuple[Household, RecomputationRequest]:
    """The household and the request, both held for this transaction; of two deciders the second finds it decided."""
    if not 0 < len(words.strip()) <= LONGEST_WORDS:
        raise InvalidRequest("words")
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.DECIDE_REQUESTS)
    request = await find_request(session, reference=reference, staff=staff, now=now)
    household = await lock_household(session, household_id=request.household_id)
    decided = await session.scalar(
        update(RecomputationRequest)
        .where(col(RecomputationRequest.id) == request.id, col(RecomputationRequest.status).in_(OPEN))
        .values(decided_at=now, decided_by=staff_id)
        .returning(col(RecomputationRequest.id))
        .execution_options(synchronize_session=False)
    )
    await session.refresh(request)
    if decided is None:
        raise AlreadyDecided
    return household, request


async def _write_correction(
    session: AsyncSession, household: Household, changed: Mapping[str, Any], actor: Actor, now: datetime
) -> Version:
    right = await corrected_version(session, household, changed, now)
    declaration = right.declaration
    return await write_version(
        session,
        household=household,
        origin=Origin.CORRECTION,
        facts=right.household,
        members=right.members,
        facts_on=declaration.facts_on,
        declared_by=declaration.declared_by,
        language=declaration.language,
        actor=actor,
        now=now,
    )


async def refuse_request(
    session: AsyncSession, *, staff_id: int, reference: str, words: str, now: datetime
) -> RecomputationRequest:
    """Leave the facts as they are and say why. Raises NotAllowed, NotFound, OwnFile, AlreadyDecided, InvalidRequest."""
    _, request = await _take(session, staff_id, reference, words, now)
    await _close(session, request, RequestStatus.REFUSED, staff_id, words, now, {})
    return request


async def _close(
    session: AsyncSession,
    request: RecomputationRequest,
    status: RequestStatus,
    staff_id: int,
    words: str,
    now: datetime,
    details: Mapping[str, Any],
) -> None:
    request.status = status
    request.decision_words = words.strip()
    session.add(request)
    await settle_contested(session, request=request, now=now)
    await record(
        session,
        actor=officer(staff_id),
        action=Act.REQUEST_CORRECTED if status is RequestStatus.CORRECTED else Act.REQUEST_REFUSED,
        person_id=request.person_id,
        household_id=request.household_id,
        reference=request.reference,
        details=details,
        now=now,
    )
    await tell(
        session,
        person_id=request.person_id,
        template=Template.REQUEST_DECIDED,
        values={"reference": request.reference, "date": local_date(now)},
        link="/household/recomputation",
        now=now,
    )
