"""How many rows a view will take, without drawing it."""

from __future__ import annotations

from typing import assert_never

from notebook_tui.widgets.views import (
    Button,
    Content,
    Display,
    Form,
    Frame,
    Gallery,
    Grid,
    Input,
    Keyboard,
    Plot,
    Progress,
    Table,
    Tabs,
    Text,
    TextStream,
    Tree,
)

_LEAST_COLUMN = 16
_CARD = 8


def view_height(view: Content, width: int) -> int:
    """
    >>> from notebook_tui.widgets.views import Column
    >>> view_height(Table("t", (Column("n"),), (("1",), ("2",)), title="Two"), 80)
    6
    """
    match view:
        case Text(text=text) | TextStream(text=text) | Display(text=text):
            return text_height(text.removesuffix("\n"), width) if text else 0
        case Frame(contents=contents, placeholder=placeholder):
            return sum(view_height(each, width) for each in contents) if contents else int(bool(placeholder))
        case Tabs(tabs=tabs):
            return 2 + view_height(tabs[0][1], width) if tabs else 0
        case Grid():
            return _grid(view, width)
        case Gallery():
            return _gallery(view, width)
        case Plot():
            return _plot(view, width)
        case Table(title=title, columns=columns, rows=rows):
            return int(bool(title)) + (2 + len(rows) if columns else 0) + 1
        case Tree(branches=branches):
            return len(branches)
        case Form(fields=fields):
            return len(fields) + 1
        case Progress() | Input() | Button() | Keyboard():
            return 1
        case _:
            assert_never(view)


def text_height(text: str, width: int) -> int:
    return sum(1 + max(0, len(line) - 1) // width for line in text.split("\n"))


def _plot(plot: Plot, width: int) -> int:
    chart = max(5, min(20, width // 6)) + 2 + bool(plot.x_label)
    dotted = any(series.kind in ("line", "scatter") for series in plot.series)
    bars = sum(len(series.labels) for series in plot.series if series.kind == "bar")
    histograms = sum(series.kind == "histogram" for series in plot.series)
    around = bool(plot.title) + bool(plot.y_label) + bool(plot.series)
    return around + max(1, (chart if dotted else 0) + bars + histograms * chart)


def _gallery(gallery: Gallery, width: int) -> int:
    columns = max(1, min(gallery.columns, (width + 2) // (_LEAST_COLUMN + 2)))
    return int(bool(gallery.title)) + -(-len(gallery.cards) // columns) * _CARD + 1


def _grid(grid: Grid, width: int) -> int:
    border = 4 if grid.boxed else 0
    columns = max(1, min(grid.columns, len(grid.contents), (width + 2) // (_LEAST_COLUMN + border + 2)))
    room = max(8, width // columns - border)
    heights = [view_height(each, room) for each in grid.contents]
    rows = [max(heights[start : start + columns]) for start in range(0, len(heights), columns)]
    return sum(rows) + (2 * len(rows) if grid.boxed else max(0, len(rows) - 1))
