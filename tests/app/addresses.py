"""Which route of the rights table an address leads to, and what handles it."""

from __future__ import annotations

import re

from litestar import Litestar
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from app.rights import PARAMETER_TYPE, RIGHTS

PARAMETER = re.compile(r"\\{[a-z_]+\\}")


def route_of(path: str, method: str = "GET") -> str | None:
    """The route of the rights table that a path leads to, the most literal one first; None when there is none."""
    path = path.partition("?")[0].partition("#")[0]
    for route in sorted(RIGHTS, key=lambda route: route.count("{")):
        pattern = PARAMETER.sub("[^/]+", re.escape(route)).replace("\\{file_path\\}", ".+")
        if method in RIGHTS[route] and re.fullmatch(pattern, path):
            return route
    return None


def handler_of(app: Litestar, path: str, method: str) -> BaseRouteHandler:
    """The handler of a path after the language. Raises StopIteration for an address that leads nowhere."""
    route = route_of(path, method)
    return next(
        handler
        for each in app.routes
        if isinstance(each, HTTPRoute) and method in each.methods and _reviewed_as(each.path) == route
        for handler in each.route_handlers
        if method in handler.http_methods
    )


def _reviewed_as(template: str) -> str:
    """The path of a route as the rights table writes it."""
    path = PARAMETER_TYPE.sub("}", template)
    return path.removeprefix("/{language}") or "/" if path.startswith("/{language}") else f"!{path}"
