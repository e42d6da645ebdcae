"""Photographs: drawn anew, so that place, device and anything hidden in the file stay behind."""

import io

from PIL import Image, ImageOps

from registry.requests.refused_documents import DocumentRefused

MAX_PIXELS = 25_000_000
JPEG_QUALITY = 85


def clean_image(content: bytes, media_type: str) -> bytes:
    """The same picture, upright, without metadata; its size is checked before any decoding. Raises DocumentRefused."""
    kind = "PNG" if media_type == "image/png" else "JPEG"
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
            return _redraw(picture, kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as huge:
        raise DocumentRefused("too_many_pixels") from huge
    except (OSError, ValueError, SyntaxError) as broken:
        raise DocumentRefused("unreadable") from broken


def _redraw(picture: Image.Image, kind: str) -> bytes:
    if picture.width * picture.height > MAX_PIXELS:
        raise DocumentRefused("too_many_pixels")
    upright = ImageOps.exif_transpose(picture)
    opaque = upright.convert("RGB") if kind == "JPEG" else upright.convert("RGBA")
    clean = Image.new(opaque.mode, opaque.size)
    clean.paste(opaque)
    written = io.BytesIO()
    clean.save(written, kind, quality=JPEG_QUALITY)
    return written.getvalue()
