"""How far a boot has come, step by step.

requested ─► creating ─► created ─► started ─► dialled ─► ready
    └────────────┴───────────┴─────────┴──────────┴─────► failed

A step is told again, with other words, as its platform says something new of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen

PhaseName: TypeAlias = Literal["requested", "creating", "created", "started", "dialled", "ready", "failed"]


@frozen
class Phase:
    """A step of a boot: `seconds` after the request, in words for people, which may be those of its platform.

    >>> str(Phase("started", 0.2, "process 4711 runs"))
    'started at +0.2 s: process 4711 runs'
    """

    name: PhaseName
    seconds: float
    words: str
    is_of_platform: bool = False

    def __str__(self) -> str:
        return f"{self.name} at +{self.seconds:.1f} s: {self.words}"


OnPhase: TypeAlias = Callable[[Phase], None]


class Progress:
    """Tells each step of one boot as it comes, and knows the last one and the time since the request."""

    def __init__(self, tell: OnPhase | None) -> None:
        self._tell = tell
        self._since = time.monotonic()
        self.phase = Phase("requested", 0.0, "")
        self.reached = 0.0
        """When the step was reached, of which the phase may tell something newer."""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since

    def reach(self, name: PhaseName, words: str, *, is_of_platform: bool = False) -> None:
        seconds = self.seconds
        if name != self.phase.name:
            self.reached = seconds
        self.phase = Phase(name, seconds, words, is_of_platform)
        if self._tell is not None:
            self._tell(self.phase)

    def say(self, words: str) -> None:
        """The step is the same, and this is new of it."""
        if words and words != self.phase.words:
            self.reach(self.phase.name, words, is_of_platform=True)

    @contextmanager
    def told_by_backend(self) -> Iterator[None]:
        """What the backend tells in here, and in the tasks that it starts in here, is told of this boot, for as long
        as it is asked for the machine."""

        def say(words: str) -> None:
            if self.phase.name == "creating":
                self.say(words)

        before = _say.set(say)
        try:
            yield
        finally:
            _say.reset(before)


_say: ContextVar[Callable[[str], None]] = ContextVar("_say", default=lambda _words: None)


def tell(words: str) -> None:
    """For a backend that is asked for a machine: what it is doing. A new "creating" with these words is told to whoever
    follows the boot; nothing happens where none is under way. To be called in the event loop's thread.

    >>> tell("creating 17 of 64, the next in 0.8 s")
    """
    _say.get()(words)
