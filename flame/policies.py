"""Placeholder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Demand:
    waiting: int
    waited: float
    busy: int
    up: int
    booting: int
    slots: int
    at: float
    wall: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    runners: int
    why: str


class Policy(Protocol):
    def wanted(self, demand: Demand) -> Wanted: ...

    def next_change(self, demand: Demand) -> float | None: ...


@dataclass(frozen=True, slots=True)
class OnDemand:
    def wanted(self, demand: Demand) -> Wanted:
        more = -(-demand.waiting // demand.slots)
        busy = -(-demand.busy // demand.slots) if demand.busy else 0
        if not more:
            return Wanted(busy, "no call waits")
        return Wanted(demand.up + more, f"{demand.waiting} calls wait at {demand.slots} a runner: {more} more needed")

    def next_change(self, demand: Demand) -> float | None:
        return None
