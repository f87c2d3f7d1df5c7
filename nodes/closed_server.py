"""The end of a server of asyncio, by which nobody whom it has accepted is lost."""

from __future__ import annotations

import asyncio
from typing import Final

_TURNS: Final = 4
"""Of a loop, until who has been accepted is told of."""


async def close_server(server: asyncio.Server) -> None:
    """Accepts nobody more, and closes once all who have been accepted are told of: in between, asyncio would lose their
    connections and leave them open."""
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    server.close()
