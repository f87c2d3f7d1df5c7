"""What the keys of the groups Move and Show do: the focus, the window, and the screens that open on top."""

from __future__ import annotations

from collections.abc import Callable

from notebook_tui.document.outputs import Output
from notebook_tui.ui.commands.places import PlaceCommands
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.help_screen import HelpScreen
from notebook_tui.ui.dialogs.message_screen import MessageScreen
from notebook_tui.ui.dialogs.messages import MessageLog
from notebook_tui.ui.driver.picture_app import PictureApp
from notebook_tui.ui.outputs.display_rows import has_pictures, pictures_alone
from notebook_tui.ui.outputs.output_screen import OutputScreen

_FAR = 1_000_000


class ShowCommands:
    def __init__(self, desk: Desk, log: MessageLog, places: PlaceCommands) -> None:
        self._desk = desk
        self._log = log
        self._places = places

    def focus_next(self) -> None:
        self._desk.view.focus_by(1)

    def focus_previous(self) -> None:
        self._desk.view.focus_by(-1)

    def focus_first(self) -> None:
        self._desk.view.focus_by(-_FAR)

    def focus_last(self) -> None:
        self._desk.view.focus_by(_FAR)

    def page_down(self) -> None:
        self._desk.view.scroll_page(1)

    def page_up(self) -> None:
        self._desk.view.scroll_page(-1)

    def open_output(self) -> None:
        if self._places.open_table():
            return
        cell = self._desk.focused_cell
        if cell is None or not cell.outputs:
            self._desk.say("This cell has no output.", "information")
            return
        newest = self._outputs_of(cell.id)
        if pictures_alone(cell.outputs):
            self._open_pictures(newest)
        else:
            self._desk.view.app.push_screen(OutputScreen(newest))

    def open_pictures(self) -> None:
        cell = self._desk.focused_cell
        if cell is None or not has_pictures(cell.outputs):
            self._desk.say("This cell has no picture.", "information")
        else:
            self._open_pictures(self._outputs_of(cell.id))

    def _open_pictures(self, outputs: Callable[[], tuple[Output, ...]]) -> None:
        from notebook_tui.ui.outputs.picture_screen import PictureScreen

        app = self._desk.view.app
        assert isinstance(app, PictureApp)
        app.push_screen(PictureScreen(outputs, app.pictures))

    def _outputs_of(self, cell_id: str) -> Callable[[], tuple[Output, ...]]:
        """Of the cell as it is now; nothing once it is deleted."""
        return lambda: next((each.outputs for each in self._desk.state.notebook.cells() if each.id == cell_id), ())

    def show_messages(self) -> None:
        self._log.dismiss()
        self._desk.view.app.push_screen(MessageScreen(self._log.notes))

    def help(self) -> None:
        self._desk.view.app.push_screen(HelpScreen())
