"""How many rows an item will take, without drawing it: near enough for a scroll bar.

A list of many cells draws only what is visible. What is drawn has its true height; the list moves the rest then.
"""

from __future__ import annotations

from typing import Final, assert_never

from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Text, View
from notebook_tui.ui.cells.cell_strips import is_folded
from notebook_tui.ui.cells.items import CellItem, HintItem, Item, SectionItem, TitleItem
from notebook_tui.ui.cells.view_heights import view_height
from notebook_tui.ui.drawing.frame import Frame, frame_for
from notebook_tui.widgets.views import Plot, Progress, TextStream

_BELOW: Final = 1


def guessed_height(item: Item, width: int, output_rows: int) -> int:
    """
    >>> guessed_height(TitleItem("Tour"), 80, 14)
    2
    """
    match item:
        case TitleItem() | SectionItem():
            return 1 + _BELOW
        case HintItem():
            return 5 + _BELOW
        case CellItem():
            return _cell_height(item, width, output_rows) + _BELOW
        case _:
            assert_never(item)


def _cell_height(item: CellItem, width: int, output_rows: int) -> int:
    cell = item.cell
    if cell.kind == "markdown":
        return _folded_rows(cell.source, Frame(width).prose_width)
    frame = frame_for(width, cell.source.count("\n") + 1)
    if is_folded(item):
        return 1
    said = used = 0
    for output in cell.outputs:
        if isinstance(output, View) and not isinstance(output, Plot | Progress | TextStream):
            # There may be something in it to press: it is shown whole, however tall.
            used += view_height(output, frame.text_width)
        else:
            said += _output_height(output, frame.text_width, output_rows)
    return _folded_rows(cell.source, frame.wrap_width) + 1 + used + min(said, output_rows + 1)


def _output_height(output: Output, width: int, rows: int) -> int:
    match output:
        case Text(text=text) | Result(text=text) | Display(text=text):
            return _folded_rows(text[-rows * width :].removesuffix("\n"), width)
        case Error(message=message, traceback=traceback):
            return 1 + message.count("\n") + traceback.count("\n")
        case Exported():
            return 1
        case view:
            return view_height(view, width)


def _folded_rows(text: str, width: int) -> int:
    return sum(1 + max(0, len(line) - 1) // width for line in text.split("\n"))
