"""An operator changes the secret: everything opens all the time, and in the end nothing needs the earlier one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pyotp
import pytest
from click.testing import CliRunner
from PIL import Image
from sqlalchemy import event
from sqlmodel import col, select

from app import national
from app.cli import main
from app.key_commands import _note, _reseal
from app.main import create_app
from app.requests import Portal
from app.sealed_places import PLACES, count_by_secret
from app.secret_check import refuse_without_secrets
from app.settings import SettingRefused
from identity import known_secrets
from identity.account import authenticators
from identity.desk_tables import EnrolmentStatus, StaffEnrolment
from identity.keys import Keys
from identity.proofs import codes
from identity.proofs.passwords import PasswordHasher
from identity.proofs.tables import Purpose
from identity.staff import officers
from identity.tables import Account, Staff
from notifications.outbox import Recipient, seal_context
from notifications.sealing import SealBroken
from notifications.tables import Delivery
from registry.requests.documents import clean_document, read_document
from registry.tables import Document
from tests.app.conftest import Clock
from tests.app.officers import PASSWORD, add_officer_account, ask
from tests.registry.family import Family, settled_family

OLD, NEW = b"a secret of the tests, long enough", b"another secret of the tests, as long"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODE = "7KQ2M9XVTB4CRD1H"


class Killed(Exception):
    """The process ends here, whatever it was doing."""


def with_secrets(portal: Portal, *lines: bytes) -> Portal:
    keys = Keys.from_secret(b"\n".join(lines))
    return replace(portal, keys=keys, hasher=PasswordHasher(keys, memory_kib=8, passes=1))


@pytest.fixture
async def old(portal: Portal) -> Portal:
    """A portal with something sealed in every place."""
    photo = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(photo, "JPEG")
    document = await clean_document(name="facture.jpg", content=photo.getvalue())
    now, keys = portal.clock(), portal.keys
    async with portal.writes() as session, session.begin():
        family = await settled_family(session, now)
        for account in await session.exec(select(Account)):
            await _give_secrets(portal, account)
        await codes.start_challenge(
            session,
            purpose=Purpose.SIGN_IN,
            subject="test",
            browser="browser",
            recipient=Recipient(family.hassan.id, "+212612345678", None, "fr", "fr"),
            keys=keys,
            now=now,
        )
    officer = await add_officer_account(portal, "rachid")
    async with portal.writes() as session, session.begin():
        session.add(await _enrolment(portal, family, officer.staff_id))
    await ask(portal, family.hassan, document=document, sealer=keys.sealer)
    await _note(portal)
    return portal


async def _give_secrets(portal: Portal, account: Account) -> None:
    account.password_hash = await portal.hasher.hash(PASSWORD)
    account.recovery_hash = await portal.hasher.hash(CODE)
    context = authenticators.seal_context(account.id or 0)
    account.authenticator_sealed = portal.keys.sealer.seal(TOTP_SECRET, context)


async def _enrolment(portal: Portal, family: Family, by: int) -> StaffEnrolment:
    return StaffEnrolment(
        reference="E-1",
        email="new@centre.example",
        name_ar="سعاد",
        name_latin="Souad",
        role="agent",
        centre_code="x",
        person_id=family.fatima.id,
        language="fr",
        status=EnrolmentStatus.APPROVED,
        proposed_by=by,
        proposed_at=portal.clock(),
        code_hash=await portal.hasher.hash(CODE),
        code_until=portal.clock() + dt.timedelta(days=1),
    )


async def everything_opens(portal: Portal) -> int:
    """How many sealed values open, each in its own way; raises when one does not."""
    opened, sealer = 0, portal.keys.sealer
    async with portal.reads() as session:
        for account in await session.exec(select(Account)):
            assert await portal.hasher.verify(account.password_hash, PASSWORD)
            assert await portal.hasher.verify(account.recovery_hash, CODE)
            secret = sealer.unseal_text(
                account.authenticator_sealed or b"", authenticators.seal_context(account.id or 0)
            )
            assert secret == TOTP_SECRET
            opened += 3
        for officer in await session.exec(select(Staff)):
            assert await portal.hasher.verify(officer.password_hash, PASSWORD)
            assert len(pyotp.TOTP(officers.authenticator_secret(officer, portal.keys)).now()) == 6
            opened += 2
        for row in await session.exec(select(Document)):
            file = await read_document(
                session, request_id=row.request_id, reference=row.reference, sealer=sealer
            )
            assert file.content.startswith(b"\xff\xd8\xff")
            opened += 1
        for delivery in await session.exec(select(Delivery).where(col(Delivery.sealed).is_not(None))):
            assert b"code" in sealer.unseal(delivery.sealed or b"", seal_context(delivery.reference))
            opened += 1
    return opened


async def depending_on(portal: Portal, name: str) -> int:
    async with portal.reads() as session:
        return sum([(await count_by_secret(session, place, unnamed="?"))[name] for place in PLACES])


async def reseal(portal: Portal) -> None:
    for place in PLACES:
        assert await _reseal(portal, replace(place, at_once=1)) == 0


async def test_the_secret_changes_and_nothing_is_lost(old: Portal) -> None:
    both, new = with_secrets(old, NEW, OLD), with_secrets(old, NEW)
    opened = await everything_opens(old)
    assert opened >= 10
    assert await everything_opens(both) == opened
    with pytest.raises((SealBroken, AssertionError)):
        await everything_opens(new)
    assert await depending_on(old, old.keys.sealer.name) == opened + 1
    await _note(both)
    await reseal(both)
    assert await depending_on(both, old.keys.sealer.name) == 0
    assert await depending_on(both, new.keys.sealer.name) == opened + 1
    assert await everything_opens(both) == await everything_opens(new) == opened


async def test_killed_anywhere_it_goes_on(old: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(national, "BREATH_SECONDS", 0)
    both, new = with_secrets(old, NEW, OLD), with_secrets(old, NEW)
    opened, kills = await everything_opens(both), 0
    while await killed_after(both, changes=1):
        kills += 1
        assert await everything_opens(both) == opened
    assert kills >= opened
    assert await everything_opens(new) == opened


async def killed_after(portal: Portal, *, changes: int) -> bool:
    """Whether resealing was killed: after so many rows were written, and before the last of them was committed."""
    left = changes

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal left
        left -= statement.startswith("UPDATE")
        if left < 0:
            raise Killed

    event.listen(portal.engine.sync_engine, "after_cursor_execute", count)
    try:
        await reseal(portal)
    except Killed:
        return True
    finally:
        event.remove(portal.engine.sync_engine, "after_cursor_execute", count)
    return False


async def test_a_portal_without_a_secret_that_is_needed_does_not_start(old: Portal, clock: Clock) -> None:
    new = with_secrets(old, NEW)
    with pytest.raises(SettingRefused, match=f"lacks {old.keys.sealer.name}"):
        await refuse_without_secrets(new.writes, new.keys, clock.now)
    started = create_app(new)
    with pytest.raises(ExceptionGroup) as refused:
        async with started.lifespan():
            pass
    assert refused.group_contains(SettingRefused, match="`tiwizi keys status` says")
    async with old.writes() as session, session.begin():
        await known_secrets.note_secrets(session, keys=with_secrets(old, NEW, OLD).keys, now=clock.now)
        await known_secrets.retire(session, name=old.keys.sealer.name, now=clock.now)
    await refuse_without_secrets(new.writes, new.keys, clock.now)


def test_an_operator_changes_the_secret(sqlite: str, tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    environment = {
        "TIWIZI_MODE": "demonstration",
        "TIWIZI_DATABASE_URL": sqlite,
        "TIWIZI_DATA_DIR": str(tmp_path),
        "TIWIZI_SECRET_FILE": str(file),
    }

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ("keys", *words), env=environment)
        return done.exit_code, done.output

    old, new = (Keys.from_secret(secret).sealer.name for secret in (OLD, NEW))
    file.write_bytes(OLD)
    add = ("--email=a@b.example", "--name-ar=أمل", "--name-latin=Amal", "--role=agent", "--centre=x")
    added = CliRunner().invoke(main, ("staff", "add", *add, f"--password={PASSWORD}"), env=environment)
    assert added.exit_code == 0
    assert run("reseal")[0] == 0
    file.write_bytes(b"next " + NEW + b"\n" + OLD)
    assert f"{new}  next" in run("status")[1]
    file.write_bytes(NEW + b"\n" + OLD)
    status, said = run("retire", old)
    assert (status, "no earlier secret" in said or "still needed" in said) == (1, True)
    assert run("reseal")[0] == 0
    said = run("status")[1]
    assert (
        said.index(f"{new}  present") < said.index("1 passwords of officers") < said.index(f"{old}  earlier")
    )
    assert "Only limits and known browsers" in said
    assert "begin anew" in run("retire", old)[1]
    assert run("retire", old, "--at-once")[0] == 0
    file.write_bytes(NEW)
    assert f"{old}  retired" in run("status")[1]
    file.write_bytes(OLD)
    status, said = run("reseal")
    assert (status, f"lacks {new}" in said) == (1, True)
    assert f"{new}  MISSING" in run("status")[1]
