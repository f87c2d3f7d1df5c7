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
from asyncio import CancelledError
from collections.abc import Callable
from threading import Timer, main_thread
from types import FrameType

from notebook_tui.runtime.doing import doing, served
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.interruption import Interruption
from notebook_tui.runtime.time_limit import let_main_thread_be_woken

FIRST_WAIT = 0.01
LONGEST_WAIT = 1.0
"""Between two signals, in seconds."""


def install_interrupt(evaluator: Evaluator) -> None:
    """From now on, SIGINT interrupts the cells of `evaluator`. To be called in the main thread, which runs them."""

    def on_signal(_number: int, frame: FrameType | None) -> None:
        found = doing(frame, evaluator)
        running = evaluator.running
        if found == "cell" and running is not None:
            running.times += 1
            raise KeyboardInterrupt
        caller = served(frame, evaluator) if found == "kernel" else None
        if running is not None and caller is not None:
            running.lie_in_wait(caller)
        elif running is not None and found != "kernel":
            running.request()
        if found == "background":
            raise CancelledError("interrupted")

    def take_signal() -> None:
        # A cell may have set a handler, and so does pdb.
        if signal.getsignal(signal.SIGINT) is not on_signal:
            signal.signal(signal.SIGINT, on_signal)

    take_signal()
    let_main_thread_be_woken()
    evaluator.before_run = take_signal


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
