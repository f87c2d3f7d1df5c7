"""A table alone on the screen: any row of it, sorted where the data is, columns as wide as wanted, cells to copy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.dialogs.messages import Severity
from notebook_tui.ui.dialogs.prompt_screen import PromptScreen
from notebook_tui.ui.drawing.key_line import told_keys
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.outputs.table_grid import TableGrid
from notebook_tui.ui.outputs.table_rows import one_line
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Table

_KEYS: Final = (
    ("s", "sort"),
    (":", "row"),
    ("y", "copy"),
    ("Y", "copy row"),
    ("+-", "width"),
    ("g", "top"),
    ("G", "end"),
    ("r", "fetch again"),
    ("Esc", "back"),
)


class TableScreen(ClosesOnce[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "dismiss", "Close", show=False),
        Binding("colon,number_sign", "ask_row", show=False),
        Binding("y", "copy_cell", show=False),
        Binding("Y", "copy_row", show=False),
    ]
    DEFAULT_CSS = """
    TableScreen {
        background: $background;

        & > #table-cell { height: auto; max-height: 4; padding: 0 1; border-top: solid $panel; }
        & > #table-note { height: 1; background: $panel; }
    }
    """

    def __init__(
        self,
        table: Table,
        rows: Callable[[str, Page], Awaitable[Table]],
        say: Callable[[str, Severity], None],
        copy: Callable[[str, str], None],
    ) -> None:
        """`copy` takes a text to the clipboard, and says what it was."""
        super().__init__()
        self._copy = copy
        self._table = table
        self._say = say
        self._grid = TableGrid(table, rows, lambda text: say(text, "warning"))

    def compose(self) -> ComposeResult:
        yield self._grid
        yield Static(id="table-cell", markup=False)
        yield Static(id="table-note", markup=False)

    @on(TableGrid.Moved)
    def _moved(self) -> None:
        grid = self._grid
        if self._table.columns:
            column = one_line(self._table.columns[grid.column].name)
            said = Text.assemble((f"{column}  ", "bold"), printable_row(grid.cell))
            self.query_one("#table-cell", Static).update(said)
        count = grid.blocks.count
        of = "" if count is None else f" of {count:,}"
        title = f"{one_line(self._table.title)} · " if self._table.title else ""
        at = f" · column {grid.column + 1} of {len(self._table.columns)}" if self._table.columns else ""
        place = Text(f" {title}row {grid.row + 1:,}{of}{at}  ", no_wrap=True, end="")
        palette = palette_of(self.app.theme_variables)
        place.append_text(told_keys(_KEYS, self.size.width - place.cell_len, palette))
        self.query_one("#table-note", Static).update(place)

    def on_resize(self) -> None:
        self._moved()

    def action_ask_row(self) -> None:
        def go(text: str | None) -> None:
            if text is None:
                return
            number = text.replace(",", "").replace("_", "").strip()
            if number.isdecimal() and int(number) > 0:
                self._grid.action_go_to(int(number) - 1)
            else:
                self._say(f"Expected the number of a row, from 1 on, got {text!r}.", "warning")

        self.app.push_screen(PromptScreen("Go to row", str(self._grid.row + 1)), go)

    def action_copy_cell(self) -> None:
        self._copy(self._grid.cell, "the cell")

    def action_copy_row(self) -> None:
        row = self._grid.blocks.row(self._grid.row)
        self._copy("\t".join(row or ()), "the row")
