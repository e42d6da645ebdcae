"""The whole spray of T-05: 10,000 accounts, five guesses each, from 2,000 addresses, beside 200 honest sign-ins.

    python -m benchmarks.spray [ACCOUNTS]

Prints what was tried, what was compared with a code, when the guard closed, and how many honest people came in.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime

from app.db import create_engine, session_factory
from identity.keys import Keys
from identity.proofs.passwords import PasswordHasher
from tests.databases import sqlite_files
from tests.threats.spray import Spray

ACCOUNTS, GENUINE, TO_EACH_ADDRESS = 10_000, 200, 5


async def spray(database: str, accounts: int) -> None:
    keys = Keys.from_secret(b"a secret of the benchmark, long enough")
    hasher = PasswordHasher(keys, memory_kib=8, passes=1)
    engine = create_engine(database)
    begun = time.monotonic()
    done = Spray(
        session_factory(engine),
        hasher,
        keys,
        datetime.now(UTC),
        accounts=accounts,
        addresses=max(1, accounts // TO_EACH_ADDRESS),
        genuine=GENUINE,
    )
    await done.run()
    closed_after = await done.closed_after()
    await engine.dispose()
    print(
        f"{accounts} accounts: {done.tried} guesses, {done.compared} compared, {done.hits} hits; closed after"
        f" {closed_after} failures; {done.served} of {done.genuine} honest people came in, {done.long_codes} by a"
        f" longer code; {time.monotonic() - begun:.0f} s"
    )


if __name__ == "__main__":
    with sqlite_files() as files, files.fresh() as url:
        asyncio.run(spray(url, int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS))
