"""T-10: whoever has the SIM card of another has her codes, and nothing more.

Changing a telephone, who is told and the hold: `tests/identity/test_phones.py`, `tests/app/test_proofs.py`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.requests import Portal
from app.sensitive import SENSITIVE
from identity import assurance
from identity.account.phones import HOLD
from identity.assurance import NEEDS, SensitiveAct, missing
from identity.sessions import hash_token
from identity.tables import Account, PortalSession, SecondProof
from tests.app.conftest import Clock
from tests.app.standing import Visitors

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


async def refused_to(
    visitors: Visitors, portal: Portal, **session_facts: object
) -> tuple[set[str], set[str]]:
    """The sensitive changes that a session with these facts is refused, and those that it is not, by their routes."""
    token = visitors.town.tokens["amal"]
    async with portal.writes() as session, session.begin():
        mine = col(PortalSession.token_hash) == hash_token(token)
        await session.exec(update(PortalSession).where(mine).values(**session_facts))
    browser, refused, opened = visitors.browser("amal"), set(), set()
    await browser.open("/account/languages")
    keys = {"_csrf": str(browser.form().values["_csrf"]), "_key": "a key of the thief"}
    for path, method in SENSITIVE:
        if method == "POST":
            sent = await browser.http.post(
                f"/fr{path.replace('{reference}', 'x')}", data=keys, follow_redirects=False
            )
            asks = "/account/prove" in sent.headers.get("location", "") or sent.status_code == 403
            (refused if asks else opened).add(path)
    await browser.close()
    return refused, opened


ORDINARY_BUT_HELD = {path for (path, _), each in SENSITIVE.items() if not NEEDS[each.act].password}
EVERY = {path for path, method in SENSITIVE if method == "POST"}


async def test_with_the_sim_card_alone_every_sensitive_change_is_refused(
    portal: Portal, visitors: Visitors, clock: Clock
) -> None:
    """In a session that somebody left open, with a code by SMS of this moment; and with no session at all."""
    shown = {"second_proof": SecondProof.SMS, "second_at": clock.now}
    refused, opened = await refused_to(visitors, portal, proven_at=clock.now - timedelta(hours=1), **shown)
    assert refused == EVERY - ORDINARY_BUT_HELD
    assert opened == EVERY & ORDINARY_BUT_HELD
    browser = visitors.browser("")
    await browser.open("/claim")
    keys = {"_csrf": str(browser.form().values["_csrf"]), "_key": "a key of the thief"}
    for path in EVERY:
        sent = await browser.http.post(
            f"/fr{path.replace('{reference}', 'x')}", data=keys, follow_redirects=False
        )
        assert "/sign-in" in sent.headers["location"], path
    await browser.close()


async def test_on_hold_every_sensitive_change_is_refused(
    portal: Portal, visitors: Visitors, clock: Clock
) -> None:
    """Though password and code were given a moment ago: the number is three days old at most."""
    amal = visitors.town.people["amal"].id
    async with portal.writes() as session, session.begin():
        mine = col(Account.person_id) == amal
        await session.exec(update(Account).where(mine).values(phone_hold_until=clock.now + HOLD))
    shown = {"second_proof": SecondProof.SMS, "second_at": clock.now, "proven_at": clock.now}
    refused, opened = await refused_to(visitors, portal, **shown)
    assert (refused, opened) == (EVERY, set())
