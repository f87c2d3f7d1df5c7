"""The cluster at the side: the runtime's nodes and pools, asked every two seconds while one looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from notebook_tui.document.state import State
from notebook_tui.runtime.cluster_view import Cluster, ToRunner
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.panels.cluster_lines import cluster_lines
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import Line, said

_NOT_A_RUNNER: Final = "Mark a runner first: that is a line below a pool."


class ClusterPanel(ListPanel):
    NAME = "cluster"
    TITLE = "Nodes and pools"
    WIDTH = 78
    TICK = 2.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "tell('drain')", "drain a runner"),
        Binding("c", "tell('cordon')", "cordon"),
        Binding("u", "tell('uncordon')", "uncordon"),
        Binding("x", "drop", "disconnect a node"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._cluster: Cluster | None = None
        self._is_asked = False

    def opened(self) -> None:
        self.time_passed()

    def show(self, state: State) -> None:
        if state.runtime.phase == "connected" and self._cluster is None and not self._is_asked:
            self.time_passed()
        super().show(state)

    def time_passed(self) -> None:
        # Not asked again before it has answered: a cluster that is slow is not made slower.
        if self.state.runtime.phase != "connected":
            self._cluster = None
            self.redraw()
        elif not self._is_asked:
            self._is_asked = True
            self.refresh_from("looking at the cluster", self._look)

    async def _look(self) -> None:
        try:
            self._cluster = await self.desk.client.cluster()
        finally:
            self._is_asked = False
            self.redraw()

    def worth(self, state: State) -> object:
        return state.runtime.phase, state.runtime.versions

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        if self.state.runtime.phase != "connected":
            return said("There is no runtime, so it has no nodes. sr shows where cells run.", width, palette)
        if self._cluster is None:
            return said("Asking the runtime…", width, palette)
        return tuple(cluster_lines(self._cluster, self.state.runtime.versions, self.desk.now(), width, palette))

    def action_tell(self, what: ToRunner) -> None:
        kind, _, which = self.list.marked.partition(":")
        pool, _, node = which.partition(":")
        if kind != "runner" or not node:
            self.desk.say(_NOT_A_RUNNER, "information")
            return
        if what != "drain":
            self.ask(f"to {what} {node}", self._tell, pool, node, what)
            return

        def agreed(answer: str | None) -> None:
            if answer == "drain":
                self.ask(f"draining {node}", self._tell, pool, node, "drain")

        choices = (Choice("y", "drain", "Drain it"), Choice("n", "stay", "Leave it"))
        question = f"{node} gets no more calls, and stops once those that it has are over."
        self.app.push_screen(ChoiceScreen(question, choices), agreed)

    async def _tell(self, pool: str, node: str, what: ToRunner) -> None:
        if what == "drain":
            self.desk.say(f"{node} is being drained.", "information")
        await self.desk.client.tell_runner(pool, node, what)
        done = {"drain": "is drained and gone", "cordon": "gets no more calls", "uncordon": "gets calls again"}
        self.desk.say(f"{node} {done[what]}.", "information")
        self.time_passed()

    def action_drop(self) -> None:
        kind, _, node = self.list.marked.partition(":")
        if kind != "node":
            self.desk.say("Mark a node first.", "information")
            return

        def agreed(answer: str | None) -> None:
            if answer == "drop":
                self.ask(f"disconnecting {node}", self._drop, node)

        choices = (Choice("y", "drop", "Disconnect"), Choice("n", "stay", "Leave it"))
        question = f"The runtime drops its connection to {node}: links and calls there end."
        self.app.push_screen(ChoiceScreen(question, choices), agreed)

    async def _drop(self, node: str) -> None:
        was_there = await self.desk.client.disconnect_node(node)
        self.desk.say(f"{node} {'is disconnected' if was_there else 'was not connected any more'}.", "information")
        self.time_passed()
