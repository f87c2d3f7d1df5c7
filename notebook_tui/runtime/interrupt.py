"""SIGINT in a process that runs cells on its main thread: it ends what a cell does there, and nothing else.

What the signal does depends on what it finds the main thread doing:

- a cell that is being evaluated: KeyboardInterrupt, which the evaluator turns into an outcome;
- a cell's function in a background task or process: CancelledError, which ends just that; KeyboardInterrupt would
  end the event loop, and with it the runtime;
- kernel code that a cell called: nothing yet, for its state must not be cut in half; the signal comes again soon;
- anything else, such as waiting: nothing.

Where no evaluated cell is on the stack, one may still await: it is cancelled.
"""

from __future__ import annotations

import signal
import sys
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator
from threading import Timer, main_thread
from types import FrameType
from typing import Literal, TypeAlias

from notebook_tui.runtime.evaluator import Evaluator

AGAIN_SECONDS = 0.01

_KERNEL = frozenset({"asyncio", "beamlike", "notebook_tui"})
_EVALUATION = Evaluator.evaluate.__code__

_Doing: TypeAlias = Literal["cell", "background", "kernel", "else"]


def send_interrupt() -> None:
    """Sends SIGINT to the main thread, from any thread. It wakes a `time.sleep` or a read there."""
    ident = main_thread().ident
    assert ident is not None
    signal.pthread_kill(ident, signal.SIGINT)


def install_interrupt(is_cell: Callable[[str], bool], cancel: Callable[[], object]) -> None:
    """From now on, SIGINT interrupts cells. To be called in the main thread, which is to run them.

    `is_cell` says whether a code's file name is that of a cell; `cancel` cancels the cell that awaits, if one does.
    Both are called in a signal handler: `Evaluator.is_cell` and `Evaluator.cancel` are made for it.
    """

    def on_signal(_number: int, frame: FrameType | None) -> None:
        match _doing(frame, is_cell):
            case "cell":
                raise KeyboardInterrupt
            case "kernel":
                _send_again()
            case "background":
                cancel()
                raise CancelledError("interrupted")
            case "else":
                cancel()

    signal.signal(signal.SIGINT, on_signal)


def _send_again() -> None:
    timer = Timer(AGAIN_SECONDS, send_interrupt)
    timer.daemon = True
    timer.start()


def _doing(frame: FrameType | None, is_cell: Callable[[str], bool]) -> _Doing:
    """What a thread is doing whose innermost frame is `frame`."""
    called: list[FrameType] = []
    stack = _outwards(frame)
    for caller in stack:
        if is_cell(caller.f_code.co_filename):
            break
        called.append(caller)
    else:
        return "else"
    if _in_kernel(called):
        return "kernel"
    evaluated = any(outer.f_code is _EVALUATION for outer in stack)
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
