"""Pictures as sixels: bands six pixels high, each painted once for every colour in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

_COLORS: Final = 128
_FEWER_COLORS: Final = 24
_LARGE: Final = 600_000
_TRANSPARENT: Final = 255
_OPAQUE: Final = 128
_RUN: Final = re.compile(rb"(.)\1{3,}", re.DOTALL)
_ONLY: Final = tuple(bytes(place == each for each in range(256)) for place in range(256))
_SHOWN: Final = bytes((bits + 63) & 0xFF for bits in range(256))


def sixels(picture: Image) -> str:
    """The sequence that paints the picture, in RGBA, from the cursor on.

    >>> from PIL import Image
    >>> sixels(Image.new("RGBA", (5, 6), "white"))
    '\\x1bP0;1q"1;1;5;6#0;2;100;100;100#0!5~-\\x1b\\\\'
    """
    said = _sixels(picture, _COLORS)
    return said if len(said) <= _LARGE else _sixels(picture, _FEWER_COLORS)


def _sixels(picture: Image, most: int) -> str:
    width, height = picture.size
    flat = picture.convert("RGB").quantize(most)
    palette = flat.getpalette() or []
    places = _with_holes(flat.tobytes(), picture.getchannel("A").tobytes())
    colors = {place for place in set(places) if place != _TRANSPARENT}
    # Nothing is painted where the picture is transparent (1); pixels are square (1;1).
    head = f'\x1bP0;1q"1;1;{width};{height}'
    inks = "".join(f"#{place};2;{_percent(palette, place)}" for place in sorted(colors))
    bands = (_band(places[top : top + 6 * width], width) for top in range(0, width * height, 6 * width))
    return head + inks + "".join(bands) + "\x1b\\"


def _with_holes(places: bytes, alpha: bytes) -> bytes:
    if min(alpha, default=255) >= _OPAQUE:
        return places
    return bytes(place if seen >= _OPAQUE else _TRANSPARENT for place, seen in zip(places, alpha, strict=True))


def _percent(palette: list[int], place: int) -> str:
    return ";".join(str(round(part * 100 / 255)) for part in palette[3 * place : 3 * place + 3])


def _band(places: bytes, width: int) -> str:
    """Up to six rows of pixels. Each colour's are one large number, so that six rows are laid over each other at once:
    a byte for each column, a bit for each row."""
    rows = [places[start : start + width] for start in range(0, len(places), width)]
    painted = []
    for color in sorted(set(places) - {_TRANSPARENT}):
        bits = 0
        for row, pixels in enumerate(rows):
            bits |= int.from_bytes(pixels.translate(_ONLY[color]), "big") << row
        columns = bits.to_bytes(width, "big").translate(_SHOWN).rstrip(b"?")
        painted.append(f"#{color}{_RUN.sub(_shortened, columns).decode('ascii')}")
    return "$".join(painted) + "-"


def _shortened(run: re.Match[bytes]) -> bytes:
    return b"!%d%s" % (len(run[0]), run[1])
