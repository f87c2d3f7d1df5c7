"""The screen of `beamlike top`: it asks the node once per interval for what is seen, and draws it.

Only one question is under way at a time, so a node that answers slowly is asked less often, never more. While it is
frozen, or looked at through another screen, nothing is asked. What no longer comes stays on the screen, dimmed, and the
node is looked for again until it is there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.worker import Worker, WorkType

from beamlike.inspect.facts import LogLine, ProcessFacts, Snapshot
from beamlike.kernel.call_errors import CallFailed
from notebook_tui.ui.dialogs.toasts import tell_of_unknown_key
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.keys.sequence import KeySequence, Matched, Unknown
from notebook_tui.ui.keys.top import top_sequences
from notebook_tui.ui.keys.unknown import said_of_unknown
from notebook_tui.ui.top.bar import Status, TopBar
from notebook_tui.ui.top.commands import TopCommands
from notebook_tui.ui.top.details import detail_lines
from notebook_tui.ui.top.grid import Grid
from notebook_tui.ui.top.head import Connection, Histories
from notebook_tui.ui.top.head_view import HeadView
from notebook_tui.ui.top.pane import Pane
from notebook_tui.ui.top.source import FAILURES, Look, Source
from notebook_tui.ui.top.tables import COLUMNS, TableRow, rows_of, sort_of
from notebook_tui.ui.top.view import View

_WIDE: Final = 140
"""From here on the marked row is told of beside the table."""
_MARGIN: Final = 20
"""Rows that are asked for beyond those that fit, so that scrolling has something to show at once."""
_MOST_ROWS: Final = 500
_MOST_LOGS: Final = 2000
_MOST_TASKS: Final = 100  # what a node tells unless it is asked for more
_FIND_AGAIN: Final = 0.15
_LOST_PAUSE: Final = 1.0


class TopScreen(Screen[None]):
    DEFAULT_CSS = """
    TopScreen {
        layout: vertical;
        background: $background;
        color: $foreground;

        & #top-body { height: 1fr; }
        & #top-beside { width: 2fr; border-left: solid $panel; }
        & Grid { width: 3fr; }
    }
    """

    def __init__(self, source: Source, clock: Callable[[], float], interval: float) -> None:
        super().__init__()
        self.source = source
        self.view = View(node=source.node, interval=interval)
        self.snapshot: Snapshot | None = None
        self.logs: deque[LogLine] = deque(maxlen=_MOST_LOGS)
        self.is_inside = False
        """Whether one row fills the screen."""
        self.messages: tuple[str, ...] = ()
        self._clock = clock
        self._histories = Histories()
        self._connection = Connection()
        self._busy = ""
        self._pressed = KeySequence(top_sequences())
        self._awake = asyncio.Event()
        self._logging: Worker[None] | None = None
        self._detail: ProcessFacts | None = None
        self.head = HeadView(self.view)
        self.grid = Grid()
        self.beside = Pane()
        self.beside.id = "top-beside"
        self.inside = Pane()
        self.bar = TopBar()
        self.commands = TopCommands(self)

    def compose(self) -> ComposeResult:
        yield self.head
        with Horizontal(id="top-body"):
            yield self.grid
            yield self.beside
            yield self.inside
        yield self.bar

    def on_mount(self) -> None:
        self.inside.display = False
        self.set_focus(self.grid)
        self._show()
        look: WorkType[None] = self._look_on
        self.run_worker(look, group="look", exclusive=True)

    # What is asked.

    async def _look_on(self) -> None:
        while True:
            self._awake.clear()
            if not self.view.is_frozen and self.is_active:
                await self._look()
            pause = _LOST_PAUSE if self._connection.lost else self.view.pause
            try:
                await asyncio.wait_for(self._awake.wait(), pause)
            except TimeoutError:
                continue

    async def _look(self) -> None:
        view, node = self.view, self.source.node
        try:
            if self._connection.lost:
                await self.source.reconnect()
            snapshot = await self.source.snapshot(self._wanted(view))
            detail = await self._look_closer(view)
        except FAILURES as error:
            self._lost(error)
            return
        if self.source.node != node or self.view.tab != view.tab or self.view.typed != view.typed:
            self.refresh_soon()  # another one was turned to meanwhile
            return
        was_lost, self._connection = self._connection.lost, Connection(since=self._clock())
        self.snapshot, self._detail = snapshot, detail
        self._histories.add(snapshot)
        if was_lost:
            self.say(f"{node} is there again.")
            if view.tab == "logs":
                self.listen()
        self._show()

    async def _look_closer(self, view: View) -> ProcessFacts | None:
        """The stack of the process that is told of, if one is."""
        marked = self.grid.marked
        fact = marked.fact if marked is not None else None
        if not (self.is_inside or self.beside.display) or not isinstance(fact, ProcessFacts):
            return None
        found = await self.source.snapshot(Look(("processes",), pids=(fact.pid,), stacks=True))
        if self.is_inside and fact.queue:
            self.messages = await self.source.messages(fact.pid)
        for each in found.processes or ():
            return replace(each, messages_per_s=fact.messages_per_s, steps_per_s=fact.steps_per_s)
        return None

    def _wanted(self, view: View) -> Look:
        limit = min(_MOST_ROWS, self.grid.page + self.grid.place[0] + _MARGIN)
        return Look(view.parts, sort_of("processes", view.sorts), limit, view.typed)

    def _lost(self, error: BaseException) -> None:
        if not self._connection.lost:
            words = error.why if isinstance(error, CallFailed) else str(error) or type(error).__name__
            self._connection = Connection(words, self._connection.since or self._clock())
            self.say(f"{self.source.node} does not answer: {words}", "warning")
        self._show()

    def refresh_soon(self) -> None:
        """Look at once, and not only when the interval is over."""
        self._awake.set()

    def listen(self) -> None:
        """Log lines from now on; they go on while other tabs are looked at, until the node is left."""
        if self._logging is None or self._logging.is_finished:
            listening: WorkType[None] = self._listen
            self._logging = self.run_worker(listening, group="logs", exclusive=True)

    async def _listen(self) -> None:
        try:
            async for line in self.source.logs():
                self.logs.append(line)
                if self.view.tab == "logs" and not self.view.is_frozen:
                    self._show()
        except FAILURES as error:
            self.say(f"no logs: {error}", "warning")

    async def turn_to(self, node: str) -> None:
        """Look at another node; where that is not there, nothing changes but a message."""
        self.busy_with(f"connecting to {node}")
        try:
            await self.source.turn_to(node)
        except FAILURES as error:
            self.say(f"{node} cannot be looked at: {error or type(error).__name__}", "error")
            return
        finally:
            self.busy_with("")
        if self._logging is not None:
            self._logging.cancel()
        self.snapshot, self._detail, self.is_inside = None, None, False
        self._histories.clear()
        self.logs.clear()
        self._connection = Connection()
        self.set_view(self.view.with_node(node))

    # What is shown.

    def set_view(self, view: View) -> None:
        before, self.view = self.view, view
        if view.tab == "logs":
            self.listen()
        if view.tab != before.tab:
            self.is_inside = False
        asks_anew = (before.tab, before.node, before.typed, before.sorts) != (
            view.tab,
            view.node,
            view.typed,
            view.sorts,
        )
        if asks_anew or before.is_frozen != view.is_frozen or before.interval != view.interval:
            self.refresh_soon()
        self._show()

    def look_inside(self, flag: bool) -> None:
        self.is_inside = flag and self.grid.marked is not None
        self.messages = ()
        self._detail = None
        self.refresh_soon()
        self._show(anew=True)

    def busy_with(self, text: str) -> None:
        """Something goes on that takes a while; empty: no more."""
        self._busy = text
        self._show_bar()

    def say(self, text: str, severity: str = "information") -> None:
        self.notify(text, markup=False, severity=severity)  # type: ignore[arg-type]

    def _show(self, *, anew: bool = False) -> None:
        view, tab = self.view, self.view.tab
        marked = self.grid.marked
        keep = view.follows or (marked.key if marked is not None and tab != "processes" else "")
        sort = sort_of(tab, view.sorts)
        rows = rows_of(tab, self.snapshot, sort, view.typed, self.logs)
        is_stale = bool(self._connection.lost)
        at_end = tab == "logs" and self.grid.place[0] == self.grid.place[1]
        self.grid.show(COLUMNS[tab], rows, sort, keep="" if at_end else keep, is_stale=is_stale)
        if at_end:
            self.grid.to_end()
        self.grid.display = not self.is_inside
        self.beside.display = not self.is_inside and self.size.width >= _WIDE
        self.inside.display = self.is_inside
        self.head.show(view, self.snapshot, self._histories, self._connection, self._clock())
        self._show_detail(anew=anew)
        self._show_bar()

    def _show_detail(self, *, anew: bool) -> None:
        pane = self.inside if self.is_inside else self.beside
        if not pane.display:
            return
        row = self.grid.marked
        fact = row.fact if row is not None else None
        if isinstance(fact, ProcessFacts) and self._detail is not None and self._detail.pid == fact.pid:
            fact = self._detail
        palette = palette_of(self.app.theme_variables)
        pane.show(detail_lines(fact, self.view.node, palette, self.messages), anew=anew)

    def _show_bar(self) -> None:
        view = self.view
        at, count = self.grid.place
        parts = [f"{at} of {count}" if count else "nothing"]
        if view.tab == "processes" and self.snapshot is not None and count < self.snapshot.node.processes:
            parts[0] = f"{at} of the first {count}, {self.snapshot.node.processes:,} in all"
        if view.tab == "tasks" and self.snapshot is not None and len(self.snapshot.tasks or ()) >= _MOST_TASKS:
            found = "" if count >= _MOST_TASKS else f"{count} among "
            parts[0] = f"{at} of {found}the first {_MOST_TASKS}, about {self.snapshot.node.tasks:,} in all"
        if sort := sort_of(view.tab, view.sorts):
            parts.append(f"by {sort}")
        if view.follows:
            parts.append("follows the marked one")
        if self.snapshot is not None and view.tab == "memory" and self.snapshot.memory is not None:
            memory = self.snapshot.memory
            parts.append(f"{memory.seen:,} objects seen{', not all' if memory.cut else ''}")
        hints: tuple[tuple[str, str], ...] = ()
        if self.is_inside:
            hints = (
                ("Esc", "back"),
                ("x", "end it"),
                ("t", "trace"),
                ("f", "follow"),
                ("↑ ↓", "scroll"),
                ("?", "keys"),
            )
        self.bar.show(
            Status(
                "LOOK" if self.is_inside else "TOP", "   ".join(parts), view.typed, view.is_typing, self._busy, hints
            )
        )

    @property
    def marked(self) -> TableRow | None:
        return self.grid.marked

    # Keys and mouse.

    def take_key(self, event: events.Key) -> bool:
        """Whether it means something here, and has been acted on."""
        if self.view.is_typing:
            return self._type(event)
        key = event.character if event.character and event.character.isalnum() else event.key
        outcome = self._pressed.press(key, self._clock())
        if isinstance(outcome, Matched):
            self.action_do(outcome.key.action)
        elif isinstance(outcome, Unknown) and event.is_printable:
            tell_of_unknown_key(self.app, said_of_unknown(outcome.pressed))
        return not isinstance(outcome, Unknown)

    def action_do(self, action: str) -> None:
        """Perform the command of that name in the table of keys."""
        self.commands.perform(action)

    def _type(self, event: events.Key) -> bool:
        view = self.view
        match event.key:
            case "escape":
                self.set_view(replace(view, typed="", is_typing=False))
            case "enter":
                self.set_view(replace(view, is_typing=False))
            case "backspace":
                self.set_view(replace(view, typed=view.typed[:-1]))
            case "down" | "up":
                self.grid.move(1 if event.key == "down" else -1)
            case _ if event.character and event.is_printable:
                self.set_view(replace(view, typed=view.typed + event.character))
            case _:
                return False
        return True

    def on_resize(self) -> None:
        self._show()

    @on(Grid.Moved)
    def _moved(self) -> None:
        self._show_detail(anew=True)
        self._show_bar()
        if self.view.follows and self.grid.marked is not None and self.grid.marked.key != self.view.follows:
            self.set_view(replace(self.view, follows=self.grid.marked.key))
        if self.beside.display:
            self.set_timer(_FIND_AGAIN, self.refresh_soon)

    @on(Grid.Pressed)
    def _pressed_row(self, event: Grid.Pressed) -> None:
        if event.times == 2:
            self.action_do("open")

    @on(Grid.HeadPressed)
    def _pressed_head(self, event: Grid.HeadPressed) -> None:
        self.set_view(self.view.with_sort(event.key))

    @on(HeadView.TabPressed)
    def _pressed_tab(self, event: HeadView.TabPressed) -> None:
        self.set_view(self.view.with_tab(event.tab))
