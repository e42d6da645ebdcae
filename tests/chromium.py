"""Which Chromium the browser tests drive, and how it is started."""

import os
import shutil

INSTALLED_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_executable() -> str | None:
    """The system's browser; `None` lets Playwright take the one that `make setup-dev` made it download."""
    return next(filter(None, map(shutil.which, INSTALLED_NAMES)), None)


def chromium_options() -> list[str]:
    """Quiet and alone: no calls home, and no sandbox for root, under whom Chromium would not start with one."""
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
