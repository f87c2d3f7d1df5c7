"""The process that tells a notebook's owner which nodes run which version of its cells.

It looks when it is told to. What it is told while it waits for the nodes' answers makes one more look, not many. It
ends with the runtime's server; should it fail, the server does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.runtime.messages import Versions
from notebook_tui.runtime.versions import CellVersions, cell_versions

SECONDS = 5.0
"""After which a node that has not said what it holds is left out."""


@frozen
class Look:
    """Look at the cells, whose sources have these names by their ids, on these nodes."""

    names: Mapping[str, str]
    nodes: tuple[str, ...]


async def tell_versions(server: bl.Pid, owner: bl.Pid) -> None:
    """Sends `owner` the Versions whenever they are others than before."""
    bl.monitor(server)
    told: tuple[CellVersions, ...] = ()
    while isinstance(look := await _newest(), Look):
        found = await _found(look)
        if found != told:
            bl.send(owner, Versions(found))
            told = found


async def _newest() -> Look | bl.Down:
    """The last of the messages that are there, or the next."""
    message: Look | bl.Down = await bl.receive()
    with suppress(TimeoutError):
        while isinstance(message, Look):
            message = await bl.receive(timeout=0)
    return message


async def _found(look: Look) -> tuple[CellVersions, ...]:
    if not look.nodes or not look.names:
        return ()
    outcomes = await bl.rpc.multicall(look.nodes, bl.code.holdings, timeout=SECONDS)
    held = {node: it.value for node, it in zip(look.nodes, outcomes, strict=True) if isinstance(it, bl.Ok)}
    here = bl.self().node
    return cell_versions(look.names, here, {here: bl.code.holdings(), **held})
