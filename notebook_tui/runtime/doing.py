"""What a thread that runs cells is doing at this moment, by its frames: whether an interrupt may strike there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import takewhile
from types import FrameType
from typing import Literal, TypeAlias

from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.questions import WAITING

Doing: TypeAlias = Literal["cell", "background", "kernel", "else"]

_KERNEL = frozenset({"asyncio", "beamlike", "notebook_tui"})
_EVALUATION = Evaluator.evaluate.__code__


def doing(frame: FrameType | None, evaluator: Evaluator) -> Doing:
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
        if frame.f_code is WAITING:
            return False
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package in _KERNEL:
            return True
        if package not in sys.stdlib_module_names:
            return False
    return False


def served(frame: FrameType | None, evaluator: Evaluator) -> FrameType | None:
    """The frame that kernel code works for, called by a cell or the cell itself; None if no cell is on the stack."""
    found = None
    for caller in _outwards(frame):
        package = str(caller.f_globals.get("__name__")).partition(".")[0]
        if package in _KERNEL:
            found = None
        elif found is None:
            found = caller
        if evaluator.is_cell(caller.f_code.co_filename):
            return found
    return None
