"""What a serving has done, in numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from beamlike.kernel.record import frozen

_REMEMBERED = 1_000


@frozen
class Percentiles:
    """Seconds, of the last thousand."""

    p50: float
    p95: float
    p99: float


@frozen
class Statistics:
    """`generation` counts the models from 1. Inputs were `served` or `failed`, `refused` because too many waited,
    `late` because their time was up before they began, or `withdrawn` by who had asked. `batch_fill` is the mean share
    of a batch that was used. `latency` is from the arrival of an input to its outcome, `run` that of the function for a
    batch; None before there was any."""

    name: str
    generation: int
    partitions: int
    busy: int
    waiting: int
    served: int
    failed: int
    refused: int
    late: int
    withdrawn: int
    batches: int
    batch_fill: float
    latency: Percentiles | None
    run: Percentiles | None


class Recent:
    """The last durations."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        self._seconds.append(seconds)

    def percentiles(self) -> Percentiles | None:
        return percentiles(self._seconds)


def percentiles(seconds: Iterable[float]) -> Percentiles | None:
    """By the nearest rank.

    >>> percentiles(range(1, 101))
    Percentiles(p50=50, p95=95, p99=99)
    >>> percentiles([])
    """
    ordered = sorted(seconds)
    if not ordered:
        return None
    rank = [ordered[max(0, -(-len(ordered) * percent // 100) - 1)] for percent in (50, 95, 99)]
    return Percentiles(*rank)
