"""What two people have approved, put beside the files of the portal for whoever is being served now.

An approved text never changes, so what was read of it once is kept by its digest. Which texts are approved is looked up
again every two seconds at most; an approved version counts from a day that is further away than that.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as DatabaseBusy
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.model_life.checks import ModelKind, name_and_day, read_content
from registry.model_life.tables import ModelVersion, VersionStatus
from registry.rules.index_models import APPROVED_MODELS, IndexModel
from registry.rules.programme_files import APPROVED_PROGRAMMES, Programme

LOOK_AGAIN_SECONDS: Final = 2.0

Content = IndexModel | Programme


class Shelf:
    """The approved versions as one process knows them. One shelf belongs to one database."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._looked_at: float | None = None
        self._standing: tuple[Content, ...] = ()
        self._read: dict[str, Content] = {}

    async def open(self, session: AsyncSession) -> None:
        """Let all that this task reads from now on know what is approved.

        Pages that need no database go on with what is known while it cannot be reached.
        """
        if self._looked_at is None:
            self._standing = await self.approved(session)
            self._looked_at = self._tick()
        elif self._tick() - self._looked_at >= LOOK_AGAIN_SECONDS:
            with suppress(DBAPIError, DatabaseBusy, OSError):
                self._standing = await self.approved(session)
            self._looked_at = self._tick()
        put_beside(self._standing)

    def forget(self) -> None:
        """Look again at the next opening: something was approved or withdrawn just now."""
        self._looked_at = None

    async def approved(self, session: AsyncSession) -> tuple[Content, ...]:
        """The approved versions as the database has them now, the earliest day first."""
        connection = await session.connection()
        approved = select(ModelVersion.sha256).where(ModelVersion.status == VersionStatus.APPROVED)
        order = (col(ModelVersion.effective_from), col(ModelVersion.id))
        digests = list((await connection.execute(approved.order_by(*order))).scalars())
        if unread := [each for each in digests if each not in self._read]:
            texts = select(ModelVersion.sha256, ModelVersion.kind, ModelVersion.content)
            for sha256, kind, text in await connection.execute(
                texts.where(col(ModelVersion.sha256).in_(unread))
            ):
                self._read[sha256] = read_content(ModelKind(kind), json.loads(text)).content
        return tuple(self._read[each] for each in digests)


def put_beside(contents: tuple[Content, ...]) -> None:
    APPROVED_MODELS.set(tuple(each for each in contents if isinstance(each, IndexModel)))
    APPROVED_PROGRAMMES.set(tuple(each for each in contents if isinstance(each, Programme)))


@contextmanager
def as_if_approved(content: Content) -> Iterator[None]:
    """The rules as they would be with this one beside them."""
    models, programmes = _others(content)
    if isinstance(content, IndexModel):
        models = (*models, content)
    else:
        programmes = (*programmes, content)
    with _standing(models, programmes):
        yield


@contextmanager
def as_if_never(content: Content) -> Iterator[None]:
    """The rules as they would be without this one."""
    with _standing(*_others(content)):
        yield


def _others(content: Content) -> tuple[tuple[IndexModel, ...], tuple[Programme, ...]]:
    name = name_and_day(content)
    return (
        tuple(each for each in APPROVED_MODELS.get() if name_and_day(each) != name),
        tuple(each for each in APPROVED_PROGRAMMES.get() if name_and_day(each) != name),
    )


@contextmanager
def _standing(models: tuple[IndexModel, ...], programmes: tuple[Programme, ...]) -> Iterator[None]:
    of_models, of_programmes = APPROVED_MODELS.set(models), APPROVED_PROGRAMMES.set(programmes)
    try:
        yield
    finally:
        APPROVED_MODELS.reset(of_models)
        APPROVED_PROGRAMMES.reset(of_programmes)
