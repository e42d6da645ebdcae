"""A populated database, with heads of household who are signed in."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from random import Random

from sqlalchemy import insert, select, text
from sqlmodel import col

from app import schema
from app.demo.loading import FIRST_SYNTHETIC_ID, load_world
from app.main import create_portal
from app.requests import Portal
from app.settings import Settings, read_settings
from identity.sessions import hash_token
from identity.tables import Account, PortalSession, Proofing, SessionKind
from notifications.references import new_reference
from registry.tables import Household

FIRST_ID = 5_000_000
VISITORS = 2_000


def settings_for(url: str, directory: Path) -> Settings:
    environment = {
        "TIWIZI_MODE": "demonstration",
        "TIWIZI_DATA_DIR": str(directory),
        "TIWIZI_DATABASE_URL": url,
        "TIWIZI_WORKER": "separate",
    }
    return read_settings(environment)


async def build_world(settings: Settings, *, households: int) -> list[str]:
    """Migrate, load the households, and sign in some heads; returns the tokens of their sessions."""
    await schema.upgrade(settings.database_url)
    portal = create_portal(settings)
    try:
        await load_world(portal, households=households, progress=lambda _: None)
        tokens = await _sign_in(portal)
        await _analyse(portal)
        return tokens
    finally:
        await portal.engine.dispose()
        await portal.reading.dispose()


async def _sign_in(portal: Portal) -> list[str]:
    now = portal.clock()
    tokens = [secrets.token_urlsafe(32) for _ in range(VISITORS)]
    async with portal.writes() as session:
        heads = (
            (
                await session.exec(
                    select(Household.head_person_id).where(col(Household.id) >= FIRST_SYNTHETIC_ID)  # type: ignore[arg-type]
                )
            )
            .scalars()
            .all()
        )
        chosen = Random(1).sample(list(heads), min(VISITORS, len(heads)))
        common = {"password_hash": "", "recovery_hash": "", "language": "ar", "sms_language": "ar"}
        proofed = {"proofing": Proofing.REGISTER_MATCH, "proofed_at": now, "created_at": now}
        accounts = [
            {"id": FIRST_ID + n, "person_id": person, "phone": "", **common, **proofed}
            for n, person in enumerate(chosen)
        ]
        connection = await session.connection()
        await connection.execute(insert(Account), accounts)
        moments = {
            "created_at": now,
            "seen_at": now,
            "proven_at": now,
            "ends_at": now.replace(year=now.year + 1),
        }
        await connection.execute(
            insert(PortalSession),
            [
                {
                    "token_hash": hash_token(token),
                    "reference": new_reference("S"),
                    "kind": SessionKind.CITIZEN,
                    "account_id": account["id"],
                    "shared_device": False,
                    **moments,
                }
                for token, account in zip(tokens, accounts, strict=False)
            ],
        )
        await session.commit()
    return tokens[: len(accounts)]


async def _analyse(portal: Portal) -> None:
    async with portal.writes() as session:
        if portal.engine.dialect.name == "postgresql":
            # Longer than any page may take.
            await session.execute(text("SET LOCAL statement_timeout = 0"))
        await session.execute(text("ANALYZE"))
        await session.commit()


def separate(settings: Settings) -> Settings:
    return replace(settings, worker_included=False)
