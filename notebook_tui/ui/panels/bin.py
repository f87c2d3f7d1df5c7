"""The bin and the history at the side: cells that were deleted, to be put back, and edits, to be undone up to any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType

from notebook_tui.document.bin import Binned
from notebook_tui.document.history import Step
from notebook_tui.document.operations import Redo, RestoreCell, Undo
from notebook_tui.document.state import State
from notebook_tui.session.run_log import Ran
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.drawing.amounts import age_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import BLANK, Line, PanelList, heading, said

_PREVIEW: Final = 8
"""Lines of the marked cell that are shown."""
_STEPS: Final = 50


class BinPanel(ListPanel):
    NAME = "bin"
    TITLE = "Bin and history"
    WIDTH = 52
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "put back · undo to here"),
        Binding("u", "undo", "undo"),
        Binding("r", "redo", "redo"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._restored = ""
        self._ran: Sequence[Ran] = ()
        self._runs_of = -1
        """After so many runs the session was asked who ran what."""

    def show(self, state: State) -> None:
        super().show(state)
        if self._restored and state.notebook.has_cell(self._restored):
            self.desk.view.focus_item(self._restored)
            self._restored = ""
        if self.display:
            self._look_for_runs(state)

    def come_up(self, state: State, focused_id: str) -> None:
        super().come_up(state, focused_id)
        self._look_for_runs(state)

    def _look_for_runs(self, state: State) -> None:
        if state.runs != self._runs_of:
            self._runs_of = state.runs
            self.refresh_from("who ran what", self._learn_runs)

    async def _learn_runs(self) -> None:
        self._ran = await self.desk.client.runs()
        self.redraw()

    def worth(self, state: State) -> object:
        return state.bin, state.past, state.future

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        state, now = self.state, self.desk.now()
        return (
            *bin_lines(state.bin, self.list.marked, now, width, palette),
            BLANK,
            *history_lines(state.past, state.future, width, palette),
            *run_lines(self._ran, now, width, palette),
        )

    def on_panel_list_marked(self, event: PanelList.Marked) -> None:
        event.stop()
        self.redraw()  # with what the marked cell holds

    def chosen(self, id: str) -> None:
        kind, _, which = id.partition(":")
        if kind == "cell":
            self._restored = which
            self.desk.ask(RestoreCell(which))
        elif kind == "past":
            self.desk.ask(*[Undo(self.desk.now())] * int(which))
        elif kind == "future":
            self.desk.ask(*[Redo(self.desk.now())] * int(which))

    def action_undo(self) -> None:
        if self.state.past:
            self.desk.ask(Undo(self.desk.now()))
        else:
            self.desk.say("There is nothing to undo.", "information")

    def action_redo(self) -> None:
        if self.state.future:
            self.desk.ask(Redo(self.desk.now()))
        else:
            self.desk.say("Nothing was undone.", "information")


def bin_lines(bin: Sequence[Binned], marked: str, now: float, width: int, palette: Palette) -> Iterator[Line]:
    """The newest first; beneath the marked one what it holds."""
    yield heading("Deleted cells", palette)
    if not bin:
        yield from said("None. dd deletes a cell.", width, palette)
    for each in reversed(bin):
        id = f"cell:{each.cell.id}"
        lines = each.cell.source.splitlines()
        first = next((line.strip() for line in lines if line.strip()), "(empty)")
        age = f"{age_text(now - each.at)} ago" if each.at else ""
        text = Text(("¶ " if each.cell.kind == "markdown" else "⟩ ") + printable_row(first))
        text.truncate(max(8, width - len(age) - 2), overflow="ellipsis")
        text.append(" " * max(2, width - text.cell_len - len(age))).append(age, palette.muted)
        yield Line(text, id)
        if id == marked:
            yield Line(Text(f"  in {printable_row(each.section_name)}", palette.muted))
            yield from (Line(Text(f"  │ {printable_row(line)}", palette.muted)) for line in lines[:_PREVIEW])
            if len(lines) > _PREVIEW:
                yield Line(Text(f"  │ … {len(lines) - _PREVIEW} more lines", palette.muted))


def run_lines(ran: Sequence[Ran], now: float, width: int, palette: Palette) -> Iterator[Line]:
    """Who ran what, the newest first.

    >>> ran = Ran(0.0, "ann", "", "c", "3", "00ff", "error")
    >>> [line.text.plain for line in run_lines([ran], 60.0, 40, Palette())]
    ['', 'Runs', '✗ cell 3  ann · 1 min ago']
    """
    if ran:
        yield BLANK
        yield heading("Runs", palette)
    for each in list(reversed(ran))[:_STEPS]:
        sign, ink = ("✓", palette.ok) if each.ending == "ok" else ("✗", palette.error)
        who = "by itself" if each.by_itself else printable_row(each.person) or "owner"
        text = Text.assemble((f"{sign} ", ink), f"cell {each.label or each.cell_id}  ")
        text.append(f"{who} · {age_text(now - each.at)} ago", palette.muted)
        text.truncate(max(8, width), overflow="ellipsis")
        yield Line(text)


def history_lines(past: Sequence[Step], future: Sequence[Step], width: int, palette: Palette) -> Iterator[Line]:
    """What can be done again above the line of now, what can be undone below it; the nearest stand next to it.

    >>> steps = (Step("moved a cell", ()), Step("deleted a cell", ()))
    >>> [line.text.plain for line in history_lines(steps, (), 30, Palette())]
    ['History', '── now', '↶ deleted a cell', '↶ moved a cell']
    """
    yield heading("History", palette)
    if not past and not future:
        yield from said("Nothing was edited yet.", width, palette)
        return
    # Of those to be done again the next one is last in the state.
    for number, step in enumerate(future[-_STEPS:]):
        count = len(future[-_STEPS:]) - number
        yield Line(Text(f"↷ {printable_row(step.words)}", palette.muted), f"future:{count}")
    yield Line(Text("── now", palette.faint))
    for count, step in enumerate(list(reversed(past))[:_STEPS], 1):
        yield Line(Text(f"↶ {printable_row(step.words)}"), f"past:{count}")
    if len(past) > _STEPS:
        yield from said(f"and {len(past) - _STEPS} edits before", width, palette)
