"""Static files under the hash of their content: read once, compressed once, kept by browsers for a year."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC_DIR = Path(__file__).parent / "static"
SERVED = {".css", ".js", ".svg", ".woff2", ".png", ".ico", ".txt"}
COMPRESSED = {".css", ".js", ".svg", ".txt"}
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent; `gzipped` is None where compressing gains nothing."""

    address: str
    media_type: str
    content: bytes
    gzipped: bytes | None


@cache
def static_files() -> dict[str, StaticFile]:
    """Every file by its name; the stylesheet is read last because it names the hashed fonts."""
    files: dict[str, StaticFile] = {}
    paths = [path for path in STATIC_DIR.rglob("*") if path.suffix in SERVED]
    for path in sorted(paths, key=lambda path: (path.suffix == ".css", path)):
        name = path.relative_to(STATIC_DIR).as_posix()
        content = path.read_bytes()
        if path.suffix == ".css":
            content = _compact(_with_hashed_names(content.decode(), files)).encode()
        files[name] = _static_file(name, content)
    return files


def static(name: str) -> str:
    """The address of a static file. Raises KeyError for one that does not exist."""
    return static_files()[name].address


@cache
def files_by_address() -> dict[str, StaticFile]:
    return {file.address: file for file in static_files().values()}


def _with_hashed_names(css: str, files: dict[str, StaticFile]) -> str:
    for name, file in files.items():
        css = css.replace(f'url("{name}")', f'url("{file.address}")')
    return css


def _compact(css: str) -> str:
    """Without comments and spaces, which readers of the source want and telephones pay for."""
    lines = re.sub(r"\s*\n\s*", "", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    return re.sub(r"(?<=[:,;{}]) | (?=[{}])|;(?=\s?})", "", lines)


def _static_file(name: str, content: bytes) -> StaticFile:
    path = Path(name)
    digest = hashlib.sha256(content).hexdigest()[:10]
    return StaticFile(
        address=f"/static/{path.with_suffix('').as_posix()}.{digest}{path.suffix}",
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        content=content,
        gzipped=gzip.compress(content, 9, mtime=0) if path.suffix in COMPRESSED else None,
    )
