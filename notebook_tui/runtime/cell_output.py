"""The group leader of one cell's code: gathers what it printed for a moment and hands it to the notebook's owner.

The owner says of each text when it has taken it. Where it falls behind, text waits here, so that its mailbox stays
short and an interrupt finds its way through; of a flood that even this cannot hold, the oldest is left out, in words.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import beamlike as bl
from beamlike.kernel.group_leader import Output
from beamlike.kernel.open_line import OpenLine
from notebook_tui.runtime.messages import (
    Displayed,
    Finished,
    InputRead,
    InputSettled,
    InputWanted,
    Printed,
    RunOver,
    Started,
    Taken,
    ViewsChanged,
    WidgetEnded,
)
from notebook_tui.runtime.outcome import Failure, Outcome
from notebook_tui.runtime.output import OutputBuffer
from notebook_tui.runtime.questions import Asked, Settled
from notebook_tui.runtime.sound import Unsound, sound
from notebook_tui.runtime.widget_servers import WidgetServers
from notebook_tui.widgets import messages as widget_messages
from notebook_tui.widgets.changes import change_size
from notebook_tui.widgets.contents import content_size
from notebook_tui.widgets.messages import Ask, Changed, Event, GiveUp, Shown
from notebook_tui.widgets.pending_changes import Changes, PendingChanges
from notebook_tui.widgets.views import Content

FLUSH_SECONDS = 0.05
WINDOW = 4
"""So many texts may be on their way that the owner has not taken yet."""
WAITING_LIMIT = 4_000_000
"""Characters that may wait here."""


async def cell_output(owner: bl.Pid, server: bl.Pid, cell_id: str) -> None:
    """Serves until it is ended. Text goes out within 50 ms if it is wanted, and always before the outcome after it."""
    servers = WidgetServers()
    outlet = Outlet(owner, cell_id, tell=servers.told)
    buffer = OutputBuffer(outlet.add)
    read: dict[str, None] = {}
    """The inputs that were read: told at the end, when the owner has all that the run shows, each once."""
    line = OpenLine()
    flush_at: float | None = None
    now = asyncio.get_running_loop().time
    while True:
        message: object = None
        try:
            # Not by the time limit alone: there may always be a message.
            if flush_at is None or now() < flush_at:
                message = await bl.receive(timeout=None if flush_at is None else max(0.0, flush_at - now()))
        except TimeoutError:
            pass
        if message is None:
            buffer.flush()
            outlet.forward()
            flush_at = None if outlet.forward_changes() else now() + FLUSH_SECONDS
            continue
        match message:
            case Shown(content=content, servers=found) if content is not None:
                buffer.flush()
                try:
                    outlet.add_content(content)
                    servers.add(found)
                except Unsound as error:
                    buffer.write("stderr", f"this cannot be shown: {error}\n")
                flush_at = flush_at or now() + FLUSH_SECONDS
            case Output():
                for stream, text in line.apart(message):
                    buffer.write(stream, text)
                flush_at = flush_at or now() + FLUSH_SECONDS
            case Changes():
                for changed in message.take():
                    try:
                        outlet.add_change(changed)
                        servers.add(changed.servers)
                    except Unsound as error:
                        buffer.write("stderr", f"a widget cannot be changed so: {error}\n")
                del message  # whoever sends more looks for it
                flush_at = flush_at or now() + FLUSH_SECONDS
            case Event() | Ask() | GiveUp():
                servers.hand_on(message)
            case RunOver():
                servers.end_all()
            case bl.Down(gone):
                for ref in servers.ended(gone):
                    bl.send(owner, WidgetEnded(cell_id, ref))
            case widget_messages.InputRead(ref):
                read[ref] = None
            case Taken():
                outlet.taken()
            case Started():
                bl.send(owner, message)
            case Asked(question, prompt, hidden):
                # What was printed before, the prompt above all, is seen before.
                buffer.flush()
                outlet.forward_all()
                flush_at = None
                bl.send(owner, sound(InputWanted(cell_id, question, prompt, hidden)))
            case Settled(question):
                bl.send(owner, InputSettled(cell_id, question))
            case Finished():
                buffer.flush()
                outlet.forward_all()
                flush_at = None
                for ref in read:
                    bl.send(owner, sound(InputRead(cell_id, ref)))
                read.clear()
                message = _sound_end(message)
                bl.send(owner, message)
                bl.send(server, message)


class Outlet:
    """What is on its way to the owner of the notebook: text, what is on display, and changes of that."""

    def __init__(
        self,
        owner: bl.Pid,
        cell_id: str,
        *,
        limit: int = WAITING_LIMIT,
        tell: Callable[[object], None] = lambda content: None,
    ) -> None:
        """`tell` hears what is on its way."""
        self._owner = owner
        self._cell_id = cell_id
        self._limit = limit
        self._tell = tell
        self._waiting: deque[Printed | Displayed | ViewsChanged] = deque()
        self._size = 0
        self._left_out = 0
        self._on_the_way = 0
        self._changes = PendingChanges()

    def add(self, stream: str, text: str) -> None:
        self._add(sound(Printed(self._cell_id, stream, text, bl.self())))

    def add_content(self, content: Content) -> None:
        """`Unsound` if it is none."""
        displayed = sound(Displayed(self._cell_id, content, bl.self()))
        if self._changes:  # of the very content, maybe
            self._add(self._taken_changes())
        self._tell(content)
        self._add(displayed)

    def add_change(self, changed: Changed) -> None:
        """Of a view, wherever it is shown: it may overtake text, and of many the owner gets few. `Unsound` if it is
        none."""
        self._changes.add(sound(changed))

    def _add(self, message: Printed | Displayed | ViewsChanged) -> None:
        self._waiting.append(message)
        self._size += _size(message)
        while self._size > self._limit and len(self._waiting) > 1:
            oldest = _size(self._waiting.popleft())
            self._size -= oldest
            self._left_out += oldest

    def forward(self) -> None:
        while self._waiting and self._on_the_way < WINDOW:
            self._forward_one()

    def forward_changes(self) -> bool:
        """Whether none is left: those of an owner that falls behind become fewer here."""
        if self._changes and self._on_the_way < WINDOW:
            self._send_changes()
        return not self._changes

    def forward_all(self) -> None:
        while self._waiting:
            self._forward_one()
        if self._changes:
            self._send_changes()

    def taken(self) -> None:
        self._on_the_way -= 1
        self.forward()

    def _forward_one(self) -> None:
        if self._left_out:
            mark = f"\n… {self._left_out:,} characters left out: they came faster than they could be shown …\n"
            self._left_out = 0
            self._send(Printed(self._cell_id, "stderr", mark, bl.self()))
        message = self._waiting.popleft()
        self._size -= _size(message)
        self._send(message)

    def _send_changes(self) -> None:
        self._send(self._taken_changes())

    def _taken_changes(self) -> ViewsChanged:
        changes = tuple(replace(each, servers=()) for each in self._changes.take())
        for each in changes:
            self._tell(each.first)
            for content in getattr(each.change, "contents", ()):
                self._tell(content)
        return ViewsChanged(self._cell_id, changes, bl.self())

    def _send(self, message: Printed | Displayed | ViewsChanged) -> None:
        self._on_the_way += 1
        bl.send(self._owner, message)


def _sound_end(finished: Finished) -> Finished:
    try:
        return sound(finished)
    except Unsound as error:
        words = f"the result cannot be shown: {error}"
        return replace(finished, outcome=Outcome("error", failure=Failure("TypeError", words, words, None)))


def _size(message: Printed | Displayed | ViewsChanged) -> int:
    match message:
        case Printed(text=text):
            return len(text)
        case Displayed(content=content):
            return content_size(content)
        case ViewsChanged(changes=changes):
            return sum(change_size(each.change) for each in changes)
