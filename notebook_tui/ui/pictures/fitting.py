"""How many columns and rows a picture takes."""

from __future__ import annotations

import math
from typing import Final

_SMALL: Final = 64
_SEEN: Final = 128


def columns_and_rows(
    size: tuple[int, int], cell: tuple[int, int], columns: int, rows: int, enlarged: bool = False
) -> tuple[int, int]:
    """As many as the picture has pixels for, and no more than there are; its sides keep their proportion. What is too
    small to be seen, such as a digit of 28 x 28, is magnified; with `enlarged` it fills the room.

    >>> columns_and_rows((640, 480), (8, 16), 200, 40), columns_and_rows((640, 480), (8, 16), 73, 14)
    ((80, 30), (38, 14))
    """
    width, height = size
    times = magnified(size)
    wide, high = width * times / cell[0], height * times / cell[1]
    scale = min(columns / wide, rows / high) if enlarged else min(1.0, columns / wide, rows / high)
    return max(1, min(columns, math.ceil(wide * scale - 0.01))), max(1, min(rows, math.ceil(high * scale - 0.01)))


def magnified(size: tuple[int, int]) -> int:
    """
    >>> magnified((28, 28)), magnified((640, 480))
    (4, 1)
    """
    most = max(size)
    return max(1, _SEEN // most) if most < _SMALL else 1
