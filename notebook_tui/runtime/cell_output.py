"""The group leader of one cell's code: gathers what it printed for a moment and hands it to the notebook's owner.

The owner says of each text when it has taken it. Where it falls behind, text waits here, so that its mailbox stays
short and an interrupt finds its way through; of a flood that even this cannot hold, the oldest is left out, in words.
"""

from __future__ import annotations

import asyncio
from collections import deque

import beamlike as bl
from beamlike.kernel.group_leader import Output
from beamlike.kernel.open_line import OpenLine
from notebook_tui.runtime.display import Shown
from notebook_tui.runtime.messages import Displayed, Finished, InputSettled, InputWanted, Printed, Started, Taken
from notebook_tui.runtime.output import OutputBuffer
from notebook_tui.runtime.questions import Asked, Settled

FLUSH_SECONDS = 0.05
WINDOW = 4
"""So many texts may be on their way that the owner has not taken yet."""
WAITING_LIMIT = 4_000_000
"""Characters that may wait here."""


async def cell_output(owner: bl.Pid, server: bl.Pid, cell_id: str) -> None:
    """Serves until it is ended. Text goes out within 50 ms if it is wanted, and always before the outcome after it."""
    outlet = Outlet(owner, cell_id)
    buffer = OutputBuffer(outlet.add)
    line = OpenLine()
    flush_at: float | None = None
    now = asyncio.get_running_loop().time
    while True:
        try:
            message = await bl.receive(timeout=None if flush_at is None else max(0.0, flush_at - now()))
        except TimeoutError:
            buffer.flush()
            outlet.forward()
            flush_at = None
            continue
        match message:
            case Output():
                for stream, text in line.apart(message):
                    buffer.write(stream, text)
                flush_at = flush_at or now() + FLUSH_SECONDS
            case Shown(forms):
                buffer.flush()
                outlet.add_display(forms)
                flush_at = flush_at or now() + FLUSH_SECONDS
            case Taken():
                outlet.taken()
            case Started():
                bl.send(owner, message)
            case Asked(question, prompt, hidden):
                # What was printed before, the prompt above all, is seen before.
                buffer.flush()
                outlet.forward_all()
                flush_at = None
                bl.send(owner, InputWanted(cell_id, question, prompt, hidden))
            case Settled(question):
                bl.send(owner, InputSettled(cell_id, question))
            case Finished():
                buffer.flush()
                outlet.forward_all()
                flush_at = None
                bl.send(owner, message)
                bl.send(server, message)


class Outlet:
    """What is on its way to the owner of the notebook: text, and values on display."""

    def __init__(self, owner: bl.Pid, cell_id: str, *, limit: int = WAITING_LIMIT) -> None:
        self._owner = owner
        self._cell_id = cell_id
        self._limit = limit
        self._waiting: deque[Printed | Displayed] = deque()
        self._size = 0
        self._left_out = 0
        self._on_the_way = 0

    def add(self, stream: str, text: str) -> None:
        self._add(Printed(self._cell_id, stream, text, bl.self()))

    def add_display(self, forms: tuple[tuple[str, str | bytes], ...]) -> None:
        self._add(Displayed(self._cell_id, forms, bl.self()))

    def _add(self, message: Printed | Displayed) -> None:
        self._waiting.append(message)
        self._size += _size(message)
        while self._size > self._limit and len(self._waiting) > 1:
            oldest = _size(self._waiting.popleft())
            self._size -= oldest
            self._left_out += oldest

    def forward(self) -> None:
        while self._waiting and self._on_the_way < WINDOW:
            self._forward_one()

    def forward_all(self) -> None:
        while self._waiting:
            self._forward_one()

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

    def _send(self, message: Printed | Displayed) -> None:
        self._on_the_way += 1
        bl.send(self._owner, message)


def _size(message: Printed | Displayed) -> int:
    return len(message.text) if isinstance(message, Printed) else sum(len(form) for _, form in message.forms)
