"""Pictures to show, and terminals' ways of showing them read back into pixels."""

from __future__ import annotations

import base64
import io
import re
from itertools import product

from PIL import Image
from rich.style import Style
from rich.text import Text

Pixels = tuple[int, int, int]


def png(*rows: str, scale: int = 1) -> bytes:
    """A picture drawn in letters: r, g, b, w, k (black), a dot for what is transparent.

    >>> png("rg", "b.")[:4]
    b'\\x89PNG'
    """
    inks = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255), "w": (255, 255, 255), "k": (0, 0, 0)}
    picture = Image.new("RGBA", (len(rows[0]), len(rows)))
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            picture.putpixel((x, y), (*inks[letter], 255) if letter in inks else (0, 0, 0, 0))
    picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    return saved(picture)


def saved(picture: Image.Image, kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    picture.save(data, kind)
    return data.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGBA")


def sixel_picture(sequence: str) -> Image.Image:
    """What a terminal would paint; transparent where nothing is painted."""
    head = re.match(r'\x1bP0;1q"1;1;(\d+);(\d+)', sequence)
    assert head, sequence[:40]
    assert sequence.endswith("\x1b\\")
    picture = Image.new("RGBA", (int(head[1]), int(head[2])))
    inks: dict[int, Pixels] = {}
    ink, x, y = 0, 0, 0
    for color, percents, times, repeated, once, move in re.findall(
        r"#(\d+)((?:;\d+)*)|!(\d+)([?-~])|([?-~])|([$-])", sequence[head.end() : -2]
    ):
        if percents:
            _, red, green, blue = (int(part) for part in percents[1:].split(";"))
            inks[int(color)] = (round(red * 2.55), round(green * 2.55), round(blue * 2.55))
        elif color:
            ink = int(color)
        elif move:
            x, y = 0, y + 6 * (move == "-")
        else:
            bits = ord(repeated or once) - 63
            end = x + int(times or 1)
            for at, row in product(range(x, end), range(6)):
                if bits >> row & 1:
                    picture.putpixel((at, y + row), (*inks[ink], 255))
            x = end
    return picture


def kitty_pictures(written: str) -> dict[int, Image.Image]:
    """The pictures that were sent and not thrown away, by their numbers."""
    kept: dict[int, bytes] = {}
    number = 0
    for control, payload in re.findall(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\", written):
        options = dict(part.split("=") for part in control.split(","))
        if options.get("a") == "d":
            del kept[int(options["i"])]
        elif options.get("a") == "T":
            number = int(options["i"])
            kept[number] = payload.encode()
        elif "m" in options:
            kept[number] += payload.encode()
    return {number: opened(base64.standard_b64decode(data)) for number, data in kept.items()}


def iterm2_picture(sequence: str) -> Image.Image:
    found = re.search(r"\x1b\]1337;File=[^:]*:([^\x07]*)\x07", sequence)
    assert found, sequence[:40]
    return opened(base64.standard_b64decode(found[1]))


def block_pixels(rows: list[Text]) -> list[list[Pixels | None]]:
    """The pixels that half blocks show, two rows for each row of text."""
    found: list[list[Pixels | None]] = []
    for text in rows:
        upper: list[Pixels | None] = []
        lower: list[Pixels | None] = []
        for at, character in enumerate(text.plain):
            style = next((span.style for span in text.spans if span.start <= at < span.end), Style())
            assert isinstance(style, Style)
            front, back = (tuple(color.get_truecolor()) if color else None for color in (style.color, style.bgcolor))
            above, below = {"▀": (front, back), "▄": (back, front), " ": (None, None)}[character]
            upper.append(above)  # type: ignore[arg-type]
            lower.append(below)  # type: ignore[arg-type]
        found += [upper, lower]
    return found
