"""The site map: every address of the portal, by area."""

from __future__ import annotations

from litestar.handlers import BaseRouteHandler

from app.routes import arrival, health

OUTSIDE_LANGUAGES: list[BaseRouteHandler] = [*health.HANDLERS, *arrival.OUTSIDE]
IN_EACH_LANGUAGE: list[BaseRouteHandler] = [
    *arrival.HANDLERS,
]
