"""Going to where a name is defined, and back."""

from __future__ import annotations

from notebook_tui.session.typing_help import Definition
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.editing.trail import CaretPlace


class DefinitionCommands:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._trail = desk.view.trail

    async def go_to_definition(self) -> None:
        """Of the name at the caret: in a cell, which is edited there, or in a file, which is shown."""
        view = self._desk.view
        if not view.is_editing:
            self._desk.say("Edit the cell, with the caret on a name: then F12 goes there.", "information")
            return
        passage, here = view.editor.passage, view.caret_place
        found = await self._desk.client.definition(here.cell_id, passage.text, passage.caret)
        if not view.is_editing or (view.editor.passage, view.caret_place) != (passage, here):
            return
        if found is None or not (found.cell_id or found.text or found.path):
            view.remark("Nothing is known of where this is defined.")
        elif found.cell_id:
            view.leave()
            self._go(CaretPlace(found.cell_id, found.line))
        else:
            self._show(found)

    def go_back(self) -> None:
        place = self._trail.back(self._desk.view.caret_place, self._is_there)
        if place is None:
            self._desk.view.remark("The caret was nowhere before.")
        else:
            self._go(place)

    def go_forward(self) -> None:
        place = self._trail.forward(self._desk.view.caret_place, self._is_there)
        if place is None:
            self._desk.view.remark("The caret went back from nowhere.")
        else:
            self._go(place)

    def _go(self, place: CaretPlace) -> None:
        self._desk.view.leave(remembered=False)
        cell = self._desk.state.notebook.cell(place.cell_id)
        lines = cell.source.split("\n")
        row = min(place.line, len(lines)) - 1
        line = lines[row]
        column = place.column or len(line) - len(line.lstrip())
        self._desk.view.edit(cell, caret=sum(len(each) + 1 for each in lines[:row]) + min(column, len(line)))

    def _is_there(self, place: CaretPlace) -> bool:
        return self._desk.state.notebook.has_cell(place.cell_id)

    def _show(self, found: Definition) -> None:
        from notebook_tui.ui.dialogs.source_screen import SourceScreen

        name = found.path or "a cell that is gone"
        self._desk.view.app.push_screen(SourceScreen(name, found.text, found.line))
