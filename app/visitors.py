"""Who is signed in, as pages and rules see it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from identity.audit import Actor, citizen
from identity.roles import Duty, Role, may
from identity.sessions import idle_time
from identity.tables import SecondProof
from registry.centres.visits import RunningVisit

TOUCH_AFTER: Final = dt.timedelta(seconds=60)
NOTICE_BEFORE_END: Final = dt.timedelta(seconds=150)


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
    second_proof: SecondProof | None = None
    second_at: dt.datetime | None = None
    phone_hold_until: dt.datetime | None = None
    account_id: int | None = None
    person_id: int | None = None
    identifier: str | None = None
    unread: int = 0
    staff_id: int | None = None
    role: Role | None = None
    centre_code: str | None = None
    visit: VisitInProgress | None = None

    @property
    def own_account(self) -> int:
        """The account of a route that the rights table keeps for a citizen in person."""
        if self.account_id is None:
            raise LookupError("The rights table let somebody without an account reach a page of one.")
        return self.account_id

    def signs_out_at(self, now: dt.datetime) -> dt.datetime:
        """When the session ends if this request is the last: a minute early, since activity is noted once a minute."""
        return min(now + idle_time(self.kind) - TOUCH_AFTER, self.ends_at)

    def ends_soon(self, now: dt.datetime) -> bool:
        """Whether the session ends in a moment whatever its owner does."""
        return self.ends_at - now < NOTICE_BEFORE_END

    def notice_after(self, now: dt.datetime) -> int:
        """After how many seconds without a request the page says that the session is about to end."""
        end = min(now + idle_time(self.kind), self.ends_at)
        return int((end - NOTICE_BEFORE_END - now).total_seconds())

    @property
    def is_staff(self) -> bool:
        return self.staff_id is not None

    @property
    def manages_staff(self) -> bool:
        return self.role is not None and may(self.role, Duty.ENROL_STAFF)

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
