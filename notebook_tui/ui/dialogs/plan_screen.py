"""What would run, before it does: each cell with its first line and the reason."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import ClassVar, Final, Literal, TypeAlias

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from notebook_tui.document.notebook import SETUP_CELL_ID
from notebook_tui.document.plan import Plan
from notebook_tui.document.reasons import why, words
from notebook_tui.document.state import State
from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable

PlanAnswer: TypeAlias = Literal["run", "alone", "never"]
"""Run it all; run what was asked for and nothing else; run it all, and show no plan again."""
_MANY: Final = 3


class PlanScreen(ModalScreen[PlanAnswer | None], ClosesOnce[PlanAnswer | None]):
    DEFAULT_CSS = """
    PlanScreen VerticalScroll { height: auto; max-height: 16; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss('run')", show=False),
        Binding("o", "dismiss('alone')", show=False),
        Binding("d", "dismiss('never')", show=False),
        Binding("escape,q", "dismiss(None)", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, plan: Plan, asked: Sequence[str], state: State) -> None:
        super().__init__()
        self._plan = plan
        self._asked = frozenset(asked)
        self._state = state

    def compose(self) -> ComposeResult:
        palette = palette_of(self.app.theme_variables)
        with Vertical(classes="dialog wide"):
            yield Static(Text(heading(self._plan)), classes="dialog-title")
            with VerticalScroll():
                yield Static(plan_table(self._plan, self._asked, self._state, palette))
            note = "Enter runs them · o only what was asked for · d and do not show this again · Esc cancels"
            yield Static(Text(note), classes="dialog-note")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_scroll(self, rows: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)


def deserves_a_look(plan: Plan, asked: Iterable[str], state: State) -> bool:
    """Whether much runs that was not asked for, or values are lost that somebody computed."""
    unasked = set(plan.cells) - set(asked)
    has_values = any(run.defines for cell_id, run in state.evaluations.items() if cell_id != SETUP_CELL_ID)
    return len(unasked) >= _MANY or (plan.fresh_runtime and has_values)


def heading(plan: Plan) -> str:
    """
    >>> heading(Plan(("a",)))
    'This cell will run'
    >>> heading(Plan(("a", "b"), fresh_runtime=True))
    'These 2 cells will run, in a fresh runtime: all values are lost first'
    """
    count = len(plan.cells)
    cells = "This cell will run" if count == 1 else f"These {count} cells will run"
    return cells + (", in a fresh runtime: all values are lost first" if plan.fresh_runtime else "")


def plan_table(plan: Plan, asked: Container[str], state: State, palette: Palette) -> Table:
    """A row for each cell: its name, its first line, and why it runs."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(justify="right", style=palette.strong, no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column(style=palette.muted, ratio=4)
    for cell_id in plan.cells:
        table.add_row(*_named(cell_id, state), _reason(cell_id, asked, state))
    for cell_id in plan.perhaps:
        table.add_row(*_named(cell_id, state), "perhaps: if what it reads comes out otherwise")
    return table


def _named(cell_id: str, state: State) -> tuple[str, Text]:
    name = "setup" if cell_id == SETUP_CELL_ID else state.notebook.label(cell_id)
    return name, Text(printable(state.notebook.cell(cell_id).source.strip().split("\n", 1)[0]))


def _reason(cell_id: str, asked: Container[str], state: State) -> str:
    reasons = why(state, cell_id)
    if reasons:
        return words(reasons[0], state.notebook)
    return "you asked for it" if cell_id in asked else "it reads what runs"
