"""The notebook as one tall page of rows, of which a window is seen.

Items that were never seen have a guessed height. `settle` draws what the window shows and corrects heights; while
rows above grow or shrink, the item that the user looks at (the anchor) stays on its row of the window. Everything here
is rows and items: the widget around it only scrolls.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from textual.strip import Strip

from beamlike.kernel.record import frozen
from notebook_tui.ui.cells.cell_strips import Look, Numbers, Painter, text_left
from notebook_tui.ui.cells.height_guess import guessed_height
from notebook_tui.ui.cells.items import CellItem, Item, may_hold_pictures
from notebook_tui.ui.cells.layout import Layout
from notebook_tui.ui.cells.source_strips import STAMP
from notebook_tui.ui.drawing.frame import LEFT
from notebook_tui.ui.finding.highlight import spans_in
from notebook_tui.ui.finding.pattern import Pattern
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.output_strips import rows_for
from notebook_tui.ui.outputs.places import Places

_KEPT_ITEMS: Final = 128
_NO_ROW: Final = Strip([])


@frozen
class Window:
    """The rows that are seen: `height` of them from `top` on."""

    top: int
    height: int

    @property
    def end(self) -> int:
        return self.top + self.height


@frozen
class Anchor:
    """An item, and the row of the window that its first row is to stay on; negative above the window."""

    id: str
    row: int


class Scene:
    def __init__(self, painter: Painter, clock: Callable[[], float]) -> None:
        self._painter = painter
        self._clock = clock
        self._items: tuple[Item, ...] = ()
        self._index: dict[str, int] = {}
        self._layout = Layout()
        self._drawn: OrderedDict[str, list[Strip]] = OrderedDict()
        self._width = 80
        self._output_rows = rows_for(24)
        self.focused = ""
        self.editing: Numbers | None = None
        self.wrong: int | None = None
        """The line of the edited text that is no Python."""
        self.looks = Looks()
        self.has_running = False
        """Whether the time of any cell runs."""
        self._asked: set[str] = set()
        self._found: Pattern | None = None
        self._numbered = True

    @property
    def height(self) -> int:
        return self._layout.total

    def item(self, id: str) -> Item | None:
        index = self._index.get(id)
        return None if index is None else self._items[index]

    def item_at(self, row: int) -> Item | None:
        """The item whose rows hold `row`."""
        return self._items[self._layout.index_at(row)] if 0 <= row < self.height else None

    def top(self, id: str) -> int:
        return self._layout.top(self._index[id])

    def is_seen(self, id: str, window: Window) -> bool:
        """Whether any row of the item is in the window."""
        index = self._index.get(id)
        return index is not None and self._layout.top(index) < window.end and self._layout.top(index + 1) > window.top

    def strip(self, row: int) -> Strip:
        """One row of the page, empty below its end."""
        if row >= self.height:
            return _NO_ROW
        index = self._layout.index_at(row)
        rows = self._rows(index)
        place = row - self._layout.top(index)
        return rows[place] if place < len(rows) else _NO_ROW

    def show(self, items: Sequence[Item]) -> None:
        """Other items, or the same in another state; what is equal keeps its rows and its height."""
        heights: list[int] = []
        for item in items:
            index = self._index.get(item.id)
            if index is not None and ((before := self._items[index]) is item or before == item):
                heights.append(self._layout.height(index))
            else:
                self._drawn.pop(item.id, None)
                heights.append(guessed_height(item, self._width, self._output_rows))
        self._items = tuple(items)
        self.has_running = any(isinstance(item, CellItem) and item.stamp.kind == "running" for item in items)
        self._index = {item.id: index for index, item in enumerate(items)}
        self._layout = Layout(heights)

    def redraw(self, *ids: str) -> None:
        """Draw these items anew when they are seen next."""
        for id in ids:
            self._drawn.pop(id, None)

    def drawn_with_pictures(self) -> list[str]:
        """The items that are drawn and may hold pictures."""
        return [item.id for item in self._items if item.id in self._drawn and may_hold_pictures(item)]

    def look(self, looks: Looks) -> None:
        """The viewer has chosen something else to see: the cells that were drawn with outputs are drawn anew."""
        only_moved = looks.unfocused() == self.looks.unfocused()
        self.looks = looks
        if only_moved:
            self.redraw(self.focused)
            return
        drawn = [item for item in map(self.item, self._drawn) if isinstance(item, CellItem)]
        asked = {question.cell_id for question in looks.questions}
        self.redraw(*(item.id for item in drawn if item.cell.outputs or item.id in asked), *self._asked)
        self._asked = asked

    def places(self, id: str) -> Places:
        """What in the rows of the item answers to a press."""
        index = self._index[id]
        return self._painter.places(self._items[index], self._look(id), len(self._rows(index)))

    def highlight(self, found: Pattern | None) -> None:
        """Mark what is looked for; no row is taller for it."""
        if found is not self._found:
            self._found = found
            self._drawn.clear()

    def number_lines(self, numbered: bool) -> None:
        """Whether lines of code have their numbers beside them."""
        if numbered != self._numbered:
            self._numbered = numbered
            self._drawn.clear()

    def row_of_match(self, id: str, pattern: Pattern, nth: int) -> int | None:
        """On which of its rows the item shows that match, counted from 0; None if it is not on the page: folded, cut
        off, or broken between two rows."""
        item = self.item(id)
        left = LEFT if item is None else text_left(item, self._width)
        for index, row in enumerate(self._rows(self._index[id])):
            if STAMP in row.crop(0, left).text:
                continue
            nth -= len(spans_in(row, pattern, left))
            if nth < 0:
                return index
        return None

    def resize(self, width: int, height: int) -> None:
        """Another window: everything is folded anew."""
        self._width, self._output_rows = width, rows_for(height)
        self._restart()

    def repaint(self, painter: Painter) -> None:
        """Everything anew in other ink."""
        self._painter = painter
        self._restart()

    def settle(self, window: Window, anchors: Sequence[Anchor]) -> int:
        """Draw what the window shows; returns the top of a window in which the first anchor that still exists is
        where it was. While a text is edited the window may end below the page, so that its caret never moves."""
        anchor = next((anchor for anchor in anchors if anchor.id in self._index), None)
        while True:
            wanted = self.top(anchor.id) - anchor.row if anchor else window.top
            lowest = self.height - window.height if self.editing is None else wanted
            top = max(0, min(wanted, lowest))
            if not self._draw_between(top, top + window.height):
                return top

    def anchors(self, window: Window) -> list[Anchor]:
        """What is to stay where it is, the best first: the focused item, what was drawn, whatever is seen."""
        seen = [self._items[index] for index in self._layout.indexes_between(window.top, window.end)]
        ranked = sorted(seen, key=lambda item: (item.id != self.focused, item.id not in self._drawn))
        return [Anchor(item.id, self.top(item.id) - window.top) for item in ranked]

    def top_to_reveal(self, id: str, window: Window) -> int:
        """The top of the nearest window that shows the whole item, or its first rows if it is taller."""
        self._draw(self._index[id])
        top, end = self.top(id), self._layout.top(self._index[id] + 1)
        if top >= window.top and end <= window.end:
            return window.top
        if end - top >= window.height:
            fills = top <= window.top and end >= window.end
            return window.top if fills else top
        return top if top < window.top else end - window.height

    def top_to_reveal_row(self, id: str, row: int, window: Window, margin: int = 1) -> int:
        """The top of the nearest window that shows that row of the item, and `margin` rows around it."""
        place = self.top(id) + row
        return max(0, min(max(window.top, place + 1 + margin - window.height), place - margin))

    def is_seen_to_end(self, id: str, window: Window) -> bool:
        """Whether the last row of the item is in the window."""
        index = self._index.get(id)
        return index is not None and window.top < self._layout.top(index + 1) - 1 <= window.end

    def top_to_follow(self, window: Window, caret: int | None, margin: int = 1) -> int:
        """The top of the nearest window that shows the end of the focused item, or what fits below that row of it and
        `margin` rows before."""
        end = self._layout.top(self._index[self.focused] + 1)
        wanted = end - window.height
        if caret is not None:
            wanted = min(wanted, self.top(self.focused) + max(0, caret - margin))
        return max(window.top, wanted)

    def running_between(self, start: int, end: int) -> Iterator[str]:
        """The cells in these rows whose time runs."""
        for index in self._layout.indexes_between(start, end):
            item = self._items[index]
            if isinstance(item, CellItem) and item.stamp.kind == "running":
                yield item.id

    def _draw_between(self, start: int, end: int) -> bool:
        """Draw these rows; whether an item took more or fewer rows than it was thought to."""
        return any(self._draw(index) for index in self._layout.indexes_between(start, end))

    def _draw(self, index: int) -> bool:
        height = len(self._rows(index))
        if height == self._layout.height(index):
            return False
        self._layout.set_height(index, height)
        return True

    def _rows(self, index: int) -> list[Strip]:
        item = self._items[index]
        rows = self._drawn.get(item.id)
        if rows is None:
            rows = self._drawn[item.id] = self._painter.rows(item, self._look(item.id))
        self._drawn.move_to_end(item.id)
        while len(self._drawn) > _KEPT_ITEMS:
            self._drawn.popitem(last=False)
        return rows

    def _look(self, id: str) -> Look:
        focused = id == self.focused
        editing = self.editing if focused else None
        wrong = self.wrong if focused else None
        seen = (self._clock(), focused, editing, self.looks, self._found, self._numbered, wrong)
        return Look(self._width, self._output_rows, *seen)

    def _restart(self) -> None:
        self._drawn.clear()
        self._layout = Layout(guessed_height(item, self._width, self._output_rows) for item in self._items)
