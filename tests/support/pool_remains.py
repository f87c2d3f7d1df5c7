"""What a pool still counts: calls, slots, time limits while it runs, and what it watches once it has stopped."""

from __future__ import annotations

from typing import Any

from flame.pool_server import PoolServer


def work_of(server: PoolServer) -> dict[str, Any]:
    """All that was asked of the pool and is not over, by what it is; empty once the pool rests."""
    traffic = server.traffic
    dispatch = traffic.dispatch
    limits = (*traffic.deadlines._lanes.values(), *traffic.lingering._lanes.values())
    return _some(
        {
            "calls in line": dispatch.waiters(),
            "slots taken": [lane.node for lane in dispatch.lanes.values() if lane.taken or lane.abandoned],
            "calls at desks": [call for desk in traffic.desks.values() for call in desk.calls.values()],
            "calls of lost runners": [call for calls in traffic.lost.values() for call in calls],
            "holds": list(server.holds.by_lease.values()),
            "calls from elsewhere": list(server.elsewhere.performed),
            "time limits": [call for lane in limits for call in lane.ends],
        }
    )


def remains_of(server: PoolServer) -> dict[str, Any]:
    """What a pool that has stopped should not have any more."""
    return _some(
        {
            **work_of(server),
            "runners": list(server.traffic.desks),
            "lanes": list(server.traffic.dispatch.lanes),
            "monitors": list(server.watches.by_ref),
            "whoever waits for it": [*server.starters],
        }
    )


def _some(remains: dict[str, Any]) -> dict[str, Any]:
    return {what: value for what, value in remains.items() if value}
