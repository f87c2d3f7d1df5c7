"""What a run used of its process: time of the processor, and memory."""

from __future__ import annotations

import resource
import sys
import time
from typing import Self

from beamlike.kernel.record import frozen
from notebook_tui.runtime.outcome import Usage

_STATM = "/proc/self/statm"
_PAGE = resource.getpagesize()


@frozen
class Meter:
    """Begun before a run and read after it.

    >>> Meter.begin().read().memory > 1_000_000
    True
    """

    seconds: float
    cpu: float
    memory: int

    @classmethod
    def begin(cls) -> Self:
        return cls(time.monotonic(), time.process_time(), memory_held())

    def read(self) -> Usage:
        memory = memory_held()
        seconds, cpu = time.monotonic() - self.seconds, time.process_time() - self.cpu
        return Usage(seconds, cpu, memory, memory - self.memory)


def memory_held() -> int:
    """Bytes that are resident; where the system does not say so cheaply, the most that ever were."""
    if sys.platform == "linux":
        with open(_STATM, "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
