"""Pictures somebody uploads: told by their content, and drawn anew, so that nothing but pixels is
kept.
"""

import io

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

LARGEST_PIXELS = 20_000_000
LARGEST_SIDES = (1200, 600)
_FORMATS = ("PNG", "JPEG", "WEBP")


class PictureError(ValueError):
    """The file is no picture that can be shown; the message says why."""


def redrawn(content: bytes) -> bytes:
    """Return a PNG file with the pixels of a PNG, JPEG or WebP file, at most 1200 by 600, upright,
    the first of several frames.

    Whatever else the file held (metadata, places, a second file behind the first) is gone. Raises
    `PictureError`.
    """
    if not kind_of(content):
        raise PictureError(_("This is neither PNG, JPEG nor WebP."))
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as found:
            if found.width * found.height > LARGEST_PIXELS:
                raise PictureError(_("The picture has more than 20 million pixels."))
            upright = ImageOps.exif_transpose(found)
            drawn = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except PictureError:
        raise
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        IndexError,
        TypeError,
        MemoryError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise PictureError(_("This file is damaged: it cannot be read as a picture.")) from error
    drawn.thumbnail(LARGEST_SIDES)
    plain = Image.frombytes(drawn.mode, drawn.size, drawn.tobytes())
    out = io.BytesIO()
    plain.save(out, "PNG", optimize=True)
    return out.getvalue()


def kind_of(content: bytes) -> str:
    """Return the media type of a PNG, JPEG or WebP file; empty for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""
