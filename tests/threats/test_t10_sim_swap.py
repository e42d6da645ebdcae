"""T-10: whoever has the SIM card of another has her codes, and nothing more.

Changing a telephone, who is told and the hold: `tests/identity/test_phones.py`, `tests/app/test_proofs.py`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from identity import assurance
from identity.account.phones import HOLD
from identity.assurance import NEEDS, SensitiveAct, missing
from identity.tables import SecondProof

LONG_AGO = timedelta(days=1)


@dataclass(frozen=True)
class Thief:
    """A session in which only the telephone was shown, a moment ago."""

    proven_at: datetime
    second_proof: SecondProof | None
    second_at: datetime | None
    phone_hold_until: datetime | None = None


GUARDED = [act for act in SensitiveAct if NEEDS[act].password]


def open_to_the_sim_card(now: datetime, hold: datetime | None) -> set[SensitiveAct]:
    thief = Thief(now - LONG_AGO, SecondProof.SMS, now, hold)
    return {act for act in SensitiveAct if missing(act, thief, now=now) is None}


def test_the_telephone_alone_changes_nothing_of_the_account(now):
    assert open_to_the_sim_card(now, None).isdisjoint(GUARDED)
    assert len(GUARDED) == 6


@pytest.mark.parametrize(
    ("after", "is_open"), [(timedelta(hours=71, minutes=59), False), (timedelta(hours=72, minutes=1), True)]
)
def test_a_new_telephone_counts_for_nothing_for_three_days(now, after, is_open):
    at = now + after
    with_password = Thief(at, SecondProof.SMS, at, now + HOLD)
    opened = {act for act in SensitiveAct if missing(act, with_password, now=at) is None}
    assert opened == (set(SensitiveAct) if is_open else set())


def test_the_same_thief_where_a_code_by_sms_is_proof_enough(now, monkeypatch):
    monkeypatch.setattr(assurance, "_is_recent", lambda proven_at, now: True)
    assert open_to_the_sim_card(now, None) == set(SensitiveAct)
