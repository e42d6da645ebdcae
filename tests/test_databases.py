"""The machinery of the tests is itself held to its promises."""

import asyncio

import pytest
from playwright.sync_api import Browser

from tests import databases
from tests.databases import PostgresServer, SqliteFiles, postgres_server, run_apart


def test_a_machine_without_postgresql_uses_the_packaged_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_system_directories", lambda: iter(()))
    with postgres_server() as server, server.fresh() as url:
        assert server.run("SELECT count(*) FROM pg_database WHERE datname LIKE 'test_%'") == 1
        assert url.startswith("postgresql://")
    assert not server.socket_directory.exists()


def test_no_database_is_left_behind(sqlite_template: SqliteFiles, postgres: PostgresServer) -> None:
    with sqlite_template.fresh() as first, postgres.fresh() as second:
        assert first != second
    assert not list(sqlite_template.directory.glob(f"{first.rpartition('/')[2]}*"))
    name = second.partition("?")[0].rpartition("/")[2]
    assert postgres.run(f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == 0


def test_a_browser_test_can_ask_the_domain(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html lang='zgh'><title>ⵜⵉⵡⵉⵣⵉ</title>")
    assert page.title() == run_apart(lambda: asyncio.sleep(0, "ⵜⵉⵡⵉⵣⵉ"))
