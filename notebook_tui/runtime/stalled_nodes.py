"""After an interrupt: which other nodes are still at it.

A cell that waits for another node is over at once, and what awaits over there ends with it. A plain function goes on,
and keeps its node from answering anybody: the notebook's user has to be told, and how to end that.
"""

from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.kernel.group_leader import Output

PAUSE_SECONDS = 1.0
"""What ends by itself has ended by then."""


async def tell_stalled(output: bl.Pid, nodes: tuple[str, ...]) -> None:
    """Has `output` say which of the nodes do not turn, a moment from now."""
    await asyncio.sleep(PAUSE_SECONDS)
    for words in await asyncio.gather(*map(_stall_in_words, nodes)):
        if words:
            bl.send(output, Output("stderr", words))


async def _stall_in_words(node: str) -> str:
    try:
        stall = await bl.who_is_blocking(node)
    except (TimeoutError, bl.NotConnected):
        return ""
    if stall is None:
        return ""
    where = f" at {stall.place}" if stall.place else ""
    return (
        f"{node} goes on{where}, for {stall.seconds:.0f} s by now: `await bl.interrupt({node!r})` ends that at its "
        "next line of Python, or gives None where it waits for a thread or a lock: then stop the node\n"
    )
