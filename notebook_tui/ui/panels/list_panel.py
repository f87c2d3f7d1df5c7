"""A panel that is a list of lines, drawn anew from the state and from what was asked, with its keys at the foot."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from notebook_tui.document.state import State
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.keys.key import pretty
from notebook_tui.ui.panels.panel import Panel
from notebook_tui.ui.panels.panel_list import Line, PanelList


class ListPanel(Panel):
    """Subclasses draw lines, and act on the one that is chosen. A key of theirs that is to be told has a
    description."""

    DEFAULT_CSS = """
    ListPanel .panel-keys { height: auto; width: 1fr; text-style: dim; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.list = PanelList()
        self._shown: object = None

    def compose(self) -> ComposeResult:
        yield self.list
        yield Static(Text(keys_line(self)), classes="panel-keys")

    @property
    def state(self) -> State:
        return self.desk.state

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        """What it shows now, in lines of that width."""
        raise NotImplementedError

    def chosen(self, id: str) -> None:
        """That line was chosen."""

    def worth(self, state: State) -> object:
        """What of a state it shows. What cells print makes new states, twenty a second: most are not drawn here."""
        raise NotImplementedError

    def show(self, state: State) -> None:
        worth = self.worth(state)
        if worth != self._shown:
            self._shown = worth
            self.redraw()

    def come_up(self, state: State, focused_id: str) -> None:
        self._shown = self.worth(state)
        self.redraw()
        super().come_up(state, focused_id)

    def redraw(self) -> None:
        if self.is_attached and self.display:
            self.list.show(self.draw(max(12, self.list.room), palette_of(self.app.theme_variables)))

    def on_resize(self) -> None:
        self.redraw()

    @on(PanelList.Chosen)
    def _line_chosen(self, event: PanelList.Chosen) -> None:
        event.stop()
        self.chosen(event.id)


def keys_line(panel: Panel) -> str:
    """The keys that the class of a panel names; those that all have stand in the status bar."""
    own = [each for each in type(panel).BINDINGS if isinstance(each, Binding) and each.description]
    return " · ".join(f"{pretty(each.key.split(',')[0])} {each.description}" for each in own)
