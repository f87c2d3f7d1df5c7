"""Pictures, and Markdown: what is shown as it is and does not change."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from notebook_tui.widgets.views import Display

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)


def markdown(text: str) -> Display:
    """
    >>> markdown("# Cats").text
    '# Cats'
    """
    return Display((("text/markdown", text), ("text/plain", text)))


def image(source: Any, *, alt: str = "") -> Display:
    """Of the bytes of a PNG, JPEG, GIF, BMP or WebP, of a path to one, of an image of PIL, or of an array of height x
    width (x 1, 3 or 4 channels): whole numbers of 0 to 255, or fractions of 0 to 1.

    `alt` says what it shows where it cannot be shown. TypeError or ValueError for what is no picture; OSError for a
    file that cannot be read.
    """
    if isinstance(source, str | Path):
        return _from_bytes(Path(source).read_bytes(), alt or str(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_bytes(bytes(source), alt)
    data = io.BytesIO()
    pillow_image(source).save(data, "PNG")
    return _from_bytes(data.getvalue(), alt)


def _from_bytes(data: bytes, alt: str) -> Display:
    kind = next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
    if kind is None and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None:
        raise ValueError(
            f"expected a PNG, JPEG, GIF, BMP or WebP picture, got {len(data):,} bytes that begin with {data[:8]!r}"
        )
    return Display(
        ((kind, data), ("text/plain", f"[{alt or 'image'}: {kind.removeprefix('image/')}, {len(data):,} bytes]"))
    )


def pillow_image(source: Any) -> Any:
    """Of an image of PIL or an array, the image of PIL."""
    try:
        from PIL import Image
    except ImportError as error:
        raise TypeError(
            f"expected the bytes of a picture or a path to one, got {type(source).__name__}: "
            "for images of PIL and arrays install pillow"
        ) from error
    return source if isinstance(source, Image.Image) else Image.fromarray(_pixels(source))


def _pixels(source: Any) -> Any:
    if hasattr(source, "detach"):
        source = source.detach().cpu().numpy()
    if not hasattr(source, "dtype") or not hasattr(source, "shape"):
        raise TypeError(f"expected a picture: bytes, a path, an image of PIL or an array, got {type(source).__name__}")
    shape = source.shape
    if len(shape) == 3 and shape[2] == 1:
        source = source[:, :, 0]
    elif len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (3, 4)):
        raise ValueError(
            f"expected an array of height x width or height x width x 3 or 4, got {' x '.join(map(str, shape))}; "
            "of channels that come first: array.permute(1, 2, 0), or .transpose(1, 2, 0) in numpy"
        )
    if source.dtype.kind == "f":
        return (source.clip(0, 1) * 255).round().astype("uint8")
    return source.clip(0, 255).astype("uint8")
