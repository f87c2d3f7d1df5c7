"""Rows that were drawn once, for all views of this program: who looks at one notebook with others sees the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from textual.strip import Strip

MOST_ROWS: Final = 2_000
"""Of all cells together, about 2.5 KB each. Somebody who types makes a new text with every key, of a cell as long as
he likes: a bound in cells would bound nothing."""


class SharedRows:
    """What was asked for last is kept, up to `most` rows in all.

    >>> shared = SharedRows(most=2)
    >>> one_row = shared.rows_of("a", lambda: (Strip([]),))
    >>> shared.rows_of("a", lambda: ()) is one_row
    True
    >>> len(shared.rows_of("b", lambda: (Strip([]), Strip([])))), shared.count
    (2, 2)
    >>> shared.rows_of("a", lambda: ())
    ()
    """

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[Strip, ...]] = OrderedDict()
        self.count = 0
        """So many rows are kept."""

    def rows_of(self, key: Hashable, draw: Callable[[], tuple[Strip, ...]]) -> tuple[Strip, ...]:
        """The rows of that key: those that are kept, or else what `draw` returns. A cell with more rows than all may
        have together is not kept."""
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        rows = draw()
        if len(rows) <= self._most:
            self._kept[key] = rows
            self.count += len(rows)
            self._drop_oldest()
        return rows

    def _drop_oldest(self) -> None:
        while self.count > self._most:
            _, rows = self._kept.popitem(last=False)
            self.count -= len(rows)
