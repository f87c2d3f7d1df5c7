"""From the bytes of a picture to its pixels, at the size they are shown in. Runs in a thread; Pillow is loaded here."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Final

from notebook_tui.ui.pictures.header import size_of

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS: Final = 40_000_000
"""More than any screen has; a file of a few kilobytes can hold a thousand times as many."""
_FORMATS: Final = ("PNG", "JPEG", "GIF", "BMP", "WEBP")


class NoPicture(ValueError):
    """It cannot be shown; the words say why."""


def refusal_of(data: bytes | str) -> str | None:
    """Why this will not be decoded, as far as its first bytes tell.

    >>> refusal_of(b"cat")
    'no picture that is known here: it begins with 636174'
    """
    size = size_of(data)
    if size is None:
        shown = data[:8].hex() if isinstance(data, bytes) else repr(data[:16])
        return f"no picture that is known here: it begins with {shown}"
    if size[0] * size[1] > MOST_PIXELS:
        return f"{size[0]:,} × {size[1]:,} pixels are more than are unpacked here"
    return None


def decoded(data: bytes | str, width: int, height: int) -> Image:
    """The picture (of something that moves, the first) with these sides, in RGBA. `NoPicture` if that cannot be."""
    if refusal := refusal_of(data):
        raise NoPicture(refusal)
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise NoPicture("to see pictures here, install pillow") from error
    try:
        raw = data if isinstance(data, bytes) else _drawn(data, width, height)
        with Image.open(io.BytesIO(raw), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NoPicture("it unpacks to more pixels than it says")
            opened.draft("RGB", (width, height))
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except NoPicture:
        raise
    except Exception as error:
        # A decoder of strangers' bytes raises whatever it likes: all of it means that they are broken.
        raise NoPicture(f"its data is broken: {error or type(error).__name__}") from error
    coarse = picture.width < width
    return picture.resize((width, height), Image.Resampling.NEAREST if coarse else Image.Resampling.LANCZOS)


def bytes_of(form: str | bytes, media_type: str) -> bytes | str:
    """The form of a picture as its bytes, or of a drawing as its text; what is no Base64 is left as it is.

    >>> bytes_of("Y2F0", "image/png")
    b'cat'
    """
    if "svg" in media_type:
        return form if isinstance(form, str) else form.decode("utf-8", "replace")
    if isinstance(form, bytes):
        return form
    try:
        return base64.b64decode(form)
    except ValueError:
        return form.encode("utf-8", "replace")


def _drawn(svg: str, width: int, height: int) -> bytes:
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise NoPicture("to see drawings in SVG here, install resvg-py") from error
    # At twice the size, for it is scaled down to the very sides that are wanted.
    return bytes(svg_to_bytes(svg_string=svg, width=min(4_096, 2 * width)))
