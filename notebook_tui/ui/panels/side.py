"""The place beside the cells: one panel at a time, or none."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from notebook_tui.document.state import State
from notebook_tui.ui.panels.panel import Panel


class Side(Container):
    DEFAULT_CSS = """
    Side {
        width: 34;
        height: 1fr;
        border-right: vkey $panel;
        background: $background;
        padding: 0 1;

        & > #side-title {
            text-style: bold;
            height: 1;
        }
    }
    """

    def __init__(self, panels: Sequence[Panel]) -> None:
        super().__init__()
        self.display = False
        self._title = Static(id="side-title", markup=False)
        self._panels = {panel.NAME: panel for panel in panels}
        for panel in panels:
            panel.display = False

    def compose(self) -> ComposeResult:
        yield self._title
        yield from self._panels.values()

    @property
    def open_panel(self) -> Panel | None:
        return next((panel for panel in self._panels.values() if panel.display), None)

    def toggle(self, name: str, state: State) -> bool:
        """Open the panel in the place of any other, or close it; whether it is open now."""
        wanted = self._panels[name]
        opens = not wanted.display
        for panel in self._panels.values():
            panel.display = opens and panel is wanted
        self.display = opens
        if opens:
            self._title.update(wanted.TITLE)
            wanted.opened()
            wanted.show(state)
            wanted.take_focus()
        return opens

    def close(self) -> None:
        if (panel := self.open_panel) is not None:
            panel.display = self.display = False

    def show(self, state: State) -> None:
        if (panel := self.open_panel) is not None:
            panel.show(state)
