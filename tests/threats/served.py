"""The portal as the rig runs it: one of two processes on one PostgreSQL, with hashes that cost little.

A request with the header `x-naive` is answered by the naive build beside it. Every comparison of a code with the right
one adds a byte to a file that both processes share.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from app.main import create_app, create_portal
from app.settings import Mode, Settings
from identity.proofs import codes
from identity.proofs.passwords import PasswordHasher
from tests.threats import naive

SECRET = b"a secret of the tests, long enough"


def application() -> ASGIApp:
    settings = Settings(
        mode=Mode.DEMONSTRATION,
        data_dir=Path(os.environ["RIG_DIRECTORY"]),
        database_url=os.environ["RIG_DATABASE"],
        public_url="http://127.0.0.1:8000",
        secret=SECRET,
        trusted_proxies=1,
        worker_included=False,
    )
    made = create_portal(settings)
    quick = PasswordHasher(made.keys, memory_kib=8, passes=1, at_once=2, queue=500)
    naive.install()
    _count_comparisons(Path(os.environ["RIG_DIRECTORY"]) / "compared")
    portal = create_app(replace(made, hasher=quick))

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", []))  # type: ignore[call-overload]
        with naive.building_naively(naive.HEADER.encode() in headers):
            await portal(scope, receive, send)

    return either


def _count_comparisons(file: Path) -> None:
    own = codes._is_right

    def counting(*arguments: Any) -> bool:
        with file.open("ab") as compared:
            compared.write(b".")
        return own(*arguments)

    codes._is_right = counting
