"""A runtime that cannot be reached any more may live on beyond a network that has failed: it is looked for until its
lease is over, and what its cells did meanwhile arrives then."""

from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.runtime.relay import Adopt
from notebook_tui.session.runtime import Connection, RuntimeEnded

ADOPT_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


@frozen
class Reattached:
    """To the session: the runtime is there, with all its values."""

    connection: Connection


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
