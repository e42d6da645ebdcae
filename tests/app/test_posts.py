"""A form is read and recognised alike wherever it arrives, and nothing of it stays behind."""

from __future__ import annotations

import os
import subprocess
import sys

from litestar._parsers import parse_url_encoded_form_data

from tests.app.pages import PageBrowser

DIGEST = """
import asyncio
from litestar.datastructures import FormMultiDict
from app.posts import _digest
from app.requests import PortalRequest

request = PortalRequest({"type": "http", "path": "/fr/claim", "headers": [], "state": {}})
request._form = FormMultiDict([("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("a", "5"), ("e", "6")])
print(asyncio.run(_digest(request)))
"""


def test_every_process_recognises_a_form_that_comes_again() -> None:
    """Names are hashed with another seed in each process; two web processes answer one citizen."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2)
    }
    assert len(digests) == 1


async def test_no_password_stays_in_memory(visitor: PageBrowser) -> None:
    """Litestar's own reading of a form remembers every body for as long as the process lives."""
    before = parse_url_encoded_form_data.cache_info().misses
    await visitor.open("/sign-in")
    await visitor.submit(identifier="0000000001", password="a long enough one")
    assert visitor.status == 422
    assert parse_url_encoded_form_data.cache_info().misses == before
