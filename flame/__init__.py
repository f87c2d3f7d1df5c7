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

from flame.calling import Retry
from flame.caps import Caps
from flame.errors import (
    BootFailed,
    BootTimeout,
    Cancelled,
    ExecTimeout,
    FlameError,
    NestedPool,
    PoolStopped,
    QueueTimeout,
    RunnerLost,
    WorkEnded,
)
from flame.functions import call, cast, map, place_child, stream
from flame.options import PoolOptions
from flame.output import Progress
from flame.parent import Parent
from flame.policies import at_least, largest, on_demand, queue_depth, spare
from flame.pool import Pool
from flame.prices import Prices
from flame.progress import progress
from flame.schedule import schedule
from flame.shared_caps import SharedCaps

__all__ = [
    "BootFailed",
    "BootTimeout",
    "Cancelled",
    "Caps",
    "ExecTimeout",
    "FlameError",
    "NestedPool",
    "Parent",
    "Pool",
    "PoolOptions",
    "PoolStopped",
    "Prices",
    "Progress",
    "QueueTimeout",
    "Retry",
    "RunnerLost",
    "SharedCaps",
    "WorkEnded",
    "at_least",
    "call",
    "cast",
    "largest",
    "map",
    "on_demand",
    "place_child",
    "progress",
    "queue_depth",
    "schedule",
    "spare",
    "stream",
]
