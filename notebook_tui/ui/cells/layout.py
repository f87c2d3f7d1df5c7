"""Where each item of the list stands: heights of items, and the row at which each begins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class Layout:
    """Heights in order; tops follow from them, from the first changed one on.

    >>> layout = Layout([2, 3, 1])
    >>> layout.total, layout.top(2), layout.index_at(4)
    (6, 5, 1)
    """

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._tops = [0]
        self._extend()

    def __len__(self) -> int:
        return len(self._heights)

    @property
    def total(self) -> int:
        self._extend()
        return self._tops[-1]

    def top(self, index: int) -> int:
        """The row at which the item begins; `len` gives the row below the last."""
        self._extend()
        return self._tops[index]

    def height(self, index: int) -> int:
        return self._heights[index]

    def set_height(self, index: int, height: int) -> None:
        """One item is taller or shorter; all below it move."""
        if self._heights[index] != height:
            self._heights[index] = height
            del self._tops[index + 1 :]

    def index_at(self, row: int) -> int:
        """The item that holds the row; the first above all, the last below all."""
        self._extend()
        return max(0, min(bisect_right(self._tops, row) - 1, len(self._heights) - 1))

    def indexes_between(self, first_row: int, end_row: int) -> range:
        """The items with a row from `first_row` up to `end_row`, which is not included."""
        if not self._heights:
            return range(0)
        return range(self.index_at(first_row), self.index_at(max(first_row, end_row - 1)) + 1)

    def _extend(self) -> None:
        for height in self._heights[len(self._tops) - 1 :]:
            self._tops.append(self._tops[-1] + height)
