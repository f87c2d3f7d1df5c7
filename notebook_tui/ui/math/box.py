"""Rectangles of characters with a base line, put beside, above and around each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from rich.cells import cell_len

from beamlike.kernel.record import frozen

_TALL: Final = {
    "(": "⎛⎜⎝",
    ")": "⎞⎟⎠",
    "[": "⎡⎢⎣",
    "]": "⎤⎥⎦",
    "{": "⎧⎪⎩",
    "}": "⎫⎪⎭",
    "|": "│││",
    "‖": "‖‖‖",
    "⌊": "⎢⎢⎣",
    "⌋": "⎥⎥⎦",
    "⌈": "⎡⎢⎢",
    "⌉": "⎤⎥⎥",
    "⟨": "╱⟨╲",
    "⟩": "╲⟩╱",
}
_MIDDLE: Final = {"{": "⎨", "}": "⎬"}
_ANGLES: Final = "⟨⟩"


@frozen
class Box:
    rows: tuple[str, ...]
    base: int = 0
    """The row that stands on the line."""

    @property
    def width(self) -> int:
        return max(map(cell_len, self.rows))

    @property
    def height(self) -> int:
        return len(self.rows)

    @property
    def flat(self) -> str | None:
        """Its text, if it is one row."""
        return self.rows[0] if self.height == 1 else None


def text(characters: str) -> Box:
    return Box((characters,))


def beside(boxes: Iterable[Box]) -> Box:
    """On one base line.

    >>> beside([text("a"), Box(("1", "-", "2"), 1)]).rows
    (' 1', 'a-', ' 2')
    """
    boxes = list(boxes) or [text("")]
    above = max(box.base for box in boxes)
    below = max(box.height - box.base for box in boxes)
    columns = []
    for box in boxes:
        blank = " " * box.width
        before, after = above - box.base, below - (box.height - box.base)
        columns.append([blank] * before + [padded(row, box.width) for row in box.rows] + [blank] * after)
    return Box(tuple("".join(parts) for parts in zip(*columns, strict=True)), above)


def above(boxes: Sequence[Box], base: int, align: Literal["left", "center", "right"] = "center") -> Box:
    """One over the other; the base line is that of the box of this number."""
    width = max(box.width for box in boxes)
    rows = [_aligned(row, width, align) for box in boxes for row in box.rows]
    return Box(tuple(rows), sum(box.height for box in boxes[:base]) + boxes[base].base)


def fraction(top: Box, bottom: Box) -> Box:
    """
    >>> fraction(text("1"), text("n+1")).rows
    (' 1 ', '───', 'n+1')
    """
    return above([top, text("─" * max(top.width, bottom.width)), bottom], 1)


def fenced(inside: Box, left: str, right: str) -> Box:
    """Between brackets as high as it is; a dot is no bracket."""
    sides = [_fence(sign, inside) for sign in (left, right)]
    return beside([sides[0], inside, sides[1]])


def root(inside: Box, degree: str) -> Box:
    """
    >>> root(text("x+1"), "").rows
    ('√x̅+̅1̅',)
    """
    if inside.height == 1:
        return text(f"{degree}√" + "".join(character + "\u0305" for character in inside.rows[0]))
    body = [f"{'╱' if at == inside.height - 1 else '│'}{row}" for at, row in enumerate(inside.rows)]
    body[-1] = "╲" + body[-1]
    rows = [" " * (2 + len(degree)) + "_" * inside.width]
    rows += [" " * (1 + len(degree)) + row for row in body[:-1]] + [degree.ljust(len(degree)) + body[-1]]
    return Box(tuple(padded(row, max(map(cell_len, rows))) for row in rows), inside.base + 1)


def _fence(sign: str, inside: Box) -> Box:
    if sign in (".", ""):
        return text("")
    height = inside.height
    if height == 1 or sign not in _TALL:
        return Box(tuple(sign if at == inside.base else " " for at in range(height)), inside.base)
    top, middle, bottom = tuple(_TALL[sign])
    if sign in _ANGLES:
        middle = " " if height % 2 == 0 else middle
        half = height // 2
        rows = [" "] * height
        rows[half - 1], rows[half if height % 2 == 0 else half + 1] = top, bottom
        if height % 2:
            rows[half] = middle
        return Box(tuple(rows), inside.base)
    rows = [top, *[middle] * (height - 2), bottom]
    if sign in _MIDDLE and height > 2:
        rows[(height - 1) // 2] = _MIDDLE[sign]
    return Box(tuple(rows), inside.base)


def padded(row: str, width: int) -> str:
    """With blanks behind it, as wide as that in cells of the screen."""
    return row + " " * (width - cell_len(row))


def _aligned(row: str, width: int, align: str) -> str:
    missing = width - cell_len(row)
    left = {"left": 0, "center": missing // 2, "right": missing}[align]
    return " " * left + row + " " * (missing - left)
