"""SIGINT in a process that runs cells on its main thread: it ends what a cell does there, and nothing else.

What the signal does depends on what it finds the main thread doing:

- a cell that is being evaluated, or the `repr` of its result: KeyboardInterrupt, which the evaluator turns into an
  outcome;
- a cell's function in a background task or process: CancelledError, which ends just that; KeyboardInterrupt would
  end the event loop, and with it the runtime;
- kernel code that a cell called: KeyboardInterrupt once that returns, for its state must not be cut in half;
- the evaluator's own code: nothing yet, for the same reason;
- anything else, such as waiting for events: nothing.

Where no evaluated cell is on the stack, one may still await: it is cancelled.

A run that has not begun ends before its first statement (`interrupt_run`).

`send_interrupt` repeats the signal until it reached the cell or the evaluation is over: not only because kernel code
puts it off, but also because a signal that comes right before a system call does not wake it.
"""

from __future__ import annotations

import signal
import sys
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from threading import Timer, main_thread
from types import FrameType
from typing import Literal, TypeAlias

from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.interruption import Interruption

FIRST_WAIT = 0.01
LONGEST_WAIT = 1.0
"""Between two signals, in seconds."""

_KERNEL = frozenset({"asyncio", "beamlike", "notebook_tui"})
_EVALUATION = Evaluator.evaluate.__code__

_Doing: TypeAlias = Literal["cell", "background", "kernel", "else"]


def install_interrupt(evaluator: Evaluator) -> None:
    """From now on, SIGINT interrupts the cells of `evaluator`. To be called in the main thread, which runs them."""

    def on_signal(_number: int, frame: FrameType | None) -> None:
        doing = _doing(frame, evaluator)
        running = evaluator.running
        if doing == "cell" and running is not None:
            running.times += 1
            raise KeyboardInterrupt
        served = _served(frame, evaluator) if doing == "kernel" else None
        if running is not None and served is not None:
            running.lie_in_wait(served)
        elif running is not None and doing != "kernel":
            running.request()
        if doing == "background":
            raise CancelledError("interrupted")

    signal.signal(signal.SIGINT, on_signal)


def interrupt_run(evaluator: Evaluator, run: int) -> None:
    """Interrupts that run, also before it begins: then what keeps its thread meanwhile, such as a background task of an
    earlier cell, is interrupted too. Nothing if it is over. From any thread."""
    evaluator.call_off(run)
    if evaluator.begun == run:
        send_interrupt(evaluator)
    else:
        _make_way(evaluator, run, FIRST_WAIT)


def _make_way(evaluator: Evaluator, run: int, wait: float) -> None:
    if evaluator.begun < run:
        _signal_main_thread()
        _later(wait, _make_way, evaluator, run, min(2 * wait, LONGEST_WAIT))


def send_interrupt(evaluator: Evaluator) -> None:
    """Interrupts the cell that is being evaluated, if one is. From any thread; a `time.sleep` or a read is woken."""
    if evaluator.running is not None:
        _send(evaluator.running, evaluator.running.times, FIRST_WAIT)


def _send(running: Interruption, times: int, wait: float) -> None:
    if running.over or running.times != times:
        return
    _signal_main_thread()
    _later(wait, _send, running, times, min(2 * wait, LONGEST_WAIT))


def _signal_main_thread() -> None:
    ident = main_thread().ident
    assert ident is not None
    signal.pthread_kill(ident, signal.SIGINT)


def _later(seconds: float, function: Callable[..., None], *args: object) -> None:
    timer = Timer(seconds, function, args)
    timer.daemon = True
    timer.start()


def _doing(frame: FrameType | None, evaluator: Evaluator) -> _Doing:
    """What a thread is doing whose innermost frame is `frame`."""
    stack = list(_outwards(frame))
    called = list(takewhile(lambda frame: not evaluator.is_cell(frame.f_code.co_filename), stack))
    evaluated = any(frame.f_code is _EVALUATION for frame in stack)
    if len(called) == len(stack) and not evaluated:
        return "else"
    if _in_kernel(called):
        return "kernel"
    return "cell" if evaluated else "background"


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _in_kernel(called: Iterable[FrameType]) -> bool:
    """Whether the innermost of these frames work for the kernel: it, or what it uses of the standard library."""
    for frame in called:
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package in _KERNEL:
            return True
        if package not in sys.stdlib_module_names:
            return False
    return False


def _served(frame: FrameType | None, evaluator: Evaluator) -> FrameType | None:
    """The frame that kernel code works for, called by a cell or the cell itself; None if no cell is on the stack."""
    served = None
    for caller in _outwards(frame):
        package = str(caller.f_globals.get("__name__")).partition(".")[0]
        if package in _KERNEL:
            served = None
        elif served is None:
            served = caller
        if evaluator.is_cell(caller.f_code.co_filename):
            return served
    return None
