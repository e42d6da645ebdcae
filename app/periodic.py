"""The jobs that time brings about, and how often. Every process looks; one of them does each."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from identity.proofs.guards import watch_sending
from notifications.jobs import Job
from registry.requests.deadlines import watch_requests

JOBS: Final = (
    Job("requests", every=timedelta(minutes=5), work=watch_requests),
    Job("codes sent", every=timedelta(minutes=5), work=watch_sending),
)
