"""Which Chromium the browser tests drive, and how it is started.

`python -m tests.chromium` says by its exit code whether there is one.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

INSTALLED_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@cache
def chromium_executable() -> str:
    """The system's browser, or else the one that Playwright downloaded."""
    for found in filter(None, map(shutil.which, INSTALLED_NAMES)):
        if _starts(found):
            return found
    with sync_playwright() as playwright:
        downloaded = playwright.chromium.executable_path
    if not Path(downloaded).exists():
        raise RuntimeError("there is no Chromium: run `make setup-dev`")
    return downloaded


def _starts(executable: str) -> bool:
    """Some systems have a `chromium-browser` that only advises to install one."""
    asked = subprocess.run([executable, "--version"], capture_output=True, check=False, timeout=60)
    return asked.returncode == 0


def chromium_options() -> list[str]:
    """Quiet and alone: no calls home, and no sandbox for root, under whom Chromium refuses to start with one."""
    options = [
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    return ["--no-sandbox", *options] if os.getuid() == 0 else options


if __name__ == "__main__":
    try:
        chromium_executable()
    except RuntimeError as missing:
        sys.exit(str(missing))
