"""Rows of a long table in blocks: those that were looked at last are kept, the others are fetched anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Sort, Table

SIZE: Final = 100
"""Rows in a block."""
_KEPT: Final = 40


class TableBlocks:
    """
    >>> blocks = TableBlocks(None, None)
    >>> page = blocks.wanted(150, 160)
    >>> page
    Page(offset=100, limit=100, sort=None)
    >>> blocks.put(page, Table("t", (), (("a",),) * 70, offset=100))
    >>> blocks.count, blocks.row(169), blocks.row(170), blocks.wanted(150, 160)
    (170, ('a',), None, None)
    """

    def __init__(self, count: int | None, sort: Sort | None) -> None:
        self.count = count
        """Of all rows, as far as it is known."""
        self.sort = sort
        self._blocks: OrderedDict[int, tuple[tuple[str, ...], ...]] = OrderedDict()

    def row(self, index: int) -> Sequence[str] | None:
        """None: not there yet, or beyond the end."""
        rows = self._blocks.get(index // SIZE)
        place = index % SIZE
        return rows[place] if rows is not None and place < len(rows) else None

    def wanted(self, start: int, end: int) -> Page | None:
        """What to ask for, so that the rows from `start` up to `end` can be shown; None if they are all there."""
        last = end if self.count is None else min(end, self.count)
        for number in range(start // SIZE, -(-last // SIZE)):
            if number not in self._blocks:
                return Page(number * SIZE, SIZE, self.sort)
            self._blocks.move_to_end(number)
        return None

    def put(self, asked: Page, got: Table) -> None:
        """What came; rows that were asked for in another order are dropped."""
        if asked.sort != self.sort:
            return
        self._blocks[asked.offset // SIZE] = got.rows[:SIZE]
        self._blocks.move_to_end(asked.offset // SIZE)
        while len(self._blocks) > _KEPT:
            self._blocks.popitem(last=False)
        if got.count is not None:
            self.count = got.count
        elif len(got.rows) < SIZE:
            end = asked.offset + len(got.rows)
            self.count = end if self.count is None else min(self.count, end)

    def sort_by(self, sort: Sort | None) -> None:
        """Everything is fetched anew, in this order."""
        self.sort = sort
        self._blocks.clear()
