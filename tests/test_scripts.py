"""What the commands of the Makefile do to a machine."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KEPT_BY_THE_PORTAL = ("tiwizi.db", "tiwizi.db-wal", "tiwizi.db-shm", "tiwizi.db.lock", "secret.key")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "a directory with spaces"
    directory.mkdir()
    for name in (*KEPT_BY_THE_PORTAL, "somebody's letter.txt"):
        (directory / name).write_text(name)
    return directory


def reset(data: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "TIWIZI_DATA_DIR": str(data), **more}
    return subprocess.run(
        [ROOT / "scripts/reset"], env=environment, capture_output=True, text=True, check=False
    )


def test_reset_removes_what_the_portal_keeps_and_nothing_else(data: Path) -> None:
    assert reset(data).returncode == 0
    assert [path.name for path in data.iterdir()] == ["somebody's letter.txt"]


def test_reset_of_nothing_is_no_error(tmp_path: Path) -> None:
    assert reset(tmp_path / "never made").returncode == 0


def test_reset_leaves_another_database_and_the_secret_that_opens_it_alone(data: Path) -> None:
    refused = reset(data, TIWIZI_DATABASE_URL="postgresql://localhost/tiwizi")
    assert refused.returncode == 1
    assert (data / "secret.key").exists()


def test_reset_leaves_a_running_portal_alone(data: Path) -> None:
    with (data / "tiwizi.db.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        refused = reset(data)
    assert refused.returncode == 1
    assert "Stop it first" in refused.stderr
    assert (data / "tiwizi.db").exists()
