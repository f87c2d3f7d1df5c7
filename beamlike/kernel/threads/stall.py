"""A stall as a value, and the counting that decides when to tell of one. No threads, no loops, no clock."""

from __future__ import annotations

from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import Place

GROWTH = 4
"""A stall that lasts is told of again when it is this many times as long: a minute makes five records, not three
hundred."""

ADVICE = "work that blocks belongs in `await bl.blocking(f, ...)`"


@frozen
class Stall:
    """An event loop did not turn for `seconds`, because something in it did not wait.

    What watched stalls (`monitor_stalls`) receives: one when it is noticed, more while it lasts, and one that is
    `over`, of the same `number` in its interpreter. `pid` is the process that ran, None for a plain task or callback;
    `name` is its registered name, or the name of the task. `place` is the innermost user code, `stack` how it came
    there; `function` is what was spawned instead, where that is a C function, which has no line. `alone` is False where
    several took turns without letting the loop look: `pid` is only one of them, then. With `lock_held` the thread held
    the interpreter lock, so that it could be looked at only afterwards: mostly it was still at the call that did so,
    but it may have gone on.
    """

    number: int
    thread: str
    seconds: float
    over: bool
    pid: Pid | None
    name: str | None
    place: Place | None
    stack: tuple[Place, ...]
    function: str | None
    alone: bool
    lock_held: bool

    def __str__(self) -> str:
        loop = f"the event loop of thread {self.thread!r}"
        if self.over:
            return f"{loop} turns again, after {self.seconds:.2f} s with {self._culprit()}"
        held = ", with the interpreter lock held" if self.lock_held else ""
        return f"{loop} has not turned for {self.seconds:.2f} s{held}, for {self._culprit()}"

    def report(self) -> str:
        """What the log says: how the code came there as well, and what to do about it."""
        if self.over:
            return str(self)
        innermost_is_named = self.stack[-1:] == (self.place,)
        around = self.stack[:-1] if innermost_is_named else self.stack
        return "\n  ".join((str(self), *map(str, around), ADVICE))

    def _culprit(self) -> str:
        who = f"{self.pid} ({self.name})" if self.pid and self.name else str(self.pid or self.name or "a callback")
        where = f" at {self.place}" if self.place else f" running {self.function}" if self.function else ""
        return f"{who}{where}" if self.alone else f"several tasks in one turn, {who} the last one seen{where}"


class Silence:
    """How long a loop has not been heard of.

    >>> silence = Silence(threshold=0.5)
    >>> [silence.lasts(0.25) for _ in range(9)]
    [False, True, False, False, False, False, False, True, False]
    >>> silence.seconds
    2.25
    """

    def __init__(self, threshold: float) -> None:
        self.seconds = 0.0
        self._next = threshold

    def lasts(self, seconds: float) -> bool:
        """Another while without a word. Whether it is time to tell."""
        self.seconds += seconds
        if self.seconds < self._next:
            return False
        self._next = self.seconds * GROWTH
        return True


@frozen
class Look:
    """What lies between two looks of the watchdog: the `seconds` in which the program ran, and whether the loop's
    thread computed with the interpreter lock held, so that the watchdog came late."""

    seconds: float
    lock_held: bool


def look(elapsed: float, expected: float, computed: float) -> Look:
    """Judges a look that comes `elapsed` seconds after the last one instead of `expected` ones, while the loop's thread
    used `computed` seconds of the processor.

    A watchdog that comes late was kept from running itself. Where the loop's thread computed meanwhile, that thread
    held the interpreter lock; where not, everything stood still (a stopped process, a suspended machine, one that is
    too busy), and that is nobody's stall.

    >>> look(0.1, expected=0.1, computed=0.0)
    Look(seconds=0.1, lock_held=False)
    >>> look(60.0, expected=0.1, computed=0.01)
    Look(seconds=0.1, lock_held=False)
    >>> look(3.0, expected=0.1, computed=2.9)
    Look(seconds=3.0, lock_held=True)
    """
    late = elapsed - expected
    if late <= expected / 2:
        return Look(elapsed, lock_held=False)
    if computed < late / 2:
        return Look(expected, lock_held=False)
    return Look(elapsed, lock_held=True)
