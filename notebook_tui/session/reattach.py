"""A runtime that cannot be reached any more may live on beyond a network that has failed: it is looked for until its
lease is over, and what its cells did meanwhile arrives then."""

from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.runtime.messages import Displayed, Printed, Taken, ViewsChanged
from notebook_tui.runtime.relay import Adopt, Got, Relayed
from notebook_tui.session.runtime import Connection, RuntimeEnded

ADOPT_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


@frozen
class Reattached:
    """To the session: the runtime is there, with all its values."""

    connection: Connection


class Incoming:
    """What the runtime of that server sends by its relay, each once, in order."""

    def __init__(self, server: bl.Pid, *, resumed: int | None = None, defers: bool = False) -> None:
        """`resumed`: another program has taken so many. With `defers` the runtime keeps what it sent until `told_safe`
        says that it is on the disk here: it outlives this program, and sends it again to the next."""
        self.seen = resumed or 0
        self._is_first = resumed is not None
        self._defers = defers
        self._safe = self.seen
        self._server = server

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
        bl.send(relayed.relay, Got(self._safe if self._defers else max(self.seen, relayed.number)))
        if relayed.number <= self.seen:
            if isinstance(relayed.message, Printed | Displayed | ViewsChanged):  # the answer may have been lost
                bl.send(relayed.message.output, Taken())
            return None
        self.seen = relayed.number
        return relayed.message

    def told_safe(self, relay: bl.Pid, number: int) -> None:
        """So many are on the disk, with all that they led to."""
        self._safe = max(self._safe, number)
        if self._defers:
            bl.send(relay, Got(self._safe))


@frozen
class Lost:
    """To the session: there is no runtime any more, and why, in words."""

    connection: Connection
    why: str


async def reattach(session: bl.Pid, connection: Connection, seen: int) -> None:
    """Tells the session when it has the runtime again, or that it will not have it."""
    why = await _refusal(session, connection, seen)
    bl.send(session, Reattached(connection) if why is None else Lost(connection, why))


async def _refusal(session: bl.Pid, connection: Connection, seen: int) -> str | None:
    """None once the runtime is ours again."""
    assert connection.reconnect is not None
    pause = FIRST_PAUSE
    try:
        async with asyncio.timeout(connection.lease):
            while True:
                try:
                    await connection.reconnect()
                    adopt = Adopt(session, seen)
                    if not await bl.GenServer.call(connection.server, adopt, timeout=ADOPT_SECONDS):
                        return "another session has it"
                    return None
                except RuntimeEnded as ended:
                    return str(ended)
                except bl.CallFailed as error:
                    if error.reason == "noproc":
                        return "the runtime has ended meanwhile"
                except (bl.CallTimeout, bl.NotConnected, OSError):
                    pass
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
    except TimeoutError:
        return f"it could not be reached for {connection.lease:g} s, which is its lease"
