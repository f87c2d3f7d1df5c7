"""One event loop as the watchdog sees it: whether it turns, and who runs in it if it does not.

Between two looks a loop that is awake is asked to call back. One that has not done so by the next look has not turned.
"""

from __future__ import annotations

import asyncio
import itertools
import selectors
import sys
import threading
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from types import FrameType
from typing import Any, Final, Protocol

from beamlike.kernel.record import frozen
from beamlike.kernel.stepped import SteppedProcess, begin
from beamlike.kernel.task_interface import TaskInterface
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.stall import Look, Silence, Stall, look
from beamlike.kernel.threads.thread_stack import Whereabouts, frame_of, whereabouts

THRESHOLD: Final = 0.2
"""Seconds: what a person who waits for an answer notices, and well above what a garbage collection, an import or a
switch of threads takes in a healthy program."""

_numbers = itertools.count(1)


class Watching(Protocol):
    """What somebody who watches the loop asked for."""

    @property
    def threshold(self) -> float: ...
    @property
    def quiet(self) -> bool:
        """Asks by itself, and is told nothing."""
        ...


@frozen
class Running:
    """Who runs in a loop, and where: a process, or else a task by its name."""

    pid: Pid | None
    name: str | None
    where: Whereabouts


class WatchedLoop:
    """What is known of one loop, and told by `tell`. To be made in the loop's thread, in which `_beat` runs; `stalls`,
    `stall_now` and `runs_now` are for any thread, all else is for the watchdog's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[Stall], None]) -> None:
        self.loop = loop
        self.watches: list[Watching] = []
        self._say = tell
        self.stall: Stall | None = None
        self.thread = threading.current_thread()
        self._clock = _clock_of_this_thread()
        self._computed = self.seconds_computed()
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
        before, self._computed = self._computed, self.seconds_computed()
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

    def runs_now(self) -> Running:
        runner = asyncio.current_task(self.loop)
        return Running(*_identity(runner), self._where(runner, frame_of(self.thread.ident or 0)))

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
            self._say(stall)

    def seconds_computed(self) -> float:
        """That the thread has used of the processor. Any thread may ask."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # the thread has ended
            return 0.0


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
