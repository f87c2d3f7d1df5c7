"""Tells when somebody else has written a notebook's file: by the system's notifications, or by looking where there are
none. Whether anything has changed is found out by who reads the file."""

from __future__ import annotations

import asyncio
from typing import Any

import beamlike as bl
from notebook_tui.session.disk import Look
from notebook_tui.session.storage import NotebookFile

POLL_MILLISECONDS = 1_000
LATER_SECONDS = 0.5
"""What watches takes longer to load than the notebook to be shown, which comes first."""


async def watch_file(disk: bl.Pid, session: bl.Pid, file: NotebookFile) -> None:
    """Ends with the session. The directory is watched, for a file that is replaced is another one."""
    await asyncio.sleep(LATER_SECONDS)
    from watchfiles import Change, awatch

    async def ended() -> None:
        bl.monitor(session)
        await bl.receive(lambda message: isinstance(message, bl.Down))
        stop.set()

    def ours(_change: Change, name: str) -> bool:
        return name in (str(file.path.absolute()), str(directory / file.path.resolve().name))

    stop = asyncio.Event()
    directory = file.path.resolve().parent
    bl.spawn_link(ended)
    options: dict[str, Any] = {"watch_filter": ours, "recursive": False, "step": 50, "debounce": 200}
    bl.send(disk, Look())  # at what was written until now
    async for _ in awatch(directory, stop_event=stop, poll_delay_ms=POLL_MILLISECONDS, **options):
        bl.send(disk, Look())
