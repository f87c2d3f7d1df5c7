"""Requests to the process of a pool."""

from __future__ import annotations

from typing import Any

import beamlike as bl
from beamlike.kernel.terms import NOCONNECTION, NOPROC
from flame.errors import PoolStopped


async def ask(name: str, pool: bl.Pid, request: object, *, timeout: float | None = None) -> Any:
    """The pool's answer; PoolStopped if there is no pool any more."""
    try:
        return await bl.GenServer.call(pool, request, timeout=timeout)
    except bl.CallFailed as error:
        if error.reason in (NOPROC, NOCONNECTION, "normal", "shutdown", "killed"):
            raise PoolStopped(f"pool {name!r} has stopped ({error.reason}): start it again") from None
        raise
