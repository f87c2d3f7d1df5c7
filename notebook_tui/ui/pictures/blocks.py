"""Pictures in half blocks: each character is two pixels, one above the other, its ink and its ground."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final, TypeAlias

from rich.color import Color
from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    from PIL.Image import Image

Ink: TypeAlias = Color | None
"""None is what lies behind."""
_OPAQUE: Final = 128
# xterm's, from which most terminals' differ little.
_SIXTEEN: Final = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255)),
    (255, 255, 255),
)
_CUBE: Final = (0, 95, 135, 175, 215, 255)
_REST: Final = (
    *((red, green, blue) for red in _CUBE for green in _CUBE for blue in _CUBE),
    *((8 + 10 * n, 8 + 10 * n, 8 + 10 * n) for n in range(24)),
)


def block_rows(picture: Image, colors: str | None) -> tuple[Text, ...]:
    """The rows of a picture that is as wide as it has columns and twice as high as it has rows.

    >>> from PIL import Image
    >>> [row.plain for row in block_rows(Image.new("RGBA", (3, 4), "red"), "truecolor")]
    ['▀▀▀', '▀▀▀']
    """
    inks = _inks(picture, colors)
    width = picture.width
    alpha = picture.getchannel("A").tobytes()
    pixels = [inks[at] if alpha[at] >= _OPAQUE else None for at in range(width * picture.height)]
    return tuple(
        _row(pixels[top : top + width], pixels[top + width : top + 2 * width])
        for top in range(0, len(pixels), 2 * width)
    )


def _row(upper: list[Ink], lower: list[Ink]) -> Text:
    text = Text(end="", no_wrap=True)
    for (above, below), run in groupby(zip(upper, lower, strict=True)):
        character, style = _cell(above, below)
        text.append(character * sum(1 for _ in run), style)
    return text


@lru_cache(maxsize=16_384)
def _cell(above: Ink, below: Ink) -> tuple[str, Style | None]:
    if above is None:
        return (" ", None) if below is None else ("▄", Style(color=below))
    return "▀", Style(color=above, bgcolor=below)


def _inks(picture: Image, colors: str | None) -> list[Color]:
    """The colour of each pixel, among those that the terminal has; dithered where it has few."""
    if colors == "truecolor":
        data = picture.convert("RGB").tobytes()
        return [_true(*pixel) for pixel in _threes(data)]
    first, palette = (16, _REST) if colors == "256" else (0, _SIXTEEN)
    places = _in_palette(picture, palette)
    return [_numbered(first + place) for place in places]


def _in_palette(picture: Image, palette: tuple[tuple[int, int, int], ...]) -> bytes:
    from PIL import Image

    holder = Image.new("P", (1, 1))
    holder.putpalette([part for color in palette for part in color])
    return picture.convert("RGB").quantize(palette=holder, dither=Image.Dither.FLOYDSTEINBERG).tobytes()


def _threes(data: bytes) -> Iterator[tuple[int, int, int]]:
    return zip(data[::3], data[1::3], data[2::3], strict=True)


@lru_cache(maxsize=16_384)
def _true(red: int, green: int, blue: int) -> Color:
    return Color.from_rgb(red, green, blue)


@lru_cache(maxsize=256)
def _numbered(number: int) -> Color:
    return Color.from_ansi(number)
