"""What the keys of the group Write do: cells and sections come, move and go.

The session answers later, so what is to be focused then is remembered as `_awaited`.
"""

from __future__ import annotations

from collections.abc import Callable

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell, CellKind, Section
from notebook_tui.document.operations import (
    DeleteCell,
    DeleteSection,
    InsertSection,
    MoveCell,
    MoveSection,
    RenameSection,
    SetTitle,
)
from notebook_tui.ui.cells.items import TITLE_ID
from notebook_tui.ui.commands.history import DELETED
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.ids import new_id
from notebook_tui.ui.insertion import NEW_SECTION, inserting, section_place


@frozen
class Awaited:
    """What was asked for and gets the focus once it is there."""

    id: str
    edited: bool = True
    caret: int | None = None
    """Where the caret is to stand; None: at the end."""


class WriteCommands:
    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._clock = clock
        self._awaited: Awaited | None = None
        self._deleting: str | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether something new is to get the focus, and the keys that follow, and is not there yet."""
        return self._awaited is not None

    def give_up(self) -> None:
        """What was asked for will not come."""
        self._awaited = self._deleting = None

    def settle(self) -> None:
        """To be called when a new state is shown: gives the focus to what was asked for, tells what is gone."""
        notebook, awaited = self._desk.state.notebook, self._awaited
        if self._deleting and not notebook.has_cell(self._deleting):
            self._deleting = None
            self._desk.say(DELETED, "information")
        if awaited is None:
            return
        if notebook.has_cell(awaited.id) and awaited.edited:
            self._awaited = None
            self._desk.view.edit(notebook.cell(awaited.id), caret=awaited.caret)
        elif notebook.has_cell(awaited.id) or any(section.id == awaited.id for section in notebook.sections):
            self._awaited = None
            self._desk.view.focus_item(awaited.id)

    def await_new(self, id: str, caret: int | None = None) -> str:
        """The cell of this id is edited once it is there."""
        self._awaited = Awaited(id, caret=caret)
        return id

    def await_focus(self, id: str) -> str:
        """The cell or section of this id has the focus once it is there."""
        self._awaited = Awaited(id, edited=False)
        return id

    def edit(self) -> None:
        """The cell in the editor; a title or a name in a line of its own."""
        if cell := self._desk.focused_cell:
            self._desk.view.edit(cell)
        elif self._desk.focused_id == TITLE_ID:
            self._rename_notebook()
        elif section := self._section():
            self._rename_section(section)

    def leave(self) -> None:
        self._desk.view.leave()

    def insert_code_below(self) -> None:
        self._insert("code", below=True)

    def insert_code_above(self) -> None:
        self._insert("code", below=False)

    def insert_markdown_below(self) -> None:
        self._insert("markdown", below=True)

    def insert_markdown_above(self) -> None:
        self._insert("markdown", below=False)

    def insert_section(self) -> None:
        def insert(name: str | None) -> None:
            if name is not None:
                index = section_place(self._desk.state.notebook, self._desk.focused_id)
                self._desk.ask(InsertSection(index, self.await_focus(new_id()), name))

        self._ask_for("Name of the new section", NEW_SECTION, insert)

    def _ask_for(self, what: str, proposal: str, answered: Callable[[str | None], None]) -> None:
        from notebook_tui.ui.dialogs.prompt_screen import PromptScreen

        self._desk.view.app.push_screen(PromptScreen(what, proposal), answered)

    def move_down(self) -> None:
        self._move(1)

    def move_up(self) -> None:
        self._move(-1)

    def delete(self) -> None:
        """The cell at once, for a key puts it back; a section with cells after a question."""
        if section := self._section():
            self._delete_section(section)
            return
        self._desk.view.leave()
        cell = self._desk.focused_cell
        home = self._desk.state.notebook.section_of(cell.id) if cell else None
        if cell is None or home is None:
            self._desk.say("The title and the setup cell belong to the notebook and cannot be deleted.", "information")
            return
        self._deleting = cell.id
        self._desk.ask(DeleteCell(cell.id, self._clock()))

    def _insert(self, kind: CellKind, *, below: bool) -> None:
        cell = Cell(new_id(), kind)
        self._desk.view.leave()
        self.await_new(cell.id)
        notebook, focused = self._desk.state.notebook, self._desk.focused_id
        self._desk.ask(*inserting(notebook, focused, cell, below=below, section_id=new_id()))

    def _move(self, offset: int) -> None:
        cell = self._desk.focused_cell
        if section := self._section():
            self._desk.ask(MoveSection(section.id, offset))
        elif cell is None or self._desk.state.notebook.section_of(cell.id) is None:
            self._desk.say("Only sections and their cells can be moved.", "information")
        else:
            self._desk.ask(MoveCell(cell.id, offset))

    def _section(self) -> Section | None:
        """The section whose heading has the focus."""
        sections = self._desk.state.notebook.sections
        return next((each for each in sections if each.id == self._desk.focused_id), None)

    def _rename_notebook(self) -> None:
        def rename(title: str | None) -> None:
            if title is not None:
                self._desk.ask(SetTitle(title))

        self._ask_for("Title of the notebook", self._desk.state.notebook.title, rename)

    def _rename_section(self, section: Section) -> None:
        def rename(name: str | None) -> None:
            if name is not None:
                self._desk.ask(RenameSection(section.id, name))

        self._ask_for("Name of the section", section.name, rename)

    def _delete_section(self, section: Section) -> None:
        if not section.cells:
            self._desk.ask(DeleteSection(section.id, with_cells=True, at=self._clock()))
            return

        def delete(answer: str | None) -> None:
            if answer is not None:
                self._desk.ask(DeleteSection(section.id, with_cells=answer == "all", at=self._clock()))

        noun = "cell" if len(section.cells) == 1 else "cells"
        choices = [Choice("d", "all", f"Delete it with its {len(section.cells)} {noun}")]
        if section.id != self._desk.state.notebook.sections[0].id:
            choices.append(Choice("m", "heading", f"Keep the {noun}, in the section above"))
        self._desk.view.app.push_screen(ChoiceScreen(f"Delete the section “{section.name}”?", choices), delete)
