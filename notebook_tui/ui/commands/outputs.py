"""What the keys of the group Outputs do: what a cell shows is opened, folded, copied and saved."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from notebook_tui.document.notebook import Cell
from notebook_tui.document.outputs import Error, Output
from notebook_tui.ui.commands.places import PlaceCommands
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.driver.picture_app import PictureApp
from notebook_tui.ui.outputs.display_rows import has_pictures, pictures_alone
from notebook_tui.widgets.filled_in import filled_in
from notebook_tui.widgets.views import Gallery, View

if TYPE_CHECKING:
    from notebook_tui.ui.commands.taking import Taking

_NO_OUTPUT: Final = "This cell has no output."
_NO_CELL: Final = "This is no cell: it has neither a source nor an output."


class OutputCommands:
    """What is used seldom is imported when it is."""

    def __init__(self, desk: Desk, places: PlaceCommands) -> None:
        self._desk = desk
        self._places = places

    def open_output(self) -> None:
        from notebook_tui.ui.outputs.output_screen import OutputScreen

        if self._places.open_table():
            return
        if self._places.gallery is not None:
            self._open_pictures(self._gallery)
            return
        if (cell := self._with_output()) is not None:
            if pictures_alone(cell.outputs):
                self._open_pictures(partial(self._seen, cell.id))
                return
            newest = partial(self._newest, cell.id)
            screen = OutputScreen(newest, cell.id, copy=self._taking.copy, save=self._taking.save)
            self._desk.view.app.push_screen(screen)

    def open_pictures(self) -> None:
        cell = self._desk.focused_cell
        if cell is None or not has_pictures(cell.outputs):
            self._desk.say("This cell has no picture.", "information")
        else:
            self._open_pictures(partial(self._seen, cell.id))

    def _open_pictures(self, outputs: Callable[[], tuple[Output, ...]]) -> None:
        from notebook_tui.ui.outputs.picture_screen import PictureScreen

        app = self._desk.view.app
        assert isinstance(app, PictureApp)
        app.push_screen(PictureScreen(outputs, app.pictures))

    def fold_output(self) -> None:
        if (cell := self._with_output()) is not None:
            self._desk.view.fold(self._desk.view.folded ^ {cell.id})

    def fold_all_outputs(self) -> None:
        """All of them; where they all are already, none."""
        every = frozenset(cell.id for cell in self._desk.state.notebook.cells() if cell.outputs)
        if not every:
            self._desk.say("No cell has an output.", "information")
        else:
            self._desk.view.fold(frozenset() if every <= self._desk.view.folded else every)

    def go_to_error(self) -> None:
        """To the line that raised: that of the focused cell's error, or else of the first one in the notebook."""
        cells = {cell.id: cell for cell in self._desk.state.notebook.cells()}
        failed = {cell.id: error for cell in cells.values() if (error := _error(cell)) is not None}
        error_id = self._desk.focused_id if self._desk.focused_id in failed else next(iter(failed), None)
        if error_id is None:
            self._desk.say("No cell shows an error.", "information")
            return
        error = failed[error_id]
        own = (error_id, 1 if error.line is None else error.line)
        cell_id, line = next((place for place in reversed(error.places) if place[0] in cells), own)
        self._desk.view.edit(cells[cell_id], line)

    def copy_source(self) -> None:
        self._desk.view.flush()
        if (cell := self._desk.focused_cell) is not None:
            self._taking.copy(cell.source, "the source")
        else:
            self._desk.say(_NO_CELL, "information")

    def copy_output(self) -> None:
        from notebook_tui.ui.outputs.keepsakes import text_of

        if (cell := self._with_output()) is not None:
            self._taking.copy(text_of(cell.outputs), "the output")

    def save_output(self) -> None:
        if (cell := self._with_output()) is not None:
            self._taking.save(cell.outputs)

    @cached_property
    def _taking(self) -> Taking:
        from notebook_tui.ui.commands.taking import Taking

        return Taking(self._desk)

    def _newest(self, cell_id: str) -> tuple[Output, ...]:
        """The outputs of the cell as it is now; nothing once it is deleted."""
        outputs = next((each.outputs for each in self._desk.state.notebook.cells() if each.id == cell_id), ())
        values = self._desk.view.looks.values
        return tuple(filled_in(each, values) if isinstance(each, View) else each for each in outputs)

    def _seen(self, cell_id: str) -> tuple[Output, ...]:
        """The same, of each gallery the page that its viewer has turned to."""
        pages = self._desk.view.looks.pages
        outputs = self._newest(cell_id)
        return tuple(pages.get(each.ref, each) if isinstance(each, Gallery) else each for each in outputs)

    def _gallery(self) -> tuple[Output, ...]:
        gallery = self._places.gallery
        return () if gallery is None else (gallery,)

    def _with_output(self) -> Cell | None:
        cell = self._desk.focused_cell
        if cell is not None and cell.outputs:
            return cell
        self._desk.say(_NO_OUTPUT, "information")
        return None


def _error(cell: Cell) -> Error | None:
    return next((output for output in reversed(cell.outputs) if isinstance(output, Error)), None)
