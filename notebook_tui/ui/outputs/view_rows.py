"""A view as rows, by its kind: each kind has a file of its own, and those that hold others are given this to draw
them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.outputs.container_rows import frame_rows, grid_rows, tabs_rows
from notebook_tui.ui.outputs.control_rows import button_rows, form_rows, keyboard_rows
from notebook_tui.ui.outputs.display_rows import display_rows
from notebook_tui.ui.outputs.gallery_rows import gallery_rows
from notebook_tui.ui.outputs.input_rows import input_rows
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.moved_rows import cut
from notebook_tui.ui.outputs.printed_rows import printed_rows
from notebook_tui.ui.outputs.progress_rows import progress_rows
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.table_rows import table_rows
from notebook_tui.ui.outputs.tree_rows import tree_rows
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

_TALL = 24
NARROWEST = 16
"""Columns; what is given less is drawn as if it had these, and cut."""


def view_rows(
    view: Content, width: int, palette: Palette, looks: Looks, labels: int = 0, height: int = _TALL, place: str = ""
) -> list[OutputRow]:
    """All rows of the view, none of them wider than `width`; the label of an input has so many columns at least. A plot
    and a picture take at most `height` rows; `place` is the ref of what they stand in.

    >>> [row.text.plain for row in view_rows(Button("b", "Again"), 40, Palette(), Looks())]
    ['[ Again ]']
    """
    return [cut(row, width) for row in _rows(view, max(NARROWEST, width), palette, looks, labels, height, place)]


def _rows(
    view: Content, width: int, palette: Palette, looks: Looks, labels: int, height: int, place: str
) -> Sequence[OutputRow]:
    def draw(content: Content, room: int) -> list[OutputRow]:
        return view_rows(content, room, palette, looks, height=height, place=getattr(view, "ref", place))

    match view:
        case Text(stream="stderr", text=text):
            return list(printed_rows(text, width, "!", palette.warning))
        case Text(text=text) | TextStream(text=text):
            return list(printed_rows(text, width))
        case Plot():
            # What draws plots is loaded with the first one.
            from notebook_tui.ui.outputs.plot_rows import plot_rows

            return plot_rows(view, width, palette, looks, height)
        case Display():
            return display_rows(view, width, height, palette, looks, place)
        case Frame():
            return frame_rows(view, width, palette, draw)
        case Tabs():
            return tabs_rows(view, width, palette, looks, draw)
        case Grid():
            return grid_rows(view, width, palette, draw)
        case Gallery():
            return gallery_rows(view, width, height, palette, looks)
        case Progress():
            return progress_rows(view, width, palette)
        case Table():
            return table_rows(view, width, palette, looks)
        case Tree():
            return tree_rows(view, width, palette)
        case Input():
            return input_rows(view, width, palette, looks, labels=labels)
        case Button():
            return button_rows(view, width, palette)
        case Form():
            return form_rows(view, width, palette, looks)
        case Keyboard():
            return keyboard_rows(view, width, palette, looks)
        case _:
            assert_never(view)
