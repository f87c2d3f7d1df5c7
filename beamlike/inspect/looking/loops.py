"""The event loops that a node lives on: how late they are, and the garbage collector, which makes them so."""

from __future__ import annotations

import asyncio
import gc as collector

from beamlike.distribution.liveness import heartbeats
from beamlike.inspect.facts import GcFacts, LoopFacts
from beamlike.inspect.looking.lag_meter import LagMeter, meter_of, meters
from beamlike.inspect.looking.options import SomeOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.kernel.node import LocalNode


async def loops(node: LocalNode, options: SomeOptions, patience: Patience) -> tuple[LoopFacts, ...]:
    return tuple(meter.look() for meter in meters_of(node))


async def gc(node: LocalNode, options: SomeOptions, patience: Patience) -> GcFacts:
    pauses = next((meter.pauses for meter in _begun(node)), None)
    generations = collector.get_stats()
    return GcFacts(
        enabled=collector.isenabled(),
        thresholds=collector.get_threshold(),
        counts=collector.get_count(),
        collections=tuple(it["collections"] for it in generations),
        collected=tuple(it["collected"] for it in generations),
        uncollectable=sum(it["uncollectable"] for it in generations),
        frozen_objects=collector.get_freeze_count(),
        pauses=pauses.count if pauses is not None else 0,
        paused_seconds=pauses.seconds if pauses is not None else 0.0,
        longest_pause=pauses.longest if pauses is not None else 0.0,
    )


def meters_of(node: LocalNode) -> list[LagMeter]:
    """One for each loop of the node; they measure from the first look on. None for a node without distribution."""
    heartbeat = heartbeats.get(node)
    if heartbeat is None:
        return []
    return [meter_of(watch, heartbeat.thread) for watch in heartbeat.watches]


def _begun(node: LocalNode) -> list[LagMeter]:
    heartbeat = heartbeats.get(node)
    watches = heartbeat.watches if heartbeat is not None else ()
    return [meter for watch in watches if (meter := meters.get(watch)) is not None and meter.goes_on]


def longest_lag(node: LocalNode) -> float | None:
    """Of late, of the loops that are measured; None where none is."""
    return max((meter.lag for meter in _begun(node)), default=None)


def loops_of(node: LocalNode) -> list[asyncio.AbstractEventLoop]:
    heartbeat = heartbeats.get(node)
    watched = [watch.loop for watch in heartbeat.watches] if heartbeat is not None else []
    return list(dict.fromkeys([node.scheduler.loop, *watched]))
