"""What the commands of `tiwizi` share: the settings, the database for themselves, and refusing with a reason."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click

from app.db import SecondProcessRefused, guard_single_process
from app.main import create_portal
from app.requests import Portal
from app.settings import SettingRefused, Settings, read_settings


class Refused(click.ClickException):
    """A refusal with its reason, without a trace."""


def settings() -> Settings:
    try:
        return read_settings()
    except SettingRefused as error:
        raise Refused(str(error)) from None


def alone(work: Callable[[Portal], Coroutine[Any, Any, None]]) -> None:
    """Run work on the database; refused while another process holds an embedded one that cannot be shared."""
    of_process = settings()

    async def run() -> None:
        portal = create_portal(of_process)
        try:
            await work(portal)
        finally:
            await portal.engine.dispose()

    try:
        with guard_single_process(of_process.database_url):
            asyncio.run(run())
    except (SecondProcessRefused, SettingRefused) as error:
        raise Refused(str(error)) from None


def read_text(file: Path) -> str:
    """The text of a file, or of the standard input for `-`."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8 text.") from None
