"""Where the code of a process or task is: its frames, as values, whether it waits or runs, seen from any thread."""

from __future__ import annotations

import asyncio
import linecache
import os
import sys
from collections.abc import Iterator
from itertools import dropwhile
from pathlib import Path
from types import FrameType
from typing import Any

from beamlike.kernel.guest import GuestProcess
from beamlike.kernel.process import Process
from beamlike.kernel.scheduler import Scheduler
from beamlike.kernel.stepped import SteppedProcess, begin
from beamlike.kernel.threads.thread_stack import Place

_KERNEL = str(Path(__file__).parents[1]) + os.sep

_PARTS = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))
"""What Python calls the frame, and that which is waited for, of the three things that can be suspended."""


def frames(process: Process) -> list[FrameType]:
    """The frames of its code, the innermost first. Those of the kernel that stand innermost, such as `receive`, are
    left out: it is their caller that waits, or asks."""
    found = _running(process) if is_running(process) else suspended_frames(coroutine_of(process))
    callers = list(dropwhile(_is_ours, found))
    return callers or found[-1:]


def place(frame: FrameType) -> Place:
    code, line = frame.f_code, frame.f_lineno or 0
    source = linecache.getline(code.co_filename, line, frame.f_globals).strip()
    return Place(code.co_filename, line, code.co_qualname, source)


def is_running(process: Process) -> bool:
    return asyncio.current_task(process.scheduler.loop) is task_of(process)


def task_of(process: Process) -> Any:
    """What asyncio takes for the task."""
    return getattr(process, "task", None) if isinstance(process, GuestProcess) else process


def coroutine_of(process: Process) -> Any:
    """None before the first step, for a plain function, and after the end."""
    task = task_of(process)
    return task.get_coro() if isinstance(task, asyncio.Task | SteppedProcess) else None


def _running(process: Process) -> list[FrameType]:
    outermost, _ = _parts(coroutine_of(process))
    return list(_up_to(outermost, process.scheduler))


def _up_to(outermost: FrameType | None, scheduler: Scheduler) -> Iterator[FrameType]:
    frame = sys._current_frames().get(scheduler.thread_id)
    while frame is not None and frame.f_code is not begin.__code__:
        yield frame
        frame = None if frame is outermost else frame.f_back


def suspended_frames(awaited: Any) -> list[FrameType]:
    """The frames of a coroutine that waits, and of those that it waits for, the innermost first."""
    found: list[FrameType] = []
    frame, awaited = _parts(awaited)
    while frame is not None:
        found.append(frame)
        frame, awaited = _parts(awaited)
    return found[::-1]


def _parts(awaited: Any) -> tuple[FrameType | None, Any]:
    for frame, further in _PARTS:
        if hasattr(awaited, frame):
            return getattr(awaited, frame), getattr(awaited, further)
    return None, None


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_KERNEL)
