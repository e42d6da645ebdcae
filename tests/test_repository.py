"""What must hold for everything that is kept: it installs anywhere, says nothing of the machine it was made on,
and carries no release with a published weakness."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")

# The first release without the weakness, by advisory. Litestar's own floor is the release whose behaviour the
# portal's security tests were written against.
FLOORS = {
    "litestar": (
        "2.25",
        "CVE-2024-52581 CVE-2025-59152 CVE-2026-25478 CVE-2026-25479 CVE-2026-25480 CVE-2026-48060",
    ),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "cryptography": ("44.0.1", "CVE-2024-12797"),
    "pillow": ("11.3.0", "CVE-2025-48379"),
    "setuptools": ("78.1.1", "CVE-2025-47273"),
    "idna": ("3.7", "CVE-2024-3651"),
    "certifi": ("2024.7.4", "CVE-2024-39689"),
    "pyyaml": ("5.4", "CVE-2020-14343"),
    "mako": ("1.2.2", "CVE-2022-40023"),
    "babel": ("2.9.1", "CVE-2021-42771"),
    "pygments": ("2.15.1", "CVE-2022-40896"),
    "aiosmtplib": ("1.1.7", "PYSEC-2022-43183"),
    "aiosmtpd": ("1.4.6", "CVE-2024-34083"),
    "fonttools": ("4.60.2", "CVE-2025-66034"),
}

# Put together here so that this file does not name what it looks for.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("proxy", "golang"))
)
MACHINE_PATHS = re.compile("/" + "(?:root|work|Users)/|/" + r"home/\w|[A-Z]:\\Users")


def kept_files() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    yield from (ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


@cache
def texts() -> dict[Path, str]:
    contents = {}
    for path in kept_files():
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            contents[path.relative_to(ROOT)] = content.decode()
    return contents


@cache
def locked(lock: str) -> dict[str, Version]:
    lines = (ROOT / lock).read_text().splitlines()
    requirements = [Requirement(line.removesuffix("\\")) for line in lines if re.match(r"[a-z0-9]", line)]
    return {each.name: Version(str(each.specifier).removeprefix("==")) for each in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_files_by_their_digest_and_no_place_to_get_them_from(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
    requirements = re.split(r"\n(?=[a-z0-9])", text)
    assert len(requirements) == len(locked(lock)) > 30
    assert [each for each in requirements if "--hash=sha256:" not in each] == []


def test_the_tests_run_on_the_versions_that_are_served() -> None:
    served, tested = (locked(lock) for lock in LOCKS)
    assert {name: tested.get(name) for name in served} == served


def test_the_locks_satisfy_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [each for wanted in project["optional-dependencies"].values() for each in wanted]
    for lock, declared in zip(
        LOCKS, (project["dependencies"], project["dependencies"] + extras), strict=True
    ):
        for requirement in map(Requirement, declared):
            assert locked(lock)[requirement.name] in requirement.specifier


@pytest.mark.parametrize("package", FLOORS)
def test_no_release_with_a_published_weakness_is_installed(package: str) -> None:
    floor, advisories = FLOORS[package]
    assert locked("requirements-dev.lock")[package] >= Version(floor), advisories


def test_no_file_names_a_registry_of_packages() -> None:
    assert [(path, name) for path, text in texts().items() for name in REGISTRIES if name in text] == []


def test_no_file_names_a_place_of_one_machine() -> None:
    found = [(path, hit.group()) for path, text in texts().items() for hit in MACHINE_PATHS.finditer(text)]
    assert found == []


def test_what_is_meant_to_be_run_can_be_run() -> None:
    scripts = [path for path, text in texts().items() if text.startswith("#!")]
    assert Path(".ci/run") in scripts
    assert [path for path in scripts if not os.access(ROOT / path, os.X_OK)] == []


def test_make_alone_says_what_one_can_do() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    targets = re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert len(targets) > 8
    assert [target for target in targets if f"make {target} " not in said] == []
