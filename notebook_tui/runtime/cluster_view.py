"""What a runtime knows of its cluster, for people: the nodes that it is connected to, and its pools with their runners.

To be called on the runtime's node. Each node is asked itself, all at once and for a second: one that does not answer
is told of without what only it knows.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.runtime.facts import Facts, facts

if TYPE_CHECKING:
    from flame.stats import Stats

SECONDS: Final = 1.5
"""For one node."""
MOST: Final = 100
"""Nodes that are asked."""
DRAIN_SECONDS: Final = 300.0

ToRunner: TypeAlias = Literal["drain", "cordon", "uncordon"]


@frozen
class NodeSeen:
    name: str
    facts: Facts | None = None
    """None if it did not answer in time."""
    round_trip: float | None = None
    """Seconds of a call there and back."""


@frozen
class Cluster:
    runtime: Facts
    nodes: tuple[NodeSeen, ...] = ()
    pools: tuple[Stats, ...] = ()


async def look(*apart_from: str) -> Cluster:
    """All but the nodes of these names, which are the session's."""
    names = [name for name in bl.nodes(hidden=True) if name not in apart_from]
    seen = await asyncio.gather(*(_look_at(name) for name in names[:MOST]))
    return Cluster(facts(), (*seen, *(NodeSeen(name) for name in names[MOST:])), tuple(await _pools()))


async def tell_runner(pool: str, node: str, what: ToRunner) -> None:
    """LookupError if there is no such pool, or it has no such runner."""
    from flame.here import pools

    found = next((each for each in pools() if each.name == pool), None)
    if found is None:
        raise LookupError(f"there is no pool {pool!r} any more")
    match what:
        case "drain":
            await found.drain(node)
        case "cordon":
            await found.cordon(node)
        case "uncordon":
            await found.uncordon(node)


async def _look_at(name: str) -> NodeSeen:
    try:
        async with asyncio.timeout(SECONDS):
            found = await bl.rpc.call(name, facts, timeout=SECONDS)
            # Only now: the first call may have brought the code along.
            began = time.perf_counter()
            await bl.rpc.call(name, time.time, timeout=SECONDS)
            return NodeSeen(name, found, time.perf_counter() - began)
    except (bl.BeamlikeError, TimeoutError, OSError):
        return NodeSeen(name)


async def _pools() -> list[Stats]:
    if "flame.pool_server" not in sys.modules:  # a runtime that never made a pool has none, and need not learn it
        return []
    from flame.errors import PoolStopped
    from flame.here import pools

    found = []
    for pool in pools():
        try:
            found.append(await asyncio.wait_for(pool.stats(), SECONDS))
        except (PoolStopped, TimeoutError):
            continue
    return found
