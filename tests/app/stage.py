"""The town, its database and its visitors, for the tests that go through the site map."""

from __future__ import annotations

from dataclasses import dataclass

from tests.app.access_table import ACCESS, OTHER, Access
from tests.app.pages import PageBrowser
from tests.app.rewinding import Rewinding
from tests.app.standing import Visitors


@dataclass
class Stage:
    visitors: Visitors
    database: Rewinding

    def path(self, route: str) -> str:
        named = ACCESS[route].path or route
        return self.visitors.town.fill(named).removeprefix("!")

    def browser(self, visitor: str, access: Access, lang: str = "fr") -> PageBrowser:
        who = {"nobody": "", "owner": access.owner, "other": OTHER}.get(visitor, visitor)
        return self.visitors.browser(who, lang)

    def address(self, route: str, lang: str) -> str:
        return self.path(route) if route.startswith("!") else f"/{lang}{self.path(route)}".rstrip("/") or "/"
