"""The place beside the cells: one panel at a time, or none. In a narrow terminal it lies over the cells.

A panel is made when it is opened first: none costs anything before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Container
from textual.widget import AwaitMount
from textual.widgets import Static

from notebook_tui.document.state import State
from notebook_tui.ui.panels.panel import NARROW, Panel

_LEAST: Final = 24
_CELLS: Final = 30
"""Columns that stay for the cells."""


class Side(Container):
    DEFAULT_CSS = """
    Side {
        layer: cells;
        width: 34;
        height: 1fr;
        border-right: vkey $panel;
        background: $background;
        padding: 0 1;

        & > #side-title {
            text-style: bold;
            height: 1;
        }

        &.-over {
            layer: over;
            position: absolute;
            width: 100%;
            border-right: none;
        }
    }
    """

    def __init__(self, make: Callable[[str], Panel]) -> None:
        super().__init__()
        self.display = False
        self._make = make
        self._title = Static(id="side-title", markup=False)
        self._panels: dict[str, Panel] = {}
        self._widths: dict[str, int] = {}
        self._arriving: AwaitMount | AwaitComplete | None = None
        self._focused_id = ""

    def compose(self) -> ComposeResult:
        yield self._title

    @property
    def open_panel(self) -> Panel | None:
        return next((panel for panel in self._panels.values() if panel.display), None)

    def toggle(self, name: str, state: State) -> bool:
        """Open the panel in the place of any other, or close it; whether it is open now."""
        opened = self.open_panel
        self.close()
        if opened is not None and name == opened.NAME:
            return False
        self.display = True
        panel = self._panels.get(name)
        if panel is None:
            panel = self._panels[name] = self._make(name)
            panel.focused_at_first = self._focused_id
            self._arriving = self.mount(panel)
        panel.display = True
        self._title.update(panel.TITLE)
        self.fit()
        if panel.is_mounted:
            panel.come_up(state, self._focused_id)
        return True

    async def arrived(self) -> None:
        """Until a panel that was just opened takes keys."""
        arriving, self._arriving = self._arriving, None
        if arriving is not None:
            await arriving

    def close(self) -> None:
        if (panel := self.open_panel) is not None:
            panel.display = self.display = False

    def show(self, state: State) -> None:
        if (panel := self.open_panel) is not None:
            panel.show(state)

    def follow(self, focused_id: str) -> None:
        """The focus of the cells is there."""
        if focused_id != self._focused_id:
            self._focused_id = focused_id
            if (panel := self.open_panel) is not None:
                panel.focus_moved(focused_id)

    def widen(self, by: int) -> None:
        """Give the open panel so many columns more, as long as both have some."""
        if (panel := self.open_panel) is not None:
            self._widths[panel.NAME] = self._width_of(panel) + by
            self._widths[panel.NAME] = self._width_of(panel)
            self.fit()

    def fit(self) -> None:
        """Take the room that the screen has for the open panel."""
        is_over = self.app.size.width < NARROW
        self.set_class(is_over, "-over")
        panel = self.open_panel
        if panel is not None:
            self.styles.width = "100%" if is_over else self._width_of(panel)

    def _width_of(self, panel: Panel) -> int:
        room = self.app.size.width
        wanted = self._widths.get(panel.NAME, min(panel.WIDTH, room * 3 // 5))
        return max(_LEAST, min(wanted, room - _CELLS))
