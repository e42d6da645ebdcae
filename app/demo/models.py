"""A model that somebody has proposed: invented, tried on all households, and waiting for two approvals."""

from __future__ import annotations

import datetime as dt
import json
from typing import Final

from app.demo.officers import OFFICERS, Officer
from app.model_dry_runs import try_version
from app.requests import Portal
from identity.roles import Role
from identity.staff.officers import staff_id_of
from registry.dates import local_date
from registry.model_life.versions import propose
from registry.rules.index_models import models_of_files

NAME: Final = "ma-ise-essai"
AT_LEAST_AHEAD: Final = dt.timedelta(days=40)
SOURCE: Final = "Invented for the demonstration: no decree says this"
SOURCE_NAMES: Final = {"ar": "نموذج متخيل لأغراض العرض", "fr": "Modèle inventé pour la démonstration"}


def proposer() -> Officer:
    return next(officer for officer in OFFICERS if officer.role is Role.SUPERVISOR)


async def propose_model(portal: Portal) -> None:
    """The draft of a supervisor, tried on all households that are there."""
    today = local_date(portal.clock())
    async with portal.writes() as session:
        await propose(
            session,
            text=draft_file(first_of_a_month(today + AT_LEAST_AHEAD)),
            staff_id=await staff_id_of(session, email=proposer().email),
            now=portal.clock(),
        )
        await session.commit()
    await try_version(portal, NAME, started_by="demonstration", staged=_unseen, looked_at=_unseen)


def first_of_a_month(day: dt.date) -> dt.date:
    """The first day of the month after this day."""
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def draft_file(effective_from: dt.date) -> str:
    """Town counts for a little more than before, and a car for less."""
    document = models_of_files()[-1].model_dump(mode="json", by_alias=True, exclude_defaults=True)
    document |= {"name": NAME, "version": 2, "effective_from": effective_from.isoformat()}
    document |= {"source": SOURCE, "source_names": SOURCE_NAMES, "source_note": SOURCE}
    urban = document["zones"]["urban"]
    urban["constant"] = "9.865"
    car = next(variable for variable in urban["variables"] if variable["code"] == "U31")
    car["coefficient"] = "0.180"
    return json.dumps(document)


def _unseen(done: int, of: int) -> None:
    """Nobody watches how far it is."""
