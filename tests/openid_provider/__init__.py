"""A certified OpenID provider in a process of its own: the npm package `oidc-provider`, run by Node.js."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
INSTALLED = HERE / "node_modules" / ".installed"


@dataclass(frozen=True)
class RunningProvider:
    issuer: str

    async def sign_in(self, address: str, *, login: str, level: str) -> dict[str, str]:
        """Go where the portal sent the browser, sign in there, and stop where the provider sends it back."""
        async with httpx.AsyncClient(base_url=self.issuer) as http:
            response = await http.get(address)
            while True:
                location = response.headers.get("location", "")
                if not (response.is_redirect and (location.startswith(("/", self.issuer)))):
                    break
                if "/sign-in/" in location:
                    location = f"{location}?{httpx.QueryParams({'login': login, 'level': level})}"
                response = await http.get(location)
        assert response.is_redirect, response.text
        return dict(httpx.URL(response.headers["location"]).params)


@contextmanager
def running_provider(**told: Any) -> Iterator[RunningProvider]:
    """With the clients, keys, people, levels and claims it is told of."""
    assert INSTALLED.exists(), "the OpenID provider is not installed: run scripts/setup-openid-provider"
    with subprocess.Popen(
        ["node", "provider.js"],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps(told), file=process.stdin, flush=True)
        try:
            # Before it listens, it warns on the same stream that its store is a memory.
            says = next((line for line in process.stdout if line.startswith("{")), None)
            assert says is not None, "the OpenID provider did not start"
            yield RunningProvider(json.loads(says)["issuer"])
        finally:
            process.stdin.close()
            process.wait(timeout=10)
