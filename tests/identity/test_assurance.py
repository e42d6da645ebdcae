"""What sensitive acts ask for, and what a new telephone cannot do while it is on hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from identity.account.phones import HOLD
from identity.assurance import NEEDS, PROOF_LASTS, Missing, SensitiveAct, missing
from identity.tables import SecondProof

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Proven:
    proven_at: datetime
    second_proof: SecondProof | None
    second_at: datetime | None
    phone_hold_until: datetime | None = None


def test_every_act_is_in_the_table():
    assert set(NEEDS) == set(SensitiveAct)


@pytest.mark.parametrize("act", SensitiveAct)
def test_a_proof_lasts_twenty_minutes(now, act):
    needs = NEEDS[act]
    fresh = Proven(now - PROOF_LASTS + SECOND, SecondProof.SMS, now - PROOF_LASTS + SECOND)
    assert missing(act, fresh, now=now) is None
    old_password = Proven(now - PROOF_LASTS, SecondProof.SMS, now)
    assert missing(act, old_password, now=now) == (Missing.PASSWORD if needs.password else None)
    old_second = Proven(now, SecondProof.SMS, now - PROOF_LASTS)
    assert missing(act, old_second, now=now) == (Missing.SECOND if needs.second else None)
    assert missing(act, Proven(now, None, None), now=now) == (Missing.SECOND if needs.second else None)


@pytest.mark.parametrize("act", SensitiveAct)
def test_while_a_telephone_is_on_hold_it_proves_nothing(now, act):
    for moment, allowed in ((HOLD - timedelta(minutes=1), False), (HOLD + timedelta(minutes=1), True)):
        at = now + moment
        by_sms = Proven(at, SecondProof.SMS, at, phone_hold_until=now + HOLD)
        assert (missing(act, by_sms, now=at) is None) == allowed


@pytest.mark.parametrize("act", SensitiveAct)
@pytest.mark.parametrize("proof", [SecondProof.AUTHENTICATOR, SecondProof.RECOVERY_CODE])
def test_what_the_telephone_does_not_receive_counts_at_once(now, act, proof):
    assert missing(act, Proven(now, proof, now, phone_hold_until=now + HOLD), now=now) is None
    old = Proven(now, proof, now - PROOF_LASTS, phone_hold_until=now + HOLD)
    assert missing(act, old, now=now) is Missing.HOLD
