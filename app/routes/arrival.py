"""Arriving: the language is chosen, the home page shown, static files served."""

from __future__ import annotations

from litestar import Response, get
from litestar.exceptions import NotFoundException

from app.i18n.locales import negotiate
from app.pages import HTML, page
from app.requests import PortalRequest
from app.static_files import files_by_address, static_files

A_YEAR = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"


@get("/", opt={"no_conversation": True})
async def choose_language(request: PortalRequest) -> Response[bytes]:
    code = negotiate(request.headers.get("accept-language", ""))
    headers = {"location": f"/{code}/", "vary": "Accept-Language"}
    return Response(content=b"", status_code=303, headers=headers, media_type=HTML)


@get("/static/{file_path:path}", opt={"no_conversation": True})
async def send_static_file(request: PortalRequest) -> Response[bytes]:
    file = files_by_address().get(request.scope["path"])
    if file is None:
        raise NotFoundException()
    headers = {"cache-control": A_YEAR, "vary": "Accept-Encoding"}
    content = file.content
    if file.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["content-encoding"] = file.gzipped, "gzip"
    return Response(content=content, media_type=file.media_type, headers=headers)


@get("/favicon.ico", opt={"no_conversation": True})
async def send_icon(request: PortalRequest) -> Response[bytes]:
    """What browsers ask for whatever the page says."""
    file = static_files()["mark.svg"]
    return Response(content=file.content, media_type=file.media_type, headers={"cache-control": A_DAY})


@get("/robots.txt", opt={"no_conversation": True})
async def send_robots() -> Response[bytes]:
    """Nothing here is for search machines: addresses of personal pages must not even be tried."""
    return Response(
        content=b"User-agent: *\nDisallow: /\n", media_type="text/plain", headers={"cache-control": A_DAY}
    )


@get("/")
async def show_home(request: PortalRequest) -> Response[bytes]:
    return page(request, "home/index.html")


OUTSIDE = [choose_language, send_static_file, send_icon, send_robots]
HANDLERS = [show_home]
