"""Files that are not what they say, or do more than they show; and ordinary ones, as programs really write them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from PIL import Image

SCRIPT: Final = b"<script>alert(1)</script>"
NAMES: Final = ("JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "XFA")
ACTIONS: Final = (
    b"/OpenAction << /S /GoTo >>",
    b"/OpenAction 5 0 R",
    b"/OpenAction %[\n<< /S /URI >>",
    b"/AA << /O << /S /URI >> >>",
)


def drawn(kind: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: object) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, "teal").save(written, kind, **options)  # type: ignore[arg-type]
    return written.getvalue()


def a_pdf(
    catalogue: bytes = b"", *, objects: bytes = b"", trailer: bytes = b"", text: bytes = b"Facture"
) -> bytes:
    """A page with words on it, as a small program writes one: nothing compressed, and a table of offsets."""
    content = b"BT /F1 12 Tf 72 720 Td (" + text + b") Tj ET\n"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalogue + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%sendstream" % (len(content), content),
    ]
    body, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    body += objects
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    end = b"xref\n0 5\n0000000000 65535 f \n" + table
    end += b"trailer\n<< /Size 5 /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)
    return body + end


def compressed(objects: bytes, name: bytes = b"/ObjStm", before: bytes = b"") -> bytes:
    """An object that holds other objects, compressed; `before` stands in its dictionary."""
    packed = zlib.compress(objects)
    return (
        b"9 0 obj\n<< /Type %s /N 1 /First 4 %s/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n"
        % (
            name,
            before,
            len(packed),
            packed,
        )
    )


def escaped(name: str) -> bytes:
    """The name as a reader of PDF takes it too: every letter by its number."""
    return b"/" + b"".join(b"#%02x" % ord(letter) for letter in name)


def bad_files() -> Iterator[tuple[str, bytes]]:
    """Each by what it is, and refused."""
    yield from _other_kinds()
    yield from _broken_pictures()
    yield from _active_pdfs()


def _other_kinds() -> Iterator[tuple[str, bytes]]:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    yield "nothing", b""
    yield "SVG", svg
    yield "SVG with a head", b'<?xml version="1.0"?>' + svg
    yield "HTML", b"<!doctype html>" + SCRIPT
    yield "HTML before a PDF", SCRIPT + a_pdf()
    yield "spaces before a PDF", b"\n" * 900 + a_pdf()
    yield "GIF", b"GIF89a" + bytes(60)
    yield "GIFAR", b"GIF89a" + bytes(60) + _zip(b"META-INF/MANIFEST.MF", b"Main-Class: X")
    yield "WebP", drawn("WEBP")
    yield "TIFF", drawn("TIFF")
    yield "BMP", drawn("BMP")
    yield "a bomb of zeros", _zip(b"bomb", bytes(20_000_000))
    yield "a document with macros", _zip(b"word/vbaProject.bin", b"x")
    yield "a program of Windows", b"MZ" + bytes(200)
    yield "a program of Linux", b"\x7fELF" + bytes(200)
    yield "a script of the shell", b"#!/bin/sh\nrm -rf /\n"
    yield "PostScript", b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n"
    yield "EICAR", rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    yield "too many bytes", drawn("JPEG") + bytes(5 * 1024 * 1024)


def _broken_pictures() -> Iterator[tuple[str, bytes]]:
    for kind in ("JPEG", "PNG"):
        whole = drawn(kind, size=(400, 300))
        yield f"a {kind} cut short", whole[: len(whole) // 2]
        yield f"a {kind} of noise", whole[:24] + bytes(range(256)) * 9
    for side in (50_000, 65_535, 5_001):
        yield f"a PNG of {side} by {side}", _of_size(side)
    yield "a JPEG of 65,500 by 65,500", _jpeg_of_size(65_500)
    yield "a PNG that is a GIF within", b"\x89PNG\r\n\x1a\n" + b"GIF89a" + bytes(60)
    yield "a JPEG that is HTML within", b"\xff\xd8\xff\xe0" + SCRIPT


def _of_size(side: int) -> bytes:
    """A head that promises so many pixels, with next to nothing behind it."""
    small, edge = drawn("PNG", size=(1, 1)), side.to_bytes(4, "big")
    head = b"IHDR" + edge + edge + small[24:29]
    return small[:12] + head + zlib.crc32(head).to_bytes(4, "big") + small[33:]


def _jpeg_of_size(side: int) -> bytes:
    small, edge = drawn("JPEG", size=(8, 8)), side.to_bytes(2, "big")
    at = small.index(b"\xff\xc0")
    return small[: at + 5] + edge + edge + small[at + 9 :]


def _active_pdfs() -> Iterator[tuple[str, bytes]]:
    for name in NAMES:
        entry = b"<< /%s 5 0 R >>" % name.encode()
        yield f"PDF, {name}", a_pdf(b"/Names " + entry)
        yield f"PDF, {name} by numbers", a_pdf(b"/Names << %s 5 0 R >>" % escaped(name))
        yield f"PDF, {name} compressed", a_pdf(objects=compressed(b"5 0 " + entry))
        yield (
            f"PDF, {name} compressed and by numbers",
            a_pdf(objects=compressed(b"5 0 << %s 1 >>" % escaped(name))),
        )
        yield (
            f"PDF, {name} in an object of no clear name",
            a_pdf(objects=compressed(b"5 0 " + entry, name=escaped("ObjStm"))),
        )
        yield (
            f"PDF, {name} behind a comment",
            a_pdf(objects=b"%>>stream\n" + compressed(b"5 0 " + entry) + b"% endstream\n"),
        )
    for action in ACTIONS:
        yield f"PDF, {action[:30]!r}", a_pdf(action)
        yield f"PDF, {action[:30]!r} compressed", a_pdf(objects=compressed(b"5 0 << " + action + b" >>"))
    yield "PDF, a script in an annotation", a_pdf(b"/A << /S /#4a#53 >>")
    yield "PDF, encrypted", a_pdf(trailer=b"/Encrypt 9 0 R")
    yield "PDF, encrypted, by numbers", a_pdf(trailer=escaped("Encrypt") + b" 9 0 R")
    yield (
        "PDF, an end that is not the end",
        a_pdf(objects=compressed(b"5 0 (endstream)" + bytes(900) + b"<< /S /JavaScript >>")),
    )
    yield "PDF, a bomb", a_pdf(objects=compressed(bytes(60_000_000)))
    yield "PDF without an end", a_pdf()[:-7]
    yield "PDF and then HTML", a_pdf() + SCRIPT + bytes(4000)


def good_pdfs() -> Iterator[tuple[str, bytes]]:
    """As scanners, offices and browsers write them."""
    yield "small", a_pdf()
    yield "opened at its first page", a_pdf(b"/OpenAction [3 0 R /XYZ null null 0]")
    yield (
        "words that end in stream",
        a_pdf(text=b"Le ruisseau\nstream\nand downstream\nstream\r\nthe stream\r"),
    )
    yield "a picture with every short name", a_pdf(objects=_picture(b"\x00/JS \x01/AA<stream\n\xff" * 40))
    yield "compressed objects", a_pdf(objects=compressed(b"5 0 << /Title (x) /Author (stream\n) >>"))
    yield "changed and saved again", a_pdf() + a_pdf(text=b"Avenant")[9:]
    yield "words about scripts", a_pdf(text=b"JavaScript, AA and JS are names")
    for pages in (1, 3):
        written = io.BytesIO()
        first, *rest = [Image.effect_noise((300, 200), 90).convert("RGB") for _ in range(pages)]
        first.save(written, "PDF", save_all=True, append_images=rest)
        yield f"scanned, {pages} pages", written.getvalue()


def _picture(body: bytes) -> bytes:
    return b"8 0 obj\n<< /Subtype /Image /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(body), body)


def _zip(name: bytes, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name.decode(), content)
    return written.getvalue()


def polyglots() -> Iterator[tuple[str, bytes]]:
    """Pictures that are something else as well: taken, and drawn anew without it."""
    located = Image.Exif()
    located.get_ifd(0x8825).update({1: "N", 2: (33.0, 35.0, 22.0), 3: "W", 4: (7.0, 37.0, 5.0)})
    located[0x010E] = "SECRET"
    yield "JPEG and HTML", drawn("JPEG", comment=SCRIPT)
    yield "JPEG and a tail", drawn("JPEG") + SCRIPT
    yield "JPEG and an archive", drawn("JPEG") + _zip(b"SECRET", b"SECRET")
    yield "JPEG with its place", drawn("JPEG", exif=located.tobytes())
    yield "PNG with its place", drawn("PNG", exif=located.tobytes())
    yield "PNG and a tail", drawn("PNG") + SCRIPT
    yield "JPEG and a PDF", drawn("JPEG") + a_pdf(b"/OpenAction << /S /JavaScript /JS (SECRET) >>")
