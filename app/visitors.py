"""Who is signed in, as pages and rules see it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from identity.audit import Actor, citizen
from identity.roles import Role
from registry.visits import RunningVisit


@dataclass(frozen=True, slots=True)
class VisitInProgress:
    """An officer's assisted visit: for whom, and until when."""

    running: RunningVisit
    person_name: str
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in citizen, or a signed-in officer with perhaps an open visit.

    `person_id` is the person whose file the citizen pages show: the citizen, or the person of the visit.
    """

    token_hash: str
    kind: str
    display_name: str
    ends_at: dt.datetime
    idle_until: dt.datetime
    proven_at: dt.datetime
    account_id: int | None = None
    person_id: int | None = None
    identifier: str | None = None
    unread: int = 0
    staff_id: int | None = None
    role: Role | None = None
    centre_code: str | None = None
    visit: VisitInProgress | None = None

    @property
    def is_staff(self) -> bool:
        return self.staff_id is not None

    @property
    def actor(self) -> Actor:
        """Who the audit says did it: the citizen, or the officer of the visit."""
        return self.visit.running.actor if self.visit else citizen(self.citizen_id)

    @property
    def citizen_id(self) -> int:
        """The person of a route that the rights table keeps for citizens and assisted visits."""
        if self.person_id is None:
            raise LookupError("The rights table let an officer without a visit reach a citizen's page.")
        return self.person_id
