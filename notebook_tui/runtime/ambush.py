"""Raises an exception in a frame as soon as it goes on: what a signal handler does that finds kernel code working for
that frame, and may not cut it in half.

A handler alone would have to hit the frame by chance, and a loop that prints is hit in the router's lock nearly every
time, since that is where its thread lets others run.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_SUSPENDS = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


class Ambush:
    """Traces the current thread until `frame` executes its next instruction; `strike` is called there and raises.

    With that, Python ends all tracing of the thread, a debugger's too.
    """

    def __init__(self, frame: FrameType, strike: Callable[[], None]) -> None:
        self._frame = frame
        self._strike = strike
        self._before = sys.gettrace()
        frame.f_trace = self._trace
        frame.f_trace_opcodes = True
        sys.settrace(_trace_no_other)

    def _trace(self, _frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "opcode":
            self.lift()
            self._strike()
        elif event == "return" and not self._frame.f_code.co_flags & _SUSPENDS:
            self.lift()
        return self._trace

    @property
    def is_laid(self) -> bool:
        return self._frame.f_trace == self._trace

    def lift(self) -> None:
        """Traces no more; a second call does nothing."""
        if self.is_laid:
            self._frame.f_trace = None
            self._frame.f_trace_opcodes = False
            sys.settrace(self._before)


def _trace_no_other(_frame: FrameType, _event: str, _argument: Any) -> None:
    """The trace function of new frames: none."""
