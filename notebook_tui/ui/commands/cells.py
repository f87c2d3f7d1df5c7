"""What the keys of the group Cells do: a cell becomes two, or two one; it changes its kind, is copied, has settings.

Sections too: where they stand, and what they branch from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from notebook_tui.document.notebook import Cell, CellKind, Section
from notebook_tui.document.operations import (
    DeleteCell,
    InsertCell,
    MergeCells,
    SetCellKind,
    SetCellMetadata,
    SetSectionParent,
    SplitCell,
)
from notebook_tui.ui.commands.write import WriteCommands
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.ids import new_id
from notebook_tui.ui.insertion import place_beside

_MAIN = ""
_LETTERS = "abcdefghilmnoprstuvwxyz"


class CellCommands:
    def __init__(self, desk: Desk, write: WriteCommands, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._write = write
        self._clock = clock
        self._copied: Cell | None = None

    def split_cell(self) -> None:
        """At the caret; the part below it is edited next, from its beginning."""
        cell, view = self._desk.focused_cell, self._desk.view
        if cell is None or not view.is_editing:
            self._desk.say("Edit the cell first: it is split where the caret is.", "information")
            return
        offset = view.editor.offset_of_caret
        view.leave()
        new = self._write.await_new(new_id(), caret=0)
        self._desk.ask(SplitCell(cell.id, offset, new))

    def merge_cell(self) -> None:
        """With the cell below it. Where the cell is edited, the caret stays."""
        cell, view = self._desk.focused_cell, self._desk.view
        if cell is None:
            self._desk.say("This is no cell: only cells are merged.", "information")
        else:
            view.flush()
            self._desk.ask(MergeCells(cell.id, self._clock()))

    def turn_into_markdown(self) -> None:
        self._turn("markdown")

    def turn_into_code(self) -> None:
        self._turn("code")

    def copy_cell(self) -> None:
        if (cell := self._desk.focused_cell) is None:
            self._desk.say("This is no cell: only cells are copied.", "information")
        else:
            self._copied = cell
            self._desk.view.app.copy_to_clipboard(cell.source)
            self._desk.say("Cell copied. p puts it below, P above.", "information")

    def cut_cell(self) -> None:
        cell = self._desk.focused_cell
        if cell is None or self._desk.state.notebook.section_of(cell.id) is None:
            self._desk.say("Only the cells of sections can be cut.", "information")
        else:
            self._copied = cell
            self._desk.view.app.copy_to_clipboard(cell.source)
            self._desk.ask(DeleteCell(cell.id, self._clock()))
            self._desk.say("Cell cut. p puts it below, P above.", "information")

    def paste_below(self) -> None:
        self._paste(below=True)

    def paste_above(self) -> None:
        self._paste(below=False)

    def cell_settings(self) -> None:
        """Each with the value that it has; what is chosen is changed at once."""
        from notebook_tui.ui.dialogs.cell_settings import CellSettings

        cell = self._desk.focused_cell
        if cell is None or cell.kind != "code":
            self._desk.say("Only code cells have settings.", "information")
            return

        def change(changed: dict[str, object] | None) -> None:
            self._desk.ask(*(SetCellMetadata(cell.id, key, value) for key, value in (changed or {}).items()))

        self._desk.open(CellSettings(cell), change)

    def branch_section(self) -> None:
        """The section that has the focus, or in which it is, branches from another one."""
        section = self._focused_section()
        if section is None:
            self._desk.say("There is no section here that could branch from another one.", "information")
            return
        notebook = self._desk.state.notebook
        above = notebook.sections[: notebook.sections.index(section)]
        parents = [each for each in above if each.parent is None]
        choices = [Choice(letter, each.id, each.name) for letter, each in zip(_LETTERS, parents, strict=False)]
        if section.parent is not None:
            choices.append(Choice("0", _MAIN, "From none: it belongs to the main flow"))
        if not choices:
            self._desk.say("There is no section above this one that it could branch from.", "information")
            return

        def branch(parent: str | None) -> None:
            if parent is not None:
                self._desk.ask(SetSectionParent(section.id, parent or None))

        self._desk.open(ChoiceScreen(f"“{section.name}” branches from", choices), branch)

    def _turn(self, kind: CellKind) -> None:
        cell = self._desk.focused_cell
        if cell is None or cell.kind == kind:
            noun = "Markdown" if kind == "markdown" else "code"
            self._desk.say(f"This is no cell that could be turned into {noun}.", "information")
        else:
            self._desk.view.leave()
            self._desk.ask(SetCellKind(cell.id, kind))

    def _paste(self, *, below: bool) -> None:
        notebook = self._desk.state.notebook
        place = place_beside(notebook, self._desk.focused_id, below=below)
        if self._copied is None:
            self._desk.say("No cell was copied yet. yy copies the one that has the focus.", "information")
        elif place is None:
            self._desk.say("There is no section to put the cell into. S makes one.", "information")
        else:
            cell = replace(self._copied, id=self._write.await_focus(new_id()), outputs=())
            self._desk.ask(InsertCell(place.section_id, place.index, cell))

    def _focused_section(self) -> Section | None:
        notebook, focused = self._desk.state.notebook, self._desk.focused_id
        own = next((each for each in notebook.sections if each.id == focused), None)
        return own or notebook.section_of(focused)
