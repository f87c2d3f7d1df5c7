"""What the process of a pool is asked, by message; the requests for slots that are held stand in `leasing`."""

from __future__ import annotations

from dataclasses import dataclass

import beamlike as bl
from flame.calls import Request


@dataclass(frozen=True, slots=True)
class Perform:
    """Asks for a call, from another node or another loop. Answered by its Outcome, or by the exception that says why
    there is none."""

    request: Request
    call: bl.Ref
    leader: bl.Pid
    """Who gets the caller's output."""
    span: str = ""
    """The caller's, where that uses OpenTelemetry."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """The caller of `Perform` waits no more."""

    call: bl.Ref


@dataclass(frozen=True, slots=True)
class AwaitMinimum:
    """Answered by None once `min` runners are up, or by the BootFailed that says why they are not."""


@dataclass(frozen=True, slots=True)
class AwaitWarm:
    """Answered by None once so many runners are up, or none more is wanted; else by the BootFailed."""

    runners: int


@dataclass(frozen=True, slots=True)
class Resize:
    min: int | None
    max: int | None


@dataclass(frozen=True, slots=True)
class Drain:
    """Answered, once the runner on that node is gone, by None."""

    node: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Cordon:
    node: str
    cordoned: bool


@dataclass(frozen=True, slots=True)
class StopPool:
    """Answered by None once all runners are gone."""


@dataclass(frozen=True, slots=True)
class GetOptions:
    """Answered by the PoolOptions."""


@dataclass(frozen=True, slots=True)
class Explain:
    """Answered by the pool's state in words."""


@dataclass(frozen=True, slots=True)
class GetStats:
    """Answered by the pool's Stats."""
