"""What the process of a pool is asked, by message; the requests for slots that are held stand in `leasing`."""

from __future__ import annotations

import beamlike as bl
from beamlike.kernel.record import frozen
from flame.calls import Request


@frozen
class Perform:
    """Asks for a call, from another node or another loop. Answered by its Outcome, or by the exception that says why
    there is none."""

    request: Request
    call: bl.Ref
    leader: bl.Pid
    """Who gets the caller's output."""
    span: str = ""
    """The caller's, where that uses OpenTelemetry."""


@frozen
class Abandon:
    """The caller of `Perform` waits no more."""

    call: bl.Ref


@frozen
class AwaitMinimum:
    """Answered by None once `min` runners are up, or by the BootFailed that says why they are not."""


@frozen
class AwaitWarm:
    """Answered by None once so many runners are up, or none more is wanted; else by the BootFailed."""

    runners: int


@frozen
class Resize:
    min: int | None
    max: int | None


@frozen
class Drain:
    """Answered, once the runner on that node is gone, by None."""

    node: str
    seconds: float | None


@frozen
class Cordon:
    node: str
    cordoned: bool


@frozen
class StopPool:
    """Answered by None once all runners are gone."""


@frozen
class GetPlaced:
    """Of one who is about to stop the pool. Answered by the pids of the processes that are placed."""


@frozen
class GetOptions:
    """Answered by the PoolOptions."""


@frozen
class Explain:
    """Answered by the pool's state in words."""


@frozen
class GetStats:
    """Answered by the pool's Stats."""
