"""A trace while it comes: as a sequence diagram, or as lines. It ends when the screen is left."""

from __future__ import annotations

from collections import deque
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.worker import Worker, WorkType

from beamlike.inspect.tracing.events import Traced
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.top.bar import Status, TopBar
from notebook_tui.ui.top.pane import Pane
from notebook_tui.ui.top.sequence import diagram, list_rows
from notebook_tui.ui.top.source import FAILURES, Source, Wanted

_MOST: Final = 2000
_TICK: Final = 0.1


class TraceScreen(Screen[None]):
    DEFAULT_CSS = """
    TraceScreen { layout: vertical; background: $background; color: $foreground; }
    """

    def __init__(self, source: Source, wanted: Wanted, what: str) -> None:
        super().__init__()
        self._source = source
        self._wanted = wanted
        self._what = what
        self._events: deque[Traced] = deque(maxlen=_MOST)
        self._count = 0
        self._is_diagram = True
        self._is_frozen = False
        self._is_dirty = True
        self._how = "comes"
        self._worker: Worker[None] | None = None
        self.pane = Pane(follows=True, folds=False)
        self.bar = TopBar()

    def compose(self) -> ComposeResult:
        yield self.pane
        yield self.bar

    def on_mount(self) -> None:
        self.set_focus(self.pane)
        follow: WorkType[None] = self._follow
        self._worker = self.run_worker(follow, group="trace", exclusive=True)
        # A row for each event, but not a frame for each row.
        self.set_interval(_TICK, self._show_if_dirty)
        self._show()

    async def _follow(self) -> None:
        try:
            async for event in self._source.trace(self._wanted):
                self._events.append(event)
                self._count += event.kind not in ("ended", "note")
                self._is_dirty = True
        except FAILURES as error:
            self.notify(f"no trace: {error}", severity="error", markup=False)
        self._how = "ended"
        self._is_dirty = True

    def _show_if_dirty(self) -> None:
        if self._is_dirty and not self._is_frozen:
            self._show()

    def _show(self) -> None:
        self._is_dirty = False
        palette = palette_of(self.app.theme_variables)
        events = list(self._events)
        if self._is_diagram:
            head, rows = diagram(events, max(40, self.size.width - 2), palette)
            self.pane.show(rows, head)
        else:
            self.pane.show(list_rows(events, palette))
        how = "frozen" if self._is_frozen else self._how
        about = f"{self._what}   {self._count} of at most {self._wanted.limit} events   {how}"
        hints = (("Esc", "stop" if self._how == "comes" else "back"), ("v", "lines" if self._is_diagram else "diagram"))
        self.bar.show(Status("TRACE", about, hints=(*hints, ("Space", "freeze"), ("↑ ↓", "scroll"))))

    def on_resize(self) -> None:
        self._show()

    def on_key(self, event: events.Key) -> None:
        moves = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": self.pane.room, "pageup": -self.pane.room}
        if event.key in moves:
            self.pane.move(moves[event.key])
        elif event.key in ("end", "G", "upper_g"):
            self.pane.to_end()
        elif event.key == "home":
            self.pane.move(-_MOST)
        elif event.key == "v":
            self._is_diagram = not self._is_diagram
            self._show()
        elif event.key == "space":
            self._is_frozen = not self._is_frozen
            self._show()
        elif event.key in ("escape", "q"):
            self._leave()
        elif event.key == "ctrl+q":
            self.app.exit()
        else:
            return
        event.stop()
        event.prevent_default()

    def _leave(self) -> None:
        """The first time the trace stops and stays to be read."""
        if self._how == "comes" and self._worker is not None and self._events:
            self._worker.cancel()
            self._how = "stopped"
            self._show()
        else:
            self.dismiss()
