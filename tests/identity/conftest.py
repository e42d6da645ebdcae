import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.keys import Keys
from identity.people.tables import Person
from tests.identity.world import CountingHasher, add_person


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys.from_secret(b"a secret of the tests, long enough")


@pytest.fixture
def hasher(keys: Keys) -> CountingHasher:
    return CountingHasher(keys)


@pytest.fixture
async def fatima(session: AsyncSession) -> Person:
    return await add_person(session)
