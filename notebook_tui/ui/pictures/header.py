"""The size of a picture, read from its first bytes: rows are laid out before anything is decoded, and a picture that
says it is larger than a program should unpack is never opened."""

from __future__ import annotations

import re
import struct
from typing import Final

Size = tuple[int, int]

_SVG: Final = re.compile(r"<svg\b[^>]*>", re.IGNORECASE)
_LENGTH: Final = re.compile(r"""\b(width|height)\s*=\s*["']\s*([0-9.]+)\s*(?:px|pt)?\s*["']""", re.IGNORECASE)
_BOX: Final = re.compile(
    r"""\bviewBox\s*=\s*["']\s*[-0-9.]+[\s,]+[-0-9.]+[\s,]+([0-9.]+)[\s,]+([0-9.]+)""", re.IGNORECASE
)
_HEADS: Final = {"png": b"\x89PNG", "gif": b"GIF8", "jpg": b"\xff\xd8\xff", "bmp": b"BM", "webp": b"RIFF"}
_FILLED: Final = re.compile(rb"\xff+")
_MOST_SEGMENTS: Final = 2_000
"""Cameras write some dozens."""
_STAND_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def size_of(data: bytes | str) -> Size | None:
    """Width and height in pixels of a PNG, JPEG, GIF, BMP, WebP or SVG; None of anything else, or of half a header.

    >>> size_of(b"\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR\\0\\0\\2\\x80\\0\\0\\1\\xe0")
    (640, 480)
    """
    try:
        found = _svg(data) if isinstance(data, str) else _pixels(data)
    except (struct.error, IndexError, ValueError, OverflowError):
        return None
    return found if found and all(side > 0 for side in found) else None


def kind_of(data: bytes | str) -> str:
    """The ending of a file of it.

    >>> kind_of("<svg/>"), kind_of(b"GIF89a")
    ('svg', 'gif')
    """
    if isinstance(data, str):
        return "svg"
    found = (kind for kind, head in _HEADS.items() if data.startswith(head))
    return next(found, "bin")


def _pixels(data: bytes) -> Size | None:
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack(">II", data[16:24]) if data[12:16] == b"IHDR" else None
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return struct.unpack("<HH", data[6:10])
    if data[:3] == b"\xff\xd8\xff":
        return _jpeg(data)
    if data[:2] == b"BM":
        width, height = struct.unpack("<ii", data[18:26])
        return width, abs(height)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _jpeg(data: bytes) -> Size | None:
    """From the first segment that begins a frame."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker == 0xFF:
            at = _FILLED.match(data, at).end() - 1  # type: ignore[union-attr]
        else:
            at += 2 if marker in _STAND_ALONE else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None


def _webp(data: bytes) -> Size | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", data[21:25])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _svg(text: str) -> Size | None:
    tag = _SVG.search(text[:8_192])
    if tag is None:
        return None
    lengths = {name.lower(): float(value) for name, value in _LENGTH.findall(tag[0])}
    box = _BOX.search(tag[0])
    width, height = (float(side) for side in box.groups()) if box else (300.0, 150.0)
    width, height = lengths.get("width", width), lengths.get("height", height)
    return max(1, round(width)), max(1, round(height))
