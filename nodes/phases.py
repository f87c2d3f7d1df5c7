"""How far a boot has come, step by step.

requested ─► creating ─► created ─► started ─► dialled ─► ready
    └────────────┴───────────┴─────────┴──────────┴─────► failed
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen

PhaseName: TypeAlias = Literal["requested", "creating", "created", "started", "dialled", "ready", "failed"]


@frozen
class Phase:
    """A step of a boot: `seconds` after the request, in words for people.

    >>> str(Phase("started", 0.2, "process 4711 runs"))
    'started at +0.2 s: process 4711 runs'
    """

    name: PhaseName
    seconds: float
    words: str

    def __str__(self) -> str:
        return f"{self.name} at +{self.seconds:.1f} s: {self.words}"


OnPhase: TypeAlias = Callable[[Phase], None]


class Progress:
    """Tells each step of one boot as it comes, and knows the last one and the time since the request."""

    def __init__(self, tell: OnPhase | None) -> None:
        self._tell = tell
        self._since = time.monotonic()
        self.phase = Phase("requested", 0.0, "")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since

    def reach(self, name: PhaseName, words: str) -> None:
        self.phase = Phase(name, self.seconds, words)
        if self._tell is not None:
            self._tell(self.phase)
