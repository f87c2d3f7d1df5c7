"""What a press of a place in an output does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import assert_never

from notebook_tui.document.notebook import Cell
from notebook_tui.document.state import State
from notebook_tui.ui.commands.filling import Filling
from notebook_tui.ui.commands.paging import Paging
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.spots import (
    Act,
    Fill,
    GiveKeys,
    GoTo,
    OpenTab,
    OpenWhole,
    Reply,
    Shift,
    ShowSeries,
    SortBy,
    Touch,
    TurnPage,
)
from notebook_tui.widgets.views import Form, Gallery, Input, Keyboard, Scalar, Table, View
from notebook_tui.widgets.views_within import views_in


class Touching:
    def __init__(self, desk: Desk, perform: Callable[[str], None], answer: Callable[[], object]) -> None:
        """`answer` lets the user type the line that the focused cell waits for."""
        self._desk = desk
        self._perform = perform
        self._answer = answer
        self._filling = Filling(desk, perform)
        self._paging = Paging(desk)
        self._settled: State | None = None

    def touch(self, touch: Touch) -> Coroutine[None, None, None] | None:
        """Do it; what takes a while is returned."""
        looks = self._desk.view.looks
        match touch:
            case GoTo(cell_id, line):
                self._go_to(cell_id, line)
            case Act(ref, value):
                self._act(ref, value)
            case Fill(ref):
                self._filling.fill(touch, self.field(touch))
            case OpenTab(ref, index):
                self._look(replace(looks, tabs={**looks.tabs, ref: index}))
            case ShowSeries(ref, name):
                others = {each: shown for each, shown in looks.series.items() if each != ref}
                chosen = others if looks.series.get(ref) == name else {**others, ref: name}
                self._look(replace(looks, series=chosen))
            case SortBy() | TurnPage():
                paged = self._paged(touch.ref)
                return None if paged is None else self._paging.turn(paged, touch)
            case Shift(ref, column):
                self._look(replace(looks, columns={**looks.columns, ref: column}))
            case OpenWhole():
                self._perform("open_output")
            case GiveKeys(ref):
                self._look(replace(looks, keyboard=ref))
            case Reply():
                self._answer()
            case _:
                assert_never(touch)
        return None

    def settle(self) -> None:
        """To be called when a new state is shown: looks are for views that are there, and show what inputs hold."""
        state, before = self._desk.state, self._settled
        self._settled = state
        looks = self._desk.view.looks
        if before is None or state.inputs is not before.inputs:
            held = {ref: each.value for ref, each in state.inputs.items() if isinstance(each.value, Scalar)}
            looks = replace(looks, values={**self._filling.filled, **held})
        chosen = any((looks.tabs, looks.series, looks.columns, looks.pages, looks.keyboard, self._filling.filled))
        if chosen and (before is None or state.notebook is not before.notebook):
            views = {view.ref: view for cell in state.notebook.cells() for view in _views(cell)}
            looks = self._filling.kept(self._paging.kept(looks.kept(views.keys()), views), views)
        self._look(looks)

    def view_of(self, touch: Touch) -> View | None:
        """The view in the focused cell that the place belongs to; of a field its input."""
        if isinstance(touch, Fill):
            return self.field(touch)
        ref = getattr(touch, "ref", None)
        return self._view(ref) if isinstance(ref, str) else None

    def field(self, touch: Fill) -> Input | None:
        """The input that is filled in, also one of a form."""
        view = self._view(touch.ref)
        if isinstance(view, Form):
            return dict(view.fields).get(touch.field)
        return view if isinstance(view, Input) else None

    def slides(self, touch: Fill) -> bool:
        """Whether it is a range, which is moved rather than typed."""
        field = self.field(touch)
        return field is not None and field.kind == "range"

    def change_by(self, touch: Touch | None, by: int) -> bool:
        """An input that has steps is set to the next; whether it has any."""
        if not isinstance(touch, Fill) or (field := self.field(touch)) is None:
            return False
        return self._filling.change_by(touch, field, by)

    def shift_columns(self, touch: Touch | None, by: int) -> None:
        """Show other columns of the table that the place belongs to."""
        ref = getattr(touch, "ref", None)
        table = self._table(ref) if isinstance(ref, str) else None
        if table is not None:
            looks = self._desk.view.looks
            first = max(0, min(looks.columns.get(table.ref, 0) + by, len(table.columns) - 1))
            self._look(replace(looks, columns={**looks.columns, table.ref: first}))

    def give_keys(self) -> None:
        """To the keyboard of the focused cell."""
        keyboard = next((view for view in _views(self._desk.focused_cell) if isinstance(view, Keyboard)), None)
        if keyboard is None:
            self._desk.say("This cell shows no keyboard that could take the keys.", "information")
        else:
            self._look(replace(self._desk.view.looks, keyboard=keyboard.ref))

    def table_at(self, touch: Touch | None) -> Table | None:
        """The table that the place belongs to; without a place, the one that the focused cell shows alone."""
        if touch is not None:
            view = self.view_of(touch)
            return self._table(view.ref) if isinstance(view, Table) else None
        outputs = self._desk.focused_cell.outputs if self._desk.focused_cell else ()
        return self._table(outputs[0].ref) if len(outputs) == 1 and isinstance(outputs[0], Table) else None

    def gallery_at(self, touch: Touch | None) -> Gallery | None:
        """The gallery that the place belongs to, with the page of it that is seen."""
        view = self.view_of(touch) if touch is not None else None
        paged = self._paged(view.ref) if isinstance(view, Gallery) else None
        return paged if isinstance(paged, Gallery) else None

    def _look(self, looks: Looks) -> None:
        self._desk.view.look(looks)

    def _go_to(self, cell_id: str, line: int) -> None:
        cell = next((each for each in self._desk.state.notebook.cells() if each.id == cell_id), None)
        if cell is None:
            self._desk.say("The cell with that line is gone.", "information")
        else:
            self._desk.view.edit(cell, line)

    def _act(self, ref: str, value: object) -> None:
        view = self._view(ref)
        if isinstance(view, Form):
            self._desk.client.act(ref, self._filling.submitted(view))
        else:
            self._desk.client.act(ref, value)  # type: ignore[arg-type]

    def _view(self, ref: str) -> View | None:
        return next((view for view in _views(self._desk.focused_cell) if view.ref == ref), None)

    def _paged(self, ref: str) -> Table | Gallery | None:
        view = self._view(ref)
        return self._desk.view.looks.pages.get(ref, view) if isinstance(view, Table | Gallery) else None

    def _table(self, ref: str) -> Table | None:
        paged = self._paged(ref)
        return paged if isinstance(paged, Table) else None


def _views(cell: Cell | None) -> Iterator[View]:
    return (view for output in (cell.outputs if cell else ()) for view in views_in(output))
