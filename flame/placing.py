"""A long-lived process on a runner."""

from __future__ import annotations

import inspect
from typing import Any

import beamlike as bl
from flame.calls import Request
from flame.leasing import Placed, leased
from flame.output import Limits, hear
from flame.output_sink import Sink


async def place(name: str, pool: bl.Pid, request: Request) -> bl.Pid | None:
    """Starts the process that the request's function returns the pid of; see Pool.place_child."""
    async with leased(name, pool, request) as lease:
        pid: bl.Pid | None = await bl.rpc.call(
            lease.node, start_there, request.function, request.sink, timeout=lease.seconds
        )
        if pid is None:
            return None
        # Before the block's end releases the lease: the slot is the process's now.
        await bl.GenServer.call(pool, Placed(lease.lease, pid, request.link), timeout=None)
    if request.link:
        bl.link(pid)
    return pid


async def start_there(start: Any, sink: Sink | None) -> bl.Pid | None:
    """In a process of its own, which ends with the caller. What is linked to it goes with it, if that happens before
    all is said."""
    hear(sink, Limits(in_all=None))
    pid = start()
    if inspect.isawaitable(pid):
        pid = await pid
    if pid is not None and not isinstance(pid, bl.Pid):
        raise TypeError(f"expected {start!r} to return the pid of the process that it has started, got {pid!r}")
    return pid
