"""Elastic pools of nodes: hand a function to a pool, and it runs on a runner that is booted when needed.

>>> import asyncio, beamlike as bl, flame
>>> def area(width, height):
...     return width * height
>>> async def main():
...     async with bl.Node("doc@127.0.0.1"):
...         pool = await flame.Pool.start(name="cpu", max=2)
...         try:
...             return await flame.call("cpu", area, 3, 4, timeout=20)
...         finally:
...             await pool.stop()
>>> asyncio.run(main())
12
"""

from flame.errors import (
    BootFailed,
    ExecTimeout,
    FlameError,
    NestedPool,
    PoolStopped,
    QueueTimeout,
    RunnerLost,
    WorkEnded,
)
from flame.options import PoolOptions
from flame.parent import Parent
from flame.pool import Pool, call, cast, map

__all__ = [
    "BootFailed",
    "ExecTimeout",
    "FlameError",
    "NestedPool",
    "Parent",
    "Pool",
    "PoolOptions",
    "PoolStopped",
    "QueueTimeout",
    "RunnerLost",
    "WorkEnded",
    "call",
    "cast",
    "map",
]
