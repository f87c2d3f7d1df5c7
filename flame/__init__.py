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

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flame.calling import Retry
    from flame.caps import Caps
    from flame.errors import (
        BootFailed,
        BootTimeout,
        Cancelled,
        CapReached,
        ExecTimeout,
        FlameError,
        NestedPool,
        PoolStopped,
        QueueTimeout,
        RunnerLost,
        WorkEnded,
    )
    from flame.events import RunnerPhase
    from flame.functions import call, cast, map, place_child, stream
    from flame.here import pools
    from flame.options import PoolOptions
    from flame.output import Progress
    from flame.parent import Parent
    from flame.policies import at_least, largest, on_demand, queue_depth, spare
    from flame.pool import Pool
    from flame.prices import Prices
    from flame.progress import progress
    from flame.schedule import schedule
    from flame.shared_caps import SharedCaps
    from flame.stats import Stats
    from flame.tracking import CannotFetch, RefLost, RefTimeout, RemoteRef, keep, refs_in
    from flame.watching import watch

__all__ = [
    "BootFailed",
    "BootTimeout",
    "Cancelled",
    "CannotFetch",
    "CapReached",
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
    "RefLost",
    "RefTimeout",
    "RemoteRef",
    "Retry",
    "RunnerLost",
    "RunnerPhase",
    "SharedCaps",
    "Stats",
    "WorkEnded",
    "at_least",
    "call",
    "cast",
    "keep",
    "largest",
    "map",
    "on_demand",
    "place_child",
    "pools",
    "progress",
    "queue_depth",
    "refs_in",
    "schedule",
    "spare",
    "stream",
    "watch",
]

# What a runner needs is a small part, and it is to be up soon: so each name is imported when it is first used.
_WHERE = {
    "CapReached": "errors",
    "refs_in": "tracking",
    "keep": "tracking",
    "RemoteRef": "tracking",
    "RefTimeout": "tracking",
    "RefLost": "tracking",
    "CannotFetch": "tracking",
    "BootFailed": "errors",
    "BootTimeout": "errors",
    "Cancelled": "errors",
    "Caps": "caps",
    "ExecTimeout": "errors",
    "FlameError": "errors",
    "NestedPool": "errors",
    "Parent": "parent",
    "Pool": "pool",
    "PoolOptions": "options",
    "PoolStopped": "errors",
    "Prices": "prices",
    "Progress": "output",
    "QueueTimeout": "errors",
    "Retry": "calling",
    "RunnerLost": "errors",
    "RunnerPhase": "events",
    "SharedCaps": "shared_caps",
    "Stats": "stats",
    "WorkEnded": "errors",
    "at_least": "policies",
    "call": "functions",
    "cast": "functions",
    "largest": "policies",
    "map": "functions",
    "on_demand": "policies",
    "place_child": "functions",
    "pools": "here",
    "progress": "progress",
    "queue_depth": "policies",
    "schedule": "schedule",
    "spare": "policies",
    "stream": "functions",
    "watch": "watching",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"flame.{_WHERE[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
