"""How the columns of a table share the width that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

LEAST: Final = 10
"""What a column keeps that wants more, before other columns are left out for it."""


def column_widths(wanted: Sequence[int], width: int, gap: int = 2) -> list[int]:
    """What each column gets, the first at least; those that find no room are left out. The widest give first.

    >>> column_widths([4, 30, 10], 30), column_widths([12] * 4, 30)
    ([4, 12, 10], [12, 12])
    """
    got: list[int] = []
    used = 0
    for each in wanted:
        used += min(each, LEAST) + (gap if got else 0)
        if got and used > width:
            break
        got.append(each)
    left = width - gap * (len(got) - 1)
    while sum(got) > left and max(got) > 1:
        widest = max(got)
        among = [index for index, each in enumerate(got) if each == widest]
        second = max((each for each in got if each < widest), default=1)
        down = max(second, 1, widest - -(-(sum(got) - left) // len(among)))
        for index in among:
            if sum(got) > left:
                got[index] -= min(widest - down, sum(got) - left)
    return got
