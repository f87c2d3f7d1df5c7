"""Where what floats above the cells lies. Places are seen from the top left of the room."""

from __future__ import annotations

from typing import Final

from textual.geometry import Offset, Region, Size

NARROWEST: Final = 26
"""Columns; prose in fewer is not worth the room."""
_LOWEST: Final = 3
_WIDEST: Final = 64


def by_caret(caret: Offset, size: Size, room: Size, *, above: bool = False) -> Region:
    """Below the row of the caret, or above it; on the other side where there is no room, and cut where there is none
    on either.

    >>> by_caret(Offset(5, 2), Size(10, 4), Size(80, 24))
    Region(x=5, y=3, width=10, height=4)
    >>> by_caret(Offset(75, 22), Size(10, 4), Size(80, 24))
    Region(x=70, y=18, width=10, height=4)
    >>> by_caret(Offset(5, 2), Size(10, 30), Size(80, 24))
    Region(x=5, y=3, width=10, height=21)
    """
    over, under = max(0, caret.y), max(0, room.height - caret.y - 1)
    wanted, other = (over, under) if above else (under, over)
    goes_there = wanted >= size.height or wanted >= other
    height = min(size.height, wanted if goes_there else other)
    y = caret.y - height if goes_there == above else caret.y + 1
    return Region(max(0, min(caret.x, room.width - size.width)), y, size.width, height)


def beside(list: Region, caret: Offset, room: Size) -> Region | None:
    """The most that can lie beside the list, or else over or under it and the caret; None if there is no room."""
    right, left = room.width - list.right, list.x
    if max(right, left) >= NARROWEST:
        width = min(_WIDEST, max(right, left))
        x = list.right if right >= left or right >= width else list.x - width
        return Region(x, list.y, width, room.height - list.y)
    top, end = min(list.y, caret.y), max(list.bottom, caret.y + 1)
    width = min(_WIDEST, room.width)
    x = max(0, min(list.x, room.width - width))
    if room.height - end >= max(_LOWEST, top):
        return Region(x, end, width, room.height - end)
    return Region(x, 0, width, top) if top >= _LOWEST else None
