"""What a runtime sends by its relay: each message once, in order, and kept over there until it is no longer needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import beamlike as bl
from notebook_tui.runtime.messages import Displayed, Printed, Taken, ViewsChanged
from notebook_tui.runtime.relay import Got, Relayed


class Incoming:
    """From the runtime of that server."""

    def __init__(self, server: bl.Pid, *, resumed: int | None = None, defers: bool = False) -> None:
        """`resumed`: another program has taken so many. With `defers` the runtime keeps what it sent until `told_safe`
        says that it is on the disk here: it outlives this program, and sends it again to the next."""
        self.seen = resumed or 0
        self.defers = defers
        self._is_first = resumed is not None
        self._safe = self.seen
        self._server = server
        self._unsafe: deque[tuple[int, int, bl.Pid]] = deque()
        """What is not on the disk yet: the number in the journal, its own, its relay."""

    def take(self, relayed: Relayed) -> object | None:
        """The message, unless it has come before, or is of another runtime.

        One that comes too early is not taken: those before it were lost with a connection, and all come again as soon
        as the runtime is adopted.
        """
        if relayed.server != self._server:
            return None
        if self._is_first and relayed.number > self.seen:
            # What the other program has taken besides is gone there: it has led to nothing that could be kept.
            self.seen = relayed.number - 1
        self._is_first = False
        if relayed.number > self.seen + 1:
            return None
        bl.send(relayed.relay, Got(self._safe if self.defers else max(self.seen, relayed.number)))
        if relayed.number <= self.seen:
            if isinstance(relayed.message, Printed | Displayed | ViewsChanged):  # the answer may have been lost
                bl.send(relayed.message.output, Taken())
            return None
        self.seen = relayed.number
        return relayed.message

    def journaled(self, relayed: Relayed, number: int) -> None:
        """It was taken; it is on the disk, with all that it led to, once the journal holds that number."""
        self._unsafe.append((number, relayed.number, relayed.relay))

    def tell_safe(self, holds: Callable[[int], bool]) -> None:
        """The runtime need not keep any more what the journal holds."""
        number, relay = 0, None
        while self._unsafe and holds(self._unsafe[0][0]):
            _, number, relay = self._unsafe.popleft()
        if relay is not None:
            self.told_safe(relay, number)

    def told_safe(self, relay: bl.Pid, number: int) -> None:
        """So many are on the disk, with all that they led to."""
        self._safe = max(self._safe, number)
        if self.defers:
            bl.send(relay, Got(self._safe))
