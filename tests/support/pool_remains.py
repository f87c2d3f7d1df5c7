"""What a pool still counts: calls, slots, time limits while it runs, and what it watches once it has stopped."""

from __future__ import annotations

from typing import Any

from flame.pool_server import PoolServer


def work_of(server: PoolServer) -> dict[str, Any]:
    """All that was asked of the pool and is not over, by what it is; empty once the pool rests."""
    dispatch = server._dispatch
    limits = (*server._deadlines._lanes.values(), *server._lingering._lanes.values())
    return _some(
        {
            "calls in line": dispatch.waiters(),
            "slots taken": [lane.node for lane in dispatch.lanes.values() if lane.taken or lane.abandoned],
            "calls at desks": [call for runner in server._runners.values() for call in runner.calls.values()],
            "calls of lost runners": [call for calls in server._lost.values() for call in calls],
            "holds": list(server._holds.values()),
            "calls from elsewhere": list(server._performed),
            "time limits": [call for lane in limits for call in lane.ends],
        }
    )


def remains_of(server: PoolServer) -> dict[str, Any]:
    """What a pool that has stopped should not have any more."""
    return _some(
        {
            **work_of(server),
            "runners": list(server._runners),
            "lanes": list(server._dispatch.lanes),
            "monitors": list(server._watched),
            "whoever waits for it": [*server._starters],
        }
    )


def _some(remains: dict[str, Any]) -> dict[str, Any]:
    return {what: value for what, value in remains.items() if value}
