"""A form is answered once: the same post sent again gets the first answer, whatever happened in between."""

from __future__ import annotations

import datetime as dt
import hashlib
from operator import itemgetter
from typing import Any

from litestar import Response
from litestar.datastructures import UploadFile
from sqlalchemy import delete, update
from sqlmodel import Field, SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.requests import PortalRequest
from identity.limits import upsert
from notifications.columns import UtcDateTime

KEY_FIELD = "_key"
TOKEN_FIELD = "_csrf"
LONGEST_KEY = 64
KEPT_FOR = dt.timedelta(days=1)


class AnsweredForm(SQLModel, table=True):
    """The key of a form that was sent, and where its answer led."""

    __tablename__ = "answered_form"

    actor: str = Field(primary_key=True, max_length=64)
    key: str = Field(primary_key=True, max_length=LONGEST_KEY)
    digest: str = Field(max_length=64)
    location: str | None = Field(default=None)
    sent_at: dt.datetime = Field(sa_type=UtcDateTime, index=True)


class AnsweredBefore(Exception):
    """While a secret was hashed, the same form was answered beside this one: `answer` leads to where that led."""

    def __init__(self, answer: Response[bytes]) -> None:
        super().__init__()
        self.answer = answer


class SentTwice(Exception):
    """The key of this form already belongs to a post with other answers."""


async def earlier_answer(request: PortalRequest, *, actor: str, key: str) -> str | None:
    """Where the first post of this form led; None when this is the first.

    A second post that arrives while the first is under way waits for it in the database.
    Raises `SentTwice` when the same form comes back with other answers.
    """
    digest = await _digest(request)
    values = {"actor": actor, "key": key, "digest": digest, "sent_at": request.now}
    if await _insert_if_new(request.db, values):
        request.scope["state"]["post"] = (actor, key)
        return None
    earlier = await request.db.get_one(AnsweredForm, (actor, key))
    if earlier.digest != digest:
        raise SentTwice
    if earlier.location is None:
        request.scope["state"]["post"] = (actor, key)
    return earlier.location


async def answer_to_old_token(request: PortalRequest, *, actor: str, key: str) -> str | None:
    """Where this very form led, when its first answer gave the session a new token that the second post does not bear.

    A double click on "change my password" must not look like being signed out.
    """
    earlier = await request.db.get(AnsweredForm, (actor, key))
    return earlier.location if earlier and earlier.digest == await _digest(request) else None


async def remember_answer(db: AsyncSession, post: tuple[str, str], location: str) -> None:
    """Keep where the post led, in the transaction of what it did."""
    actor, key = post
    await db.exec(
        update(AnsweredForm)
        .where(col(AnsweredForm.actor) == actor, col(AnsweredForm.key) == key)
        .values(location=location)
    )


async def forget_old_posts(db: AsyncSession, *, now: dt.datetime) -> None:
    await db.exec(delete(AnsweredForm).where(col(AnsweredForm.sent_at) < now - KEPT_FOR))


async def _insert_if_new(db: AsyncSession, values: dict[str, Any]) -> bool:
    result = await db.exec(upsert(db)(AnsweredForm).values(**values).on_conflict_do_nothing())
    return result.rowcount == 1


async def _digest(request: PortalRequest) -> str:
    digest = hashlib.sha256(request.scope["path"].encode())
    # Litestar gives the fields in the order of a set, which every process has for itself.
    for name, value in sorted((await request.form()).multi_items(), key=itemgetter(0)):
        if name in (TOKEN_FIELD, KEY_FIELD):
            continue
        digest.update(f"\0{name}\0".encode())
        if isinstance(value, UploadFile):
            digest.update(await value.read())
            await value.seek(0)
        else:
            digest.update(value.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
