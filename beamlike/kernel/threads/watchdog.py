"""Tells when an event loop does not turn, and who keeps it from turning.

asyncio cannot take the loop from code that does not wait: such a process stalls all others of its loop. One thread
watches all loops of the interpreter. Every half threshold it asks each loop that is not asleep to call back, and looks
at who runs in one that has not called back since. The process, or asyncio task, and its line of code go to the log
"beamlike.watchdog" (the value is the record's `stall`), and as a `Stall` to every process that asked with
`monitor_stalls`: once per stall, again when a long one is four times as long, and when it is over. It is the BEAM's
`system_monitor` with `long_schedule`.

A healthy loop pays one callback per half threshold, an idle one of asyncio's own nothing. What is not noticed: a stall
shorter than the threshold (up to twice that may pass), and C code that holds the interpreter lock and sleeps, which
cannot be told from a stopped program. C code that holds the lock and computes is noticed when it is over.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import selectors
import sys
import threading
import time
from contextlib import suppress
from contextvars import Context
from dataclasses import replace
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

from beamlike.kernel import current, signals
from beamlike.kernel.stepped import SteppedProcess, begin
from beamlike.kernel.task_interface import TaskInterface
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.stall import Look, Silence, Stall, look
from beamlike.kernel.threads.thread_stack import Whereabouts, frame_of, whereabouts

logger = logging.getLogger("beamlike.watchdog")

THRESHOLD = 0.2
"""Seconds: what a person who waits for an answer notices, and well above what a garbage collection, an import or a
switch of threads takes in a healthy program."""

_numbers = itertools.count(1)


class Watch:
    """A loop is watched until `close`; what `watch` returns. Also a context manager."""

    def __init__(self, watched: _WatchedLoop, threshold: float, quiet: bool) -> None:
        self.threshold = threshold
        self.quiet = quiet
        self._watched = watched

    def close(self) -> None:
        """Watches no more; a second call does nothing. Any thread may call it."""
        _watchdog.drop(self._watched, self)

    @property
    def stall(self) -> Stall | None:
        """The stall that goes on now, as last told; None while the loop turns."""
        return self._watched.stall

    @property
    def thread(self) -> threading.Thread:
        """That runs the loop."""
        return self._watched.thread

    @property
    def stalls(self) -> bool:
        """Whether a stall goes on at this very moment."""
        return self._watched.stalls

    def now(self) -> Stall | None:
        """The stall that goes on, with the code that runs at this moment. Any thread may ask, and nobody is told."""
        return self._watched.stall_now()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def watch(loop: asyncio.AbstractEventLoop | None = None, threshold: float = THRESHOLD, *, quiet: bool = False) -> Watch:
    """Watches `loop`, the running one by default; to be called in the thread that runs it.

    A loop that does not turn for `threshold` seconds is told of. A loop that is watched more than once is told of once,
    by the smallest threshold. A `quiet` watch tells nobody, but can be asked (`Watch.now`). A closed loop is dropped by
    itself. ValueError for a threshold that is not positive.

    >>> async def main():
    ...     with watch(threshold=0.5) as held:
    ...         return held.stall
    >>> asyncio.run(main())
    """
    if not threshold > 0:
        raise ValueError(f"expected a threshold above 0 s to watch a loop with, got {threshold!r}; or do not watch it")
    return _watchdog.add(loop or asyncio.get_running_loop(), threshold, quiet)


def monitor_stalls(flag: bool = True) -> None:
    """Stalls of every watched loop of this interpreter become `Stall` messages of the current process; with False, no
    longer. A process whose own loop stalls gets them afterwards: let one on another loop ask."""
    pid = current.current_process().pid
    if flag:
        _subscribers[pid] = None
    else:
        _subscribers.pop(pid, None)


_subscribers: dict[Pid, None] = {}


class _WatchedLoop:
    """What is known of one loop. `_beat` runs in its thread, all else in the watchdog's."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.watches: list[Watch] = []
        self.stall: Stall | None = None
        self.thread = threading.current_thread()
        self._clock = _clock_of_this_thread()
        self._computed = self._seconds_computed()
        self._context = Context()
        self._asked = False
        self._answered = 0.0
        # The code that calls what the loop calls: this in asyncio's, in uvloop whoever runs the loop.
        self._caller = asyncio.Handle._run.__code__
        self._silence: Silence | None = None
        self._runner: object = None
        self._alone = True

    @property
    def threshold(self) -> float:
        watches = tuple(self.watches)
        telling = [watch for watch in watches if not watch.quiet]
        return min((watch.threshold for watch in telling or watches), default=THRESHOLD)

    def look(self, last: float, now: float, expected: float) -> None:
        """Judges the time between two looks, and asks for a sign of life that the next one will find."""
        before, self._computed = self._computed, self._seconds_computed()
        seen = look(now - last, expected, self._computed - before)
        frame = frame_of(self.thread.ident or 0)
        turns = not self.loop.is_running() or _is_asleep(frame)
        if turns or not self._asked:
            self._heard(now - last if self._asked else self._answered - last)
        if seen.lock_held and seen.seconds >= self.threshold and self._silence is None:
            # It could not be asked meanwhile, and has gone on since.
            self._unheard(seen, None if turns else frame)
        elif self._asked and not turns:
            self._unheard(seen, frame)
        if not turns:
            self._ask()

    @property
    def stalls(self) -> bool:
        return self.stall is not None and self._asked

    def stall_now(self) -> Stall | None:
        silence, stall = self._silence, self.stall
        if silence is None or stall is None:
            return None
        runner = asyncio.current_task(self.loop)
        frame = frame_of(self.thread.ident or 0)
        where = self._where(runner, frame)
        pid, name = _identity(runner)
        now = replace(stall, seconds=silence.seconds, pid=pid, name=name, place=where.place, stack=where.stack)
        return now if self._asked else None

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            try:
                self.loop.call_soon_threadsafe(self._beat, context=self._context)
            except RuntimeError:
                if not self.loop.is_closed():
                    raise

    def _beat(self) -> None:
        self._caller = sys._getframe(1).f_code
        self._answered = time.monotonic()
        self._asked = False

    def _unheard(self, seen: Look, frame: FrameType | None) -> None:
        runner = asyncio.current_task(self.loop)
        if self._silence is None:
            self._silence = Silence(self.threshold)
            self._alone = True
        elif id(runner) != self._runner:
            self._alone = False
        self._runner = id(runner)
        if self._silence.lasts(seen.seconds):
            where = self._where(runner, frame)
            if self._asked or seen.lock_held:  # else it was heard of just now, and the frames are of another turn
                function = _spawned(runner) if frame is not None and frame.f_code is begin.__code__ else None
                self._begin_or_go_on(runner, where, function, seen.lock_held)

    def _where(self, runner: object, frame: FrameType | None) -> Whereabouts:
        return whereabouts(frame, _outermost_of(runner), (self._caller, begin.__code__))

    def _begin_or_go_on(self, runner: object, where: Whereabouts, function: str | None, lock_held: bool) -> None:
        assert self._silence is not None
        pid, name = _identity(runner)
        self.stall = Stall(
            number=self.stall.number if self.stall is not None else next(_numbers),
            thread=self.thread.name,
            seconds=self._silence.seconds,
            over=False,
            pid=pid,
            name=name,
            place=where.place,
            stack=where.stack,
            function=function,
            alone=self._alone,
            lock_held=lock_held,
        )
        self._tell(self.stall)

    def _heard(self, seconds: float) -> None:
        """The loop turns, and has done so `seconds` after the last look."""
        silence, self._silence = self._silence, None
        stall, self.stall = self.stall, None
        if stall is not None and silence is not None:
            self._tell(replace(stall, seconds=silence.seconds + max(0.0, seconds), over=True))

    def _tell(self, stall: Stall) -> None:
        if any(not watch.quiet for watch in tuple(self.watches)):
            _tell(stall)

    def _seconds_computed(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # the thread has ended
            return 0.0


class _Watchdog:
    """The thread, and the loops that it looks at; it lives as long as there are any."""

    def __init__(self) -> None:
        self._loops: dict[asyncio.AbstractEventLoop, _WatchedLoop] = {}
        self._lock = threading.Lock()
        # Ends a pause. Next to a condition it takes half the time, which is most of what an idle program pays.
        self._changed: SimpleQueue[None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, loop: asyncio.AbstractEventLoop, threshold: float, quiet: bool) -> Watch:
        with self._lock:
            watched = self._loops.get(loop)
            if watched is None:
                watched = self._loops[loop] = _WatchedLoop(loop)
            watch = Watch(watched, threshold, quiet)
            watched.watches.append(watch)
            if self._thread is None:
                self._changed = SimpleQueue()
                self._thread = threading.Thread(target=self._run, name="beamlike watchdog", daemon=True)
                self._thread.start()
            self._changed.put(None)
        return watch

    def drop(self, watched: _WatchedLoop, watch: Watch) -> None:
        with self._lock:
            if watch in watched.watches:
                watched.watches.remove(watch)
                if not watched.watches:
                    self._forget(watched)

    def _forget(self, watched: _WatchedLoop) -> None:
        watched.watches.clear()
        if self._loops.get(watched.loop) is watched:
            del self._loops[watched.loop]
        self._changed.put(None)

    def _run(self) -> None:
        last = time.monotonic()
        while (expected := self._pause()) is not None:
            now = time.monotonic()
            for watched in tuple(self._loops.values()):
                self._look(watched, last, now, expected)
            last = now

    def _pause(self) -> float | None:
        """Lets half a threshold pass and says how long that is; None if nothing is left to look at."""
        with self._lock:
            if not self._loops:
                self._thread = None
                return None
            expected = min(watched.threshold for watched in self._loops.values()) / 2
        with suppress(Empty):
            self._changed.get(timeout=expected)
        return expected

    def _look(self, watched: _WatchedLoop, last: float, now: float, expected: float) -> None:
        try:
            if not watched.loop.is_closed():
                watched.look(last, now, expected)
                return
        except Exception:
            logger.exception("looking at %r failed; it is watched no more", watched.loop)
        with self._lock:
            self._forget(watched)


_watchdog = _Watchdog()


def _forget_all() -> None:
    """In a forked process, which has neither the thread nor the loops."""
    global _watchdog
    _watchdog = _Watchdog()
    _subscribers.clear()


os.register_at_fork(after_in_child=_forget_all)


def _clock_of_this_thread() -> int:
    """The clock of what this thread computes; of the whole program where a thread has none (macOS)."""
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    return clock_of(threading.get_ident()) if clock_of is not None else time.CLOCK_PROCESS_CPUTIME_ID


def _is_asleep(frame: FrameType | None) -> bool:
    """Whether a loop of asyncio waits for its sockets and timers. (A program may itself wait in a selector: the caller
    decides.) In uvloop that cannot be seen."""
    return frame is not None and frame.f_code in _SELECTS and frame.f_back is not None and frame.f_back.f_code is _TURNS


_TURNS = asyncio.BaseEventLoop._run_once.__code__  # type: ignore[attr-defined]
_SELECTS = frozenset(
    kind.select.__code__
    for name in ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector")
    if (kind := getattr(selectors, name, None)) is not None
)


def _outermost_of(runner: object) -> FrameType | None:
    """The frame in which the code of a task or process begins."""
    coroutine = runner.get_coro() if isinstance(runner, asyncio.Task | TaskInterface) else None
    return getattr(coroutine, "cr_frame", None)


def _spawned(runner: object) -> str | None:
    """The function that a process runs, by name; None for a coroutine, which has frames of its own."""
    if not isinstance(runner, SteppedProcess) or runner.get_coro() is not None:
        return None
    function: Any = getattr(runner, "resume", None)
    function = getattr(function, "func", function)  # of a partial
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    return f"{module}.{name}" if module and name else name


def _identity(runner: object) -> tuple[Pid | None, str | None]:
    match runner:
        case TaskInterface():
            return runner.pid, runner.name
        case asyncio.Task():
            return None, runner.get_name()
        case _:
            return None, None


def _tell(stall: Stall) -> None:
    """Messages first: a log handler may wait for the very thread that stalls."""
    nodes = {node.name: node for node in current.running_nodes()}
    for pid in tuple(_subscribers):
        node = nodes.get(pid.node)
        if node is None or node.process(pid) is None:
            _subscribers.pop(pid, None)
        else:
            node.route(signals.Send(None, pid, stall))
    logger.warning("%s", stall.report(), extra={"stall": stall})
