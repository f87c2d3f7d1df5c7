"""What the keys of the group Panels do: one panel opens at the side, or closes."""

from __future__ import annotations

from notebook_tui.ui.desk import Desk
from notebook_tui.ui.panels.side import Side


class PanelCommands:
    def __init__(self, desk: Desk, side: Side) -> None:
        self._desk = desk
        self._side = side

    def toggle_outline(self) -> None:
        self._toggle("outline")

    def toggle_variables(self) -> None:
        self._toggle("variables")

    def toggle_runtime(self) -> None:
        self._toggle("runtime")

    def toggle_cluster(self) -> None:
        self._toggle("cluster")

    def toggle_secrets(self) -> None:
        self._toggle("secrets")

    def toggle_packages(self) -> None:
        self._toggle("packages")

    def toggle_files(self) -> None:
        self._toggle("files")

    def toggle_bin(self) -> None:
        self._toggle("bin")

    def toggle_clients(self) -> None:
        self._toggle("clients")

    def focus_panel(self) -> None:
        if self._side.open_panel is None:
            self._desk.say("No panel is open. so opens the sections, sv the variables.", "information")
        else:
            self._desk.view.flush()
            self._side.open_panel.take_focus()

    def _toggle(self, panel: str) -> None:
        self._desk.view.flush()
        if not self._side.toggle(panel, self._desk.state):
            self._desk.view.take_focus()
