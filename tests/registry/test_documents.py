"""Which files are taken, and what is left of them."""

import io
import time
import zlib

import pytest
from PIL import Image

from registry.requests.documents import MAX_BYTES, clean_document
from registry.requests.pdf import check_pdf
from registry.requests.refused_documents import DocumentRefused

PLAIN_PDF = (
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
)


def pdf(entry: bytes) -> bytes:
    return PLAIN_PDF.replace(b"/Type /Catalog", b"/Type /Catalog " + entry)


def compressed(objects: bytes, kind: bytes = b"/Type /ObjStm") -> bytes:
    body = zlib.compress(objects)
    stream = b"3 0 obj\n<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    return PLAIN_PDF.replace(b"trailer", stream % (kind, len(body), body) + b"trailer")


def picture(kind: str, size: tuple[int, int] = (40, 20), mode: str = "RGB", **options) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, "teal" if mode != "CMYK" else (0, 0, 0, 0)).save(written, kind, **options)
    return written.getvalue()


async def refusal(content: bytes, name: str = "file") -> str | None:
    try:
        await clean_document(name=name, content=content)
    except DocumentRefused as refused:
        return refused.code
    return None


async def test_what_is_taken_is_known_by_its_bytes():
    for content, media_type, extension in (
        (PLAIN_PDF, "application/pdf", "pdf"),
        (picture("PNG"), "image/png", "png"),
        (picture("JPEG"), "image/jpeg", "jpg"),
        (picture("JPEG", mode="CMYK"), "image/jpeg", "jpg"),
        (picture("PNG", mode="P"), "image/png", "png"),
    ):
        clean = await clean_document(name="C:\\Docs\\فاتورة.exe", content=content)
        assert (clean.media_type, clean.name) == (media_type, f"فاتورة.{extension}")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<html>", "type"),
        (b"GIF89a" + bytes(40), "type"),
        (b"%PDF-" + bytes(MAX_BYTES), "too_large"),
        (b"%PDF-1.7\nno end", "unreadable"),
        (b"\xff\xd8\xff" + bytes(40), "unreadable"),
        (picture("PNG")[:60], "unreadable"),
    ],
)
async def test_what_is_refused(content, code):
    assert await refusal(content) == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pdf(b"/OpenAction 5 0 R"), "active_content"),
        (pdf(b"/AA << >>"), "active_content"),
        (pdf(b"/Names << /JavaScript 4 0 R >>"), "active_content"),
        (pdf(b"/Names << /J#61vaScript 4 0 R >>"), "active_content"),
        (pdf(b"/A << /S /#4a#53 >>"), "active_content"),
        (pdf(b"/EmbeddedFile 4 0 R"), "active_content"),
        (pdf(b"/Names << /EmbeddedFiles 4 0 R >>"), "active_content"),
        (pdf(b"/A << /S /Launch /F (x) >>"), "active_content"),
        (PLAIN_PDF.replace(b"/Root", b"/Encrypt 9 0 R /Root"), "encrypted"),
        (compressed(b"4 0 << /S /JavaScript /JS (app.alert(1)) >>"), "active_content"),
        (compressed(b"4 0 << /S /JS >>"), "active_content"),
        (compressed(bytes(40_000_000)), "unreadable"),
        (compressed(b"x").replace(b"x\x9c", b"zz"), "unreadable"),
    ],
)
async def test_a_pdf_that_does_something_is_refused(content, code):
    assert await refusal(content) == code


HIDDEN = compressed(b"4 0 << /AA << /S /JavaScript /JS (x) >> >>")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (HIDDEN, "active_content"),
        (HIDDEN.replace(b">>\nstream", b">>%\nstream"), "active_content"),
        (HIDDEN.replace(b"stream\n", b"stream\r\n", 1), "active_content"),
        (HIDDEN.replace(b"1 0 obj", b"%>>stream\n1 0 obj"), "active_content"),
        (
            HIDDEN.replace(b"1 0 obj", b"%>>stream\n1 0 obj").replace(b">>\nstream", b">>%\nstream"),
            "active_content",
        ),
        (HIDDEN.replace(b"/ObjStm", b"/ObjStm %>>stream\n"), "unreadable"),
        (pdf(b"%>>stream\n/AA << >> %endstream\n"), "active_content"),
        (pdf(b"% " + b" " * 999 + b">>stream\n/AA << >> %endstream\n"), "active_content"),
        (pdf(b"%>>\nstream\n/AA << >> %endstream\n"), "active_content"),
    ],
)
async def test_nothing_hides_behind_a_comment(content, code):
    assert await refusal(content) == code


@pytest.mark.parametrize(
    "piece",
    [
        b"<<",
        b">>",
        b"<<>>stream\n",
        b"<<>>stream\nendstream",
        b"endobj<<",
        b">>" + b" " * 99,
        b"#41",
        b"1 0 ",
        b"ObjStm stream\n" + zlib.compress(b""),
    ],
)
def test_a_pdf_made_to_be_slow_is_read_in_one_pass(piece):
    hostile = b"%PDF-1.7\n" + piece * (400_000 // len(piece)) + b"\n%%EOF"
    begun = time.process_time()
    check_pdf(hostile)
    assert time.process_time() - begun < 1


async def test_a_picture_inside_a_pdf_is_not_searched_for_words():
    """A compressed photograph holds every short word by chance."""
    assert (
        await refusal(compressed(b"", kind=b"/Type /XObject").replace(b"\nendstream", b" /JS \nendstream"))
        is None
    )


async def test_nothing_hidden_in_a_photograph_comes_along():
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    exif[0x0112] = 6
    content = picture("JPEG", exif=exif.tobytes(), comment=b"SECRET PLACE") + b"SECRET TAIL"
    clean = await clean_document(name="photo.jpg", content=content)
    assert b"SECRET" not in clean.content
    drawn = Image.open(io.BytesIO(clean.content))
    assert (drawn.size, dict(drawn.getexif())) == ((20, 40), {})


async def test_a_picture_too_large_to_draw_is_refused_before_it_is_decoded():
    """Its header says 30,000 by 30,000; there is nothing behind it."""
    small = picture("PNG", size=(1, 1))
    side = (30_000).to_bytes(4, "big")
    header = b"IHDR" + side + side + small[24:29]
    huge = small[:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:]
    assert await refusal(huge) == "too_many_pixels"
    assert await refusal(picture("PNG", size=(5001, 5000), mode="1")) == "too_many_pixels"
    assert await refusal(picture("PNG", size=(5000, 5000), mode="1")) is None


@pytest.mark.parametrize("name", ["a\u202egnp.exe", "a\u2066b", "a\x00b", "a\nb"])
async def test_a_name_that_lies_is_refused(name):
    assert await refusal(PLAIN_PDF, name) == "name"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("", "document.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("...", "document.pdf"),
        ("a.b.pdf", "a.b.pdf"),
    ],
)
async def test_a_name_is_kept_without_its_path(name, kept):
    assert (await clean_document(name=name, content=PLAIN_PDF)).name == kept


async def test_a_long_name_is_shortened():
    clean = await clean_document(name="ي" * 500 + ".pdf", content=PLAIN_PDF)
    assert len(clean.name) == 104
