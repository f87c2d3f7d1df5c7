"""The pools of a node, for whoever looks at it: from the node itself, or from outside."""

from __future__ import annotations

import beamlike as bl
from beamlike.kernel.current import current_node
from flame import table
from flame.errors import PoolStopped
from flame.pool import Pool
from flame.pool_server import POOLS
from flame.stats import Stats

SECONDS = 10.0


def pools() -> list[Pool]:
    """The running pools of the current node, by name.

    >>> import asyncio, beamlike as bl, flame
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         pool = await flame.Pool.start(name="cpu")
    ...         names = [pool.name for pool in flame.pools()]
    ...         await pool.stop()
    ...         return names, flame.pools()
    >>> asyncio.run(main())
    (['cpu'], [])
    """
    node = current_node().name
    found = [Pool(server.options.name, pid) for pid, server in tuple(POOLS.items()) if pid.node == node]
    return sorted(found, key=lambda pool: pool.name)


async def stats_of(node: str, *, timeout: float = SECONDS) -> list[Stats]:
    """How the pools of `node` stand, which this node is connected to or can connect to. Raises as `bl.rpc.call`."""
    found: list[Stats] = await bl.rpc.call(node, _stats_here, timeout=timeout)
    return found


async def tables_of(node: str, width: int = table.WIDTH, *, timeout: float = SECONDS) -> str:
    """The tables of all pools of `node`, one below the other; for `beamlike flame ps NODE`."""
    found = await stats_of(node, timeout=timeout)
    return "\n\n".join(table.text(stats, width) for stats in found) if found else f"{node} has no pool"


async def _stats_here() -> list[Stats]:
    found = []
    for pool in pools():
        try:
            found.append(await pool.stats())
        except PoolStopped:  # it has, just now
            continue
    return found
