"""The variables at the side: what the focused cell's container has, by name, size or cell; Enter looks at one.

They are asked for when the panel opens and when a run has ended, never while nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar, Final

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from notebook_tui.document.state import State
from notebook_tui.runtime.variable_questions import Variable, Variables
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.drawing.amounts import size_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.drawing.table_lines import columns_of, row_text
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import Line, said

_ORDERS: Final = ("name", "size", "cell")
_TITLES: Final = ("NAME", "TYPE", "SIZE", "BYTES", "CELL")
_CHARACTERS: Final = " characters", " chars"
"""Nearly every string would else have a column that leaves none for what it holds."""
_PREVIEWED: Final = 60
"""Columns from which on a preview stands beside name, type and size."""


class VariablesPanel(ListPanel):
    NAME = "variables"
    TITLE = "Variables"
    WIDTH = 90
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter"),
        Binding("o", "order", "order"),
        Binding("c", "cell", "to its cell"),
        Binding("r", "again", "ask again"),
        Binding("enter", "look", "look at it", show=False),
    ]
    DEFAULT_CSS = """
    VariablesPanel Input { border: none; height: 1; padding: 0 1; background: $surface; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._input = Input(placeholder="part of a name or type", compact=True)
        self._input.display = False
        self._known = Variables()
        self._asked: object = None
        self._has_come_up = False
        self._order = 0
        self._is_waiting = False

    def compose(self) -> ComposeResult:
        yield self._input
        yield from super().compose()

    def take_focus(self) -> None:
        self.list.focus(scroll_visible=False)

    def opened(self) -> None:
        self._asked = None
        self._has_come_up = True

    def show(self, state: State) -> None:
        self._ask_if_changed()
        super().show(state)

    def focus_moved(self, item_id: str) -> None:
        if self.display:
            self._ask_if_changed()

    def _ask_if_changed(self) -> None:
        """A run has ended, or another container is looked at. A panel that is about to come up asks when it does."""
        if not self._has_come_up:
            return
        state, focused = self.state, self.desk.focused_id
        worth = state.runtime.phase, state.runs, tuple(state.running.values()), state.notebook.container_of(focused)
        if worth != self._asked:
            self._asked = worth
            self._is_waiting = True
            self.refresh_from("listing variables", self._list, focused)

    async def _list(self, cell_id: str) -> None:
        try:
            self._known = await self.desk.client.variables(cell_id)
        finally:
            self._is_waiting = False
            self.redraw()

    def worth(self, state: State) -> object:
        return state.runtime.phase, tuple(state.notebook.places)

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        if self.state.runtime.phase != "connected":
            return said("There is no runtime, so there are no values. ee runs a cell.", width, palette)
        wanted = self._input.value.strip().lower()
        shown = [each for each in self._known.shown if wanted in each.name.lower() or wanted in each.type.lower()]
        if not shown:
            nothing = f"None has “{wanted}” in its name or type." if wanted else "No cell has bound a name yet."
            return said("Asking the runtime…" if self._is_waiting and not wanted else nothing, width, palette)
        label = cache(self.state.notebook.label)
        lines = list(variable_lines(_ordered(shown, _ORDERS[self._order], self._place), label, width, palette))
        if self._known.more:
            lines += said(f"and {self._known.more:,} more", width, palette)
        by = f" by {_ORDERS[self._order]}" if self._order else ""
        noun = "variable" if len(shown) == 1 else "variables"
        return [*lines, Line(Text("")), *said(f"{len(shown):,} {noun}{by}", width, palette)]

    def _place(self, cell_id: str) -> tuple[int, int]:
        return self.state.notebook.places.get(cell_id, (1_000_000, 0))

    def chosen(self, id: str) -> None:
        self.refresh_from("looking at the variable", self._look_at, id)

    async def _look_at(self, name: str) -> None:
        from notebook_tui.ui.panels.variable_screen import VariableScreen

        detail = await self.desk.client.variable(self.desk.focused_id, name)
        if detail is None:
            self.desk.say(f"{name} is gone.", "information")
            self.action_again()
            return
        variable = detail.variable
        label = f"cell {self.state.notebook.label(variable.cell_id)}" if variable.cell_id else ""

        def left(goes: bool | None) -> None:
            if goes:
                self._go_to_cell(variable)

        await self.app.push_screen(VariableScreen(detail, label), left)

    def action_cell(self) -> None:
        for variable in self._known.shown:
            if variable.name == self.list.marked:
                self._go_to_cell(variable)

    def _go_to_cell(self, variable: Variable) -> None:
        if self.state.notebook.has_cell(variable.cell_id):
            self.go_to(variable.cell_id)
        else:
            self.desk.say(f"The cell that bound {variable.name} is deleted.", "information")

    def action_again(self) -> None:
        self._asked = None
        self._ask_if_changed()

    def action_order(self) -> None:
        self._order = (self._order + 1) % len(_ORDERS)
        self.redraw()

    def action_filter(self) -> None:
        self._input.display = True
        self._input.focus()

    @on(Input.Changed)
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self.redraw()

    @on(Input.Submitted)
    def _filter_kept(self, event: Input.Submitted) -> None:
        event.stop()
        self._input.display = bool(self._input.value)
        self.take_focus()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self._input.has_focus:
            event.stop()
            self._input.value = ""
            self._input.display = False
            self.take_focus()


def variable_lines(
    variables: Sequence[Variable], label: Callable[[str], str], width: int, palette: Palette
) -> list[Line]:
    """A line for each: name, type, size, cell, and where there is room what it holds.

    >>> shown = [Variable("x", "variable", "list", "2 items", None, "c1", "[1, 2]")]
    >>> [line.text.plain.rstrip() for line in variable_lines(shown, lambda id: "1", 70, Palette())]
    ['NAME  TYPE  SIZE     BYTES  CELL  VALUE', 'x     list  2 items         1     [1, 2]']
    """
    rows = [_TITLES] + [
        (
            printable_row(each.name),
            printable_row(each.type),
            each.size.replace(*_CHARACTERS),
            size_text(each.bytes),
            label(each.cell_id),
        )
        for each in variables
    ]
    is_previewed = width >= _PREVIEWED
    widths = columns_of(rows, width - max(14, width // 4) if is_previewed else width)
    styles = [palette.strong, palette.function, palette.number, palette.muted, palette.muted]
    titles = row_text(rows[0], widths, [palette.muted] * len(_TITLES))
    lines = [Line(titles.append("  VALUE", palette.muted) if is_previewed else titles)]
    for row, each in zip(rows[1:], variables, strict=True):
        text = row_text(row, widths, styles)
        if is_previewed:
            text.append("  ").append(printable_row(each.preview), palette.muted)
        lines.append(Line(text, each.name))
    return lines


def _ordered(variables: Sequence[Variable], by: str, place: Callable[[str], tuple[int, int]]) -> list[Variable]:
    def size(each: Variable) -> Any:
        return -(each.bytes or 0), each.name

    def cell(each: Variable) -> Any:
        return place(each.cell_id), each.name

    if by == "name":
        return list(variables)
    return sorted(variables, key=size if by == "size" else cell)
