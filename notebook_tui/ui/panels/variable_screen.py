"""One variable, looked at: its type, what it holds, and of a frame its columns and first rows."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from notebook_tui.runtime.variable_questions import VariableDetail
from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.amounts import size_text
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.drawing.table_lines import columns_of, row_text
from notebook_tui.ui.panels.panel_list import Line, PanelList


class VariableScreen(ModalScreen[bool], ClosesOnce[bool]):
    """Dismissed with whether its cell is to be gone to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(False)", show=False),
        Binding("c,enter", "dismiss(True)", show=False),
    ]
    DEFAULT_CSS = """
    VariableScreen .looked-at {
        width: 90%;
        max-width: 130;
        height: 80%;
        border: round $primary;
        background: $background;
        padding: 0 1;
    }
    """

    def __init__(self, detail: VariableDetail, cell: str) -> None:
        super().__init__()
        self._detail = detail
        self._cell = cell
        self._list = PanelList()

    def compose(self) -> ComposeResult:
        with Vertical(classes="looked-at"):
            yield self._list
            yield Static(Text(f"{'c to ' + self._cell + ' · ' if self._cell else ''}Esc closes"), classes="dialog-note")

    def on_mount(self) -> None:
        self._list.focus()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = max(20, self._list.size.width - 2)
        palette = palette_of(self.app.theme_variables)
        self._list.show(Line(text) for text in detail_lines(self._detail, self._cell, width, palette))


def detail_lines(detail: VariableDetail, cell: str, width: int, palette: Palette) -> Iterator[Text]:
    variable = detail.variable
    home = f"{detail.module}." if detail.module not in ("", "builtins") else ""
    kind = variable.type if variable.kind == "variable" else variable.kind
    facts = filter(None, (f"{home}{kind}", variable.size, size_text(variable.bytes), cell))
    yield Text(printable_row(variable.name), palette.title)
    yield Text(printable_row(" · ".join(facts)), palette.muted)
    yield Text("")
    if detail.columns:
        yield from _frame_lines(detail, width, palette)
        return
    for line in (detail.text or variable.preview).splitlines() or [""]:
        for row in wrap(printable_row(line), width, drop_whitespace=False) or [""]:
            yield Text(row)


def _frame_lines(detail: VariableDetail, width: int, palette: Palette) -> Iterator[Text]:
    if detail.rows:
        shown = len(detail.rows[0])
        names = tuple(name for name, _ in detail.columns[:shown])
        table = [tuple(map(printable_row, row)) for row in (names, *detail.rows)]
        widths = columns_of(table, width)
        for number, row in enumerate(table):
            yield row_text(row, widths, [palette.strong] * shown if number == 0 else [])
        yield Text("")
    count = len(detail.columns)
    yield Text("1 column" if count == 1 else f"{count} columns", palette.heading)
    pairs = [(printable_row(name), printable_row(dtype)) for name, dtype in detail.columns]
    widths = columns_of(pairs, width)
    for pair in pairs:
        yield row_text(pair, widths, [palette.strong, palette.function])
