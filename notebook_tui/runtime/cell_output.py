"""The group leader of one cell's code: gathers what it printed for a moment and hands it to the notebook's owner."""

from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.kernel.group_leader import Output
from notebook_tui.runtime.messages import Finished, Printed, Started
from notebook_tui.runtime.output import OutputBuffer

FLUSH_SECONDS = 0.05


async def cell_output(owner: bl.Pid, server: bl.Pid, cell_id: str) -> None:
    """Serves until it is ended. Text goes out within 50 ms, and always before the outcome that follows it."""
    buffer = OutputBuffer(lambda stream, text: bl.send(owner, Printed(cell_id, stream, text)))
    flush_at: float | None = None
    now = asyncio.get_running_loop().time
    while True:
        try:
            message = await bl.receive(timeout=None if flush_at is None else max(0.0, flush_at - now()))
        except TimeoutError:
            buffer.flush()
            flush_at = None
            continue
        match message:
            case Output(stream, text):
                buffer.write(stream, text)
                flush_at = flush_at or now() + FLUSH_SECONDS
            case Started():
                bl.send(owner, message)
            case Finished():
                buffer.flush()
                flush_at = None
                bl.send(owner, message)
                bl.send(server, message)
