"""What is done with a whole text at once: formatting it, and editing it with another program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from notebook_tui.document.delta import between, transform_position
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import SetCellSource
from notebook_tui.runtime.formatting import NotFormatted
from notebook_tui.session.merging.lines import merged_lines
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.editing.passage import Passage

_MEANWHILE: Final = (
    Choice("m", "mine", "Take mine: theirs stays in the history"),
    Choice("t", "theirs", "Keep theirs, and put mine into a new cell below"),
)


class TextCommands:
    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._clock = clock

    async def format_cell(self) -> None:
        """One step that can be undone; the caret stays where it was in the code."""
        cell, view = self._desk.focused_cell, self._desk.view
        if cell is None or not cell.runnable:
            self._desk.say("Only Python cells are formatted.", "information")
            return
        before = view.editor.passage if view.is_editing else Passage.at(cell.source, 0)
        found = await self._desk.client.format(before.text)
        if isinstance(found, NotFormatted):
            self._tell(found, cell, before)
            return
        now = view.editor.passage.text if self._is_edited(cell) else self._source(cell)
        if now != before.text:
            view.remark("Not formatted: the text has changed meanwhile.")
        elif found.source == before.text:
            view.remark("It is formatted already.")
        elif self._is_edited(cell):
            change = between(before.text, found.source)
            caret = transform_position(change, view.editor.passage.caret)
            view.editor.become(Passage.at(found.source, min(caret, len(found.source))))
        else:
            self._desk.ask(SetCellSource(cell.id, found.source, self._clock()))

    async def format_notebook(self) -> None:
        """All Python cells; those that cannot be are named."""
        self._desk.view.leave()
        formatted, refused = 0, list[str]()
        for cell in [each for each in self._desk.state.notebook.cells() if each.runnable and each.source.strip()]:
            found = await self._desk.client.format(cell.source)
            if isinstance(found, NotFormatted) and found.no_formatter:
                self._desk.say(found.message, "warning")
                return
            if isinstance(found, NotFormatted):
                where = f", line {found.line}" if found.line else ""
                refused.append(f"cell {self._desk.state.notebook.label(cell.id)}{where}: {found.message}")
            elif found.source != cell.source and self._source(cell) == cell.source:
                formatted += 1
                self._desk.ask(SetCellSource(cell.id, found.source, self._clock()))
        noun = "cell" if formatted == 1 else "cells"
        said = f"{formatted} {noun} formatted." if formatted else "No cell was changed."
        if refused:
            self._desk.say(f"{said} Not formatted: {'; '.join(refused)}", "warning")
        else:
            self._desk.say(said, "information")

    async def edit_outside(self) -> None:
        """The cell in the program that VISUAL or EDITOR names; what others changed meanwhile is merged."""
        from notebook_tui.ui.commands.outside_editor import OutsideEditorError, edited_outside

        cell, view = self._desk.focused_cell, self._desk.view
        if cell is None:
            self._desk.say("This is no cell: only cells are edited.", "information")
            return
        was_edited, line = view.is_editing, view.caret_place.line
        text = view.editor.passage.text if was_edited else cell.source
        view.leave()
        language = "markdown" if cell.kind == "markdown" else cell.language
        try:
            mine = await edited_outside(view.app, text, language, line)
        except OutsideEditorError as error:
            self._desk.say(str(error), "error")
            return
        if not self._desk.state.notebook.has_cell(cell.id):
            view.app.copy_to_clipboard(mine)
            self._desk.say("The cell is gone: its text was copied to the clipboard.", "warning")
            return
        if mine == text:
            view.remark("Nothing was changed.")
            # Before the session has answered it has what there was before the last letters: nobody else's text.
            text = text if self._source(cell) == cell.source else self._source(cell)
        else:
            text = self._take(cell, text, mine)
        if was_edited:
            # Not what the session has: what is typed now goes on from what it will have.
            view.edit(replace(self._desk.state.notebook.cell(cell.id), source=text))

    def _take(self, cell: Cell, before: str, mine: str) -> str:
        """What the cell's text is from now on."""
        theirs = self._source(cell)
        if theirs in (before, mine, cell.source):
            self._desk.ask(SetCellSource(cell.id, mine, self._clock()))
            return mine
        if (both := merged_lines(before, mine, theirs)) is not None:
            self._desk.ask(SetCellSource(cell.id, both, self._clock()))
            self._desk.say("The cell was changed here too meanwhile: both changes are in it.", "warning")
            return both
        self._ask_whose(cell, mine)
        return theirs

    def _ask_whose(self, cell: Cell, mine: str) -> None:
        from notebook_tui.document.operations import InsertCell
        from notebook_tui.ui.ids import new_id
        from notebook_tui.ui.insertion import place_beside

        def take(answer: str | None) -> None:
            notebook = self._desk.state.notebook
            place = place_beside(notebook, cell.id, below=True)
            if answer == "mine" and notebook.has_cell(cell.id):
                self._desk.ask(SetCellSource(cell.id, mine, self._clock()))
            elif place is None:
                self._desk.view.app.copy_to_clipboard(mine)
                self._desk.say("There is no section for a new cell: your text was copied to the clipboard.", "warning")
            else:
                new = Cell(new_id(), cell.kind, mine, cell.language)
                self._desk.ask(InsertCell(place.section_id, place.index, new))

        self._desk.open(ChoiceScreen("Somebody changed the same lines meanwhile.", _MEANWHILE), take)

    def _tell(self, found: NotFormatted, cell: Cell, before: Passage) -> None:
        """At its line, where there is one."""
        if found.line is None:
            self._desk.say(f"Not formatted: {found.message}", "warning")
            return
        self._desk.say(f"Not formatted, line {found.line}: {found.message}", "warning")
        editor = self._desk.view.editor
        if self._is_edited(cell) and editor.passage.text == before.text:
            lines = before.text.split("\n")
            row = min(found.line, len(lines)) - 1
            editor.become(before.to(sum(len(each) + 1 for each in lines[:row]) + len(lines[row])))

    def _is_edited(self, cell: Cell) -> bool:
        return self._desk.view.is_editing and self._desk.focused_id == cell.id

    def _source(self, cell: Cell) -> str:
        notebook = self._desk.state.notebook
        return notebook.cell(cell.id).source if notebook.has_cell(cell.id) else ""
