"""A portal that lacks a secret fails page by page, for some people only: it is stopped before the first one."""

from __future__ import annotations

import datetime as dt
import logging

from sqlalchemy.exc import SQLAlchemyError

from app.db import Sessions
from app.errors import without_values
from app.settings import SettingRefused
from identity.keys import Keys
from identity.known_secrets import SecretsRefused, note_secrets

log = logging.getLogger("tiwizi")


async def refuse_without_secrets(sessions: Sessions, keys: Keys, now: dt.datetime) -> None:
    """Raises `SettingRefused` when the database depends on a secret that is not in the file. Notes those that are.

    A database that cannot be reached now is waited for.
    """
    try:
        async with sessions() as session:
            await note_secrets(session, keys=keys, now=now)
            await session.commit()
    except SecretsRefused as error:
        raise SettingRefused(f"{error}.") from None
    except (SQLAlchemyError, OSError) as error:
        log.error("secrets_not_checked: the database is away", exc_info=without_values(error))
