"""Steps processes inside an event loop: one scheduler per loop, in the loop's own thread.

A process that is ready stands in the run queue; the loop calls `run`, which steps up to BUDGET of them and then lets
the loop look at its sockets and timers. Signals to a process of this thread are handled at once, one after the other
(`dispatch` is a trampoline: a chain of a million links does not deepen the stack); those from another thread come
through the loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextvars import Context
from itertools import repeat
from threading import get_ident
from typing import TYPE_CHECKING, TypeVarTuple, Unpack

from beamlike.kernel import terms
from beamlike.kernel.current_task import current_tasks
from beamlike.kernel.deadlines import Deadlines
from beamlike.kernel.states import CAREFUL, NEW, READY, RUNNING
from beamlike.kernel.stepped import DONE, begin

if TYPE_CHECKING:
    from beamlike.kernel.process import Process
    from beamlike.kernel.receiver import Receiver
    from beamlike.kernel.signals import Signal
    from beamlike.kernel.stepped import SteppedProcess

logger = logging.getLogger("beamlike.scheduler")

Ts = TypeVarTuple("Ts")

BUDGET = 512
"""Steps between two looks at the sockets: some 200 µs of the cheapest steps, and 2% spent on looking."""

NO_THREAD = 0
"""No thread has this number."""

LAST_STEPS = 64
"""Steps of the dead between two looks at the sockets while the living are ready."""

CREDIT = 1024
"""Receives that need not wait, but are no plain ones, between two looks at the sockets."""


class Scheduler:
    """Steps the processes of one event loop; must be made in the loop's thread."""

    __slots__ = (
        "_at_turn_end",
        "_dying",
        "_handling",
        "_next",
        "_signals",
        "armed",
        "context",
        "credit",
        "deadlines",
        "loop",
        "open_to",
        "overheard",
        "paused",
        "queue",
        "thread_id",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        # What the scheduler has the loop call runs in no process's context, nor keeps one alive.
        self.context = Context()
        self.deadlines = Deadlines(loop, self.context)
        self.thread_id = get_ident()
        self.queue: deque[Receiver] = deque()
        # Whether the loop has been told to call `run`.
        self.armed = False
        # The thread from which messages go straight to its processes; none while `checks_senders`.
        self.open_to = self.thread_id
        # How many processes there are of whom every send is traced.
        self.overheard = 0
        self.credit = CREDIT
        # Whether the turn is to end, since a process has had its share of it.
        self.paused = False
        self._at_turn_end: list[Callable[[], None]] = []
        self._next: list[Process] = []
        self._dying: deque[Process] = deque()
        self._signals: deque[tuple[Process, Signal]] = deque()
        self._handling = False

    @property
    def checks_senders(self) -> bool:
        """Whether `send` must look who is sending: somebody dead, whose messages are dropped, or somebody traced."""
        return self.open_to == NO_THREAD

    @checks_senders.setter
    def checks_senders(self, flag: bool) -> None:
        self.open_to = NO_THREAD if flag else self.thread_id

    def ready(self, process: Receiver) -> None:
        """Puts a process of this thread into the run queue."""
        if not self.armed:
            self.arm()
        self.queue.append(process)

    def arm(self) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon(self.run, context=self.context)
            self.armed = True

    def run(self) -> None:
        queue = self.queue
        popleft, loop, tasks = queue.popleft, self.loop, current_tasks
        self.checks_senders, self.credit = self.overheard > 0, CREDIT
        process: SteppedProcess
        try:
            for _ in repeat(None, BUDGET):
                try:
                    process = popleft()  # type: ignore[assignment]  # a guest is never ready
                except IndexError:
                    break
                state = process.state
                if state is READY:
                    step, argument = process.resume, process.slot
                    process.slot = None
                elif state is NEW:
                    step, argument = begin, process
                else:
                    process.step()
                    continue
                process.state = RUNNING
                tasks[loop] = process
                try:
                    yielded = process.context.run(step, argument)
                except StopIteration as stop:
                    process.finish(terms.NORMAL, stop.value)
                except BaseException as error:
                    process.fail(error)
                else:
                    if yielded is None:  # nearly always to wait for a message, and has said so in `state`
                        state = process.state
                        if state is RUNNING or state is CAREFUL:
                            process.after_step(None)
                    elif yielded is DONE:
                        process.finish(terms.NORMAL, process.slot)
                    else:
                        process.after_step(yielded)
                        if self.paused:
                            break
            self._bury_some()
        finally:
            tasks.pop(loop, None)
            self.paused = False
            queue.extend(self._next)
            self._next.clear()
            if self._at_turn_end:
                self._end_turn()
            if queue or self._dying or self._at_turn_end:
                loop.call_soon(self.run, context=self.context)
            else:
                self.armed = False
            if self.deadlines.fresh:
                self.deadlines.begin_fresh()

    def next_turn(self, process: Process) -> None:
        """Puts a process into the run queue of the loop's next turn, so that the loop comes first."""
        self._next.append(process)

    def at_turn_end(self, function: Callable[[], None]) -> None:
        """Calls `function`, when the steps of this turn are done, before the loop waits."""
        if not self.armed:
            self.arm()
        self._at_turn_end.append(function)

    def _end_turn(self) -> None:
        functions, self._at_turn_end = self._at_turn_end, []
        for function in functions:
            try:
                function()
            except Exception:  # of one link; the others are to write as well
                logger.exception("what was to be done at the end of a turn failed")

    def turn(self, function: Callable[[Unpack[Ts]], object], *args: *Ts) -> None:
        """Calls `function`, and at once steps the processes that it makes ready, unless a turn is due anyway."""
        if self.armed:
            function(*args)
            return
        self.armed = True
        try:
            function(*args)
        finally:
            self.run()

    def overhear(self, more: int) -> None:
        """Has `send` look who is sending, for the sake of so many more processes, or fewer."""
        self.overheard += more
        self.checks_senders = self.checks_senders or self.overheard > 0

    def bury(self, process: Process) -> None:
        """Has a dead process's code unwound, when the living leave time for it."""
        if not self.armed:
            self.arm()
        self._dying.append(process)

    def _bury_some(self) -> None:
        for _ in repeat(None, LAST_STEPS if self.queue else BUDGET):
            if not self._dying:
                break
            self._dying.popleft().step()

    def is_current_thread(self) -> bool:
        return get_ident() == self.thread_id

    def call(self, function: Callable[[Unpack[Ts]], object], *args: *Ts) -> None:
        """Calls it in this scheduler's thread: now, if that is the current one. Not at all in a closed loop."""
        if self.thread_id == get_ident():
            function(*args)
            return
        try:
            self.loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

    def dispatch(self, process: Process, signal: Signal) -> None:
        """Has a process of this thread handle a signal, after those that are being handled already."""
        if self._handling:
            self._signals.append((process, signal))
        elif self._signals:
            self._signals.append((process, signal))
            self._handle_waiting()
        else:
            self._handle(process, signal)

    def _handle(self, process: Process, signal: Signal) -> None:
        self._handling = True
        try:
            process.handle(signal)
            while self._signals:
                process, signal = self._signals.popleft()
                process.handle(signal)
        finally:
            self._handling = False
            if self._signals:  # one could not be handled, which is no matter of the others
                self.loop.call_soon(self._handle_waiting, context=self.context)

    def _handle_waiting(self) -> None:
        if self._signals:
            self._handle(*self._signals.popleft())


_schedulers: dict[asyncio.AbstractEventLoop, Scheduler] = {}


def scheduler_of(loop: asyncio.AbstractEventLoop) -> Scheduler:
    """The scheduler of a loop, made when first asked for; call it in the loop's thread."""
    scheduler = _schedulers.get(loop)
    if scheduler is None:
        for closed in [other for other in tuple(_schedulers) if other.is_closed()]:
            _schedulers.pop(closed, None)
        scheduler = _schedulers[loop] = Scheduler(loop)
    return scheduler


def loop_threads() -> dict[asyncio.AbstractEventLoop, int]:
    """The loops that have a scheduler, each with its thread. Any thread may ask."""
    return {loop: scheduler.thread_id for loop, scheduler in tuple(_schedulers.items()) if not loop.is_closed()}
