"""Samples the stacks of all threads from one of its own, for a bounded time at a bounded rate, and only when asked.

`sys._current_frames()` holds the interpreter lock while it looks, so what it finds is where threads were when they gave
the lock away: code in C is seen as the Python function that called it, and code that never gives it away at the
end of its turn. The sampler measures what a look costs and looks less often where that would be more than its share.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from types import CodeType, FrameType
from typing import Any, Final

from beamlike.inspect.profiling.profile import Frame, Profile
from beamlike.kernel import functions, signals
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import Down, Pid

MOST_SECONDS: Final = 60.0
MOST_PER_SECOND: Final = 500
SHARE: Final = 0.02
"""Of one core, that looking may take."""
_DEEPEST: Final = 128
_MOST_STACKS: Final = 20_000
_LONGEST: Final = 200

_WAITING: Final = {
    ("selectors.py", "select"),
    ("threading.py", "wait"),
    ("threading.py", "_wait_for_tstate_lock"),
    ("queue.py", "get"),
    ("runners.py", "run"),
    ("base_events.py", "run_forever"),
    ("thread.py", "_worker"),
}
"""Where a thread stands that waits for work: the last file and function that Python knows of."""

_LOOPS: Final = {("base_events.py", "run_forever"), ("runners.py", "run")}
"""What runs an event loop: a thread in whose stack one stands."""
_IDLE_SHARE: Final = 0.1
"""Of the time since the last look: a thread that computed for less has waited, in C code that Python does not see."""
_cpu_clock: Final[Any] = getattr(time, "pthread_getcpuclockid", None)

_busy = threading.Lock()


class NotProfiled(BeamlikeError, ValueError):
    """A profile cannot be taken; the message says why."""


async def take_profile(node: LocalNode, options: dict[Any, Any], client: Pid) -> tuple[Any, ...]:
    """A profile of this interpreter, as it travels; see `bl.inspect.profile`. Ends with whoever asked for it."""
    seconds = _checked(options.get("seconds"), MOST_SECONDS, "a time", "seconds")
    rate = _checked(options.get("rate"), MOST_PER_SECOND, "a rate", "samples a second")
    if not _busy.acquire(blocking=False):
        raise NotProfiled("expected a node that nobody profiles; another profile is being taken, and ends by itself")
    sampler = Sampler(seconds, 1 / rate)
    taken: list[tuple[Any, ...]] = []
    me, gone = functions.self(), functions.monitor(client)

    def run() -> None:
        try:
            sampler.run()
            taken.append(sampler.profile(node.name).row)
        finally:
            _busy.release()
            node.route(signals.Send(None, me, _DONE))

    threading.Thread(target=run, name=_NAME, daemon=True).start()
    try:
        await functions.receive(lambda message: message == _DONE or (type(message) is Down and message.ref == gone))
    finally:
        sampler.stop()
    if not taken:
        raise NotProfiled("no profile was taken: who asked for it is gone, or it failed, as standard error says")
    return taken[0]


_NAME: Final = "beamlike profile"
_DONE: Final = "profile taken"


class Sampler:
    def __init__(self, seconds: float, interval: float) -> None:
        self._seconds = seconds
        self._interval = interval
        self._stopped = threading.Event()
        self._counts: Counter[tuple[Any, ...]] = Counter()
        self._samples = self._idle = self._left_out = 0
        self._began = time.time()
        self._took = 0.0
        self._looked_at = 0.0
        self._computed: dict[int, float] = {}

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Until the time is over, or `stop`."""
        me, began, cost = threading.get_ident(), time.monotonic(), 0.0
        due = began
        while (now := time.monotonic()) < began + self._seconds:
            self._look(me)
            cost = 0.8 * cost + 0.2 * (time.monotonic() - now)
            # What was missed while the lock was elsewhere is not made up for.
            due = max(due + max(self._interval, cost / SHARE), time.monotonic())
            if self._stopped.wait(max(0.0, min(due, began + self._seconds) - time.monotonic())):
                break
        self._took = time.monotonic() - began

    def _look(self, me: int) -> None:
        self._samples += 1
        now = time.monotonic()
        passed, self._looked_at = now - self._looked_at, now
        frames = sys._current_frames()
        for thread, frame in frames.items():
            if thread != me:
                self._count(thread, frame, self._computes(thread, passed))

    def _computes(self, thread: int, passed: float) -> bool:
        """Whether the thread did anything since the last look. It has not ended: its frame was there, and we hold the
        lock that it would need to go."""
        if _cpu_clock is None:
            return True
        computed = time.clock_gettime(_cpu_clock(thread))
        before = self._computed.get(thread)
        self._computed[thread] = computed
        return before is not None and computed - before >= _IDLE_SHARE * min(passed, self._interval)

    def _count(self, thread: int, frame: FrameType | None, computes: bool) -> None:
        if frame is None or _is(frame.f_code, _WAITING):
            self._idle += 1
            return
        stack: list[CodeType] = []
        while frame is not None and len(stack) < _DEEPEST:
            stack.append(frame.f_code)
            frame = frame.f_back
        # Code that keeps a loop from turning is to be seen though it only waits.
        if not computes and not any(_is(code, _LOOPS) for code in stack):
            self._idle += 1
            return
        key = (thread, *reversed(stack))
        if key in self._counts or len(self._counts) < _MOST_STACKS:
            self._counts[key] += 1
        else:
            self._left_out += 1

    def profile(self, node: str) -> Profile:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        places: dict[Frame, int] = {}

        def place(frame: Frame) -> int:
            return places.setdefault(frame, len(places))

        stacks: Counter[tuple[int, ...]] = Counter()
        for (thread, *codes), count in self._counts.items():
            outermost = Frame(names.get(thread, "a thread that has ended"), "", 0)
            stacks[(place(outermost), *(place(_frame(code)) for code in codes))] += count
        interval = self._took / self._samples if self._samples else self._interval
        return Profile(
            node,
            self._began,
            self._took,
            interval,
            self._samples,
            self._idle,
            tuple(places),
            tuple(stacks.items()),
            self._left_out,
        )


def _is(code: CodeType, places: set[tuple[str, str]]) -> bool:
    return (code.co_filename.rpartition("/")[2], code.co_name) in places


def _frame(code: CodeType) -> Frame:
    return Frame(code.co_qualname[:_LONGEST], code.co_filename[-_LONGEST:], code.co_firstlineno)


def _checked(value: Any, most: float, what: str, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise NotProfiled(f"expected {what} above 0 and up to {most:g} {unit} for a profile, got {value!r}")
    return float(value)
