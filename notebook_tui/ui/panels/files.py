"""The files at the side: those that belong to the notebook, and what else lies in its directory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from notebook_tui.document.notebook import Cell
from notebook_tui.document.state import State
from notebook_tui.session.attachments import FOLDER
from notebook_tui.session.notebook_files import FileSeen, NotebookFiles
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.drawing.amounts import size_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.ids import new_id
from notebook_tui.ui.insertion import inserting
from notebook_tui.ui.panels.form_screen import FormField, FormScreen, Troubles, Values
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import BLANK, Line, heading, said
from notebook_tui.ui.panels.reading_code import reading_code


class FilesPanel(ListPanel):
    NAME = "files"
    TITLE = "Files"
    WIDTH = 50
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "a cell that reads it"),
        Binding("a", "add", "add by path"),
        Binding("t", "take", "take in"),
        Binding("x", "remove", "remove"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._files: NotebookFiles | None = None
        self._listed: object = None

    def opened(self) -> None:
        self._listed = None

    def show(self, state: State) -> None:
        worth = state.path, state.notebook.metadata.get("file_entries"), state.runs, bool(state.running)
        if worth != self._listed:
            self._listed = worth
            self.refresh_from("listing files", self._list)
        super().show(state)

    async def _list(self) -> None:
        self._files = await self.desk.client.files()
        self.redraw()

    def worth(self, state: State) -> object:
        return state.path

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        if self._files is None:
            words = "The notebook has no file yet, so none lies beside it. Ctrl+S saves it."
            return said(words if self.state.path is None else "Looking…", width, palette)
        return tuple(file_lines(self._files, width, palette))

    def chosen(self, id: str) -> None:
        kind, _, name = id.partition(":")
        if kind == "folder":
            self.desk.say(f"{name} is a directory. A cell lists it: sorted(Path({name!r}).iterdir())", "information")
            return
        path = f"{FOLDER}/{name}" if kind == "attached" else name
        cell = Cell(new_id(), "code", reading_code(path))
        notebook, focused = self.state.notebook, self.desk.focused_id
        self.desk.ask(*inserting(notebook, focused, cell, below=True, section_id=new_id()))
        self.desk.say(f"A cell that reads {name} is below the focused one.", "information")

    def action_take(self) -> None:
        kind, _, name = self.list.marked.partition(":")
        if kind != "beside":
            self.desk.say("Mark a file of the directory first: t copies it to those of the notebook.", "information")
        else:
            self.ask("adding the file", self._take_in, name)

    def action_add(self) -> None:
        async def check(values: Values) -> Troubles:
            return {} if values["path"].strip() else {"path": "expected the path of a file; it is empty"}

        def filled(values: Values | None) -> None:
            if values is not None:
                self.ask("adding the file", self._take_in, values["path"].strip())

        words = f"It is copied to {FOLDER}/ beside the notebook, and stands in its metadata."
        fields = (FormField("path", "Path", "such as ~/data/cats.csv"),)
        self.app.push_screen(FormScreen("A file for this notebook", fields, check, words, "adds it"), filled)

    async def _take_in(self, source: str) -> None:
        name = await self.desk.client.attach_file(source)
        self.desk.say(f"{name} belongs to the notebook now. Enter writes a cell that reads it.", "information")
        await self._list()

    def action_remove(self) -> None:
        kind, _, name = self.list.marked.partition(":")
        if kind != "attached":
            self.desk.say("Only files that belong to the notebook are removed here.", "information")
            return

        def agreed(answer: str | None) -> None:
            if answer == "remove":
                self.ask("removing the file", self._remove, name)

        choices = (Choice("y", "remove", "Remove it"), Choice("n", "stay", "Keep it"))
        self.app.push_screen(ChoiceScreen(f"{FOLDER}/{name} is deleted from the disk.", choices), agreed)

    async def _remove(self, name: str) -> None:
        await self.desk.client.remove_file(name)
        await self._list()


def file_lines(files: NotebookFiles, width: int, palette: Palette) -> Iterator[Line]:
    yield heading("Of this notebook", palette)
    for each in files.attached:
        yield _file_line(each, f"attached:{each.name}", width, palette)
    if not files.attached:
        yield from said("none. a adds one by its path.", width, palette)
    yield BLANK
    yield heading("Beside it", palette)
    yield from said(files.directory, width, palette)
    for each in files.beside:
        kind = "folder" if each.is_directory else "beside"
        yield _file_line(each, f"{kind}:{each.name}", width, palette)
    if files.more:
        yield from said(f"and {files.more:,} more", width, palette)


def _file_line(file: FileSeen, id: str, width: int, palette: Palette) -> Line:
    words = "missing" if file.is_missing else "" if file.is_directory else size_text(file.size)
    name = Text(printable_row(file.name) + ("/" if file.is_directory else ""))
    name.truncate(max(8, width - len(words) - 2), overflow="ellipsis")
    name.append(" " * max(2, width - name.cell_len - len(words)))
    return Line(name.append(words, palette.error if file.is_missing else palette.muted), id)
