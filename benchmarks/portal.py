"""The portal as it is served, with the least answer beside it in the same process."""

from __future__ import annotations

from litestar import Litestar

from app.main import create_app, create_portal
from app.settings import read_settings
from benchmarks import least


def application() -> Litestar:
    # The rights table speaks of the portal's own pages: the least answer is an application of its own.
    portal = create_app(create_portal(read_settings()))
    return _Beside(portal, least.application())  # type: ignore[return-value]


class _Beside:
    """Two applications behind one server: `/fixed` is Litestar's least, everything else the portal."""

    def __init__(self, portal: Litestar, fixed: Litestar) -> None:
        self.portal, self.fixed = portal, fixed

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        path = scope.get("path")
        is_fixed = isinstance(path, str) and path.startswith("/fixed/")
        app = self.fixed if is_fixed else self.portal
        await app(scope, receive, send)  # type: ignore[arg-type]
