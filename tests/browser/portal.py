"""The whole portal in a process of its own, as `make run` starts it: server, worker and the demonstration's people.

    with made_world() as world, served(world) as portal:
        portal.people["fatima"].phone, portal.code_to(phone), portal.officer("amal"), portal.messages_to(phone)

The register and the stories are loaded once; each portal of a test starts from a copy of them.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import httpx

from app.i18n.locales import LOCALES
from registry.rules.programmes import programmes
from tests.databases import scratch_directory, stop_with_parent

TIWIZI = Path(sysconfig.get_path("scripts")) / "tiwizi"
HOUSEHOLDS = "20"
PATIENCE = 30
SENT_CODE = re.compile(r"\b[0-9]{6}(?:[0-9]{2})?\b")

Found = TypeVar("Found")


def wait_for(what: Callable[[], Found | None], *, seconds: float = PATIENCE, why: str = "") -> Found:
    """What the function gives as soon as it gives something; a failure of the test after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(why or f"{what} gave nothing for {seconds} s")


@dataclass(frozen=True)
class RunningPortal:
    """A portal that answers at `url`; what it would send is read from the pages of the demonstration."""

    url: str
    http: httpx.Client
    log: Path
    read: dict[str, int] = field(default_factory=dict)

    @property
    def people(self) -> dict[str, Any]:
        """The named people by their key, each with identifier, document_number, birth_date, phone and password."""
        found = self.http.get("/demo/people.json").raise_for_status().json()
        return {each["key"]: SimpleNamespace(**each) for each in found}

    def officer(self, name: str) -> Any:
        """The officer whose address begins so, with email, password and totp_secret."""
        found = self.http.get("/demo/staff.json").raise_for_status().json()
        return next(SimpleNamespace(**each) for each in found if each["email"].startswith(f"{name}@"))

    def messages_to(self, address: str) -> list[Any]:
        """What was sent to a telephone or an e-mail address, newest first."""
        found = self.http.get("/demo/messages.json").raise_for_status().json()
        return [SimpleNamespace(**each) for each in found if each["recipient"] == address]

    def message_to(self, address: str, template: str) -> Any:
        """The newest message of this kind to the address, as soon as it is there."""
        return wait_for(
            lambda: next((each for each in self.messages_to(address) if each.template == template), None),
            why=f"no {template} was sent to {address}",
        )

    def code_to(self, address: str) -> str:
        """The code of the next message that brings one; each message is read once."""
        message = wait_for(lambda: self._unread_code(address), why=f"no code was sent to {address}")
        self.read[address] = message.id
        return code_in(message.body)

    def _unread_code(self, address: str) -> Any:
        codes = [each for each in self.messages_to(address) if each.template.endswith("_code")]
        return codes[0] if codes and codes[0].id > self.read.get(address, 0) else None


def betrays(message: Any, *indexes: Decimal) -> list[str]:
    """What a message says of the index or of a programme; nothing, if it is as discreet as it has to be."""
    names = [programme.name(lang).text for programme in programmes() for lang in LOCALES]
    secrets = [
        *names,
        "AMO",
        "ASD",
        *(str(index) for index in indexes),
        *(f"{index:.2f}" for index in indexes),
    ]
    text = f"{message.subject or ''} {message.body}"
    return [secret for secret in secrets if secret in text]


def code_in(text: str) -> str:
    found = SENT_CODE.search(text)
    assert found is not None, text
    return found.group()


@contextmanager
def made_world(**settings: str) -> Iterator[Path]:
    """A data directory with a migrated database and the demonstration's people."""
    with scratch_directory() as directory:
        environment = _environment(directory) | settings
        _run("db", "upgrade", environment=environment)
        _run("demo", "load", "--households", HOUSEHOLDS, environment=environment)
        yield directory


@contextmanager
def served(world: Path, *, database: str | None = None, **settings: str) -> Iterator[RunningPortal]:
    """The portal on a copy of the world; with `database`, an address of PostgreSQL, on that one, loaded anew."""
    with scratch_directory() as directory:
        data = directory / "data"
        shutil.copytree(world, data)
        environment = _environment(data) | settings
        if database:
            environment["TIWIZI_DATABASE_URL"] = database
            _run("demo", "load", "--households", HOUSEHOLDS, environment=environment)
        yield from _serving(environment, directory / "log")


def _environment(data: Path) -> dict[str, str]:
    """Nothing of what a developer has set leads elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIWIZI_", "PORT"))}
    hurried = {"TIWIZI_SHORTEST_ANSWER_MS": "0"}
    return kept | hurried | {"TIWIZI_MODE": "demonstration", "TIWIZI_DATA_DIR": str(data)}


def _run(*words: str, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [TIWIZI, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def _serving(environment: Mapping[str, str], log: Path) -> Iterator[RunningPortal]:
    port = int(environment.get("PORT") or free_port())
    with log.open("wb") as output:
        server = subprocess.Popen(
            [TIWIZI, "serve"],
            env={**environment, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=stop_with_parent,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE) as http:
            _wait_until_it_answers(server, http, log)
            yield RunningPortal(str(http.base_url).rstrip("/"), http, log)
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def _wait_until_it_answers(server: subprocess.Popen[bytes], http: httpx.Client, log: Path) -> None:
    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        try:
            return http.get("/ready").is_success
        except httpx.TransportError:
            return False

    wait_for(answers, why="the portal did not start")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
