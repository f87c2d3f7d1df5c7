"""The threads of the program, with where each is."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from beamlike.inspect.facts import ThreadFacts
from beamlike.inspect.looking import places
from beamlike.inspect.looking.options import SomeOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.kernel.node import LocalNode
from beamlike.kernel.scheduler import loop_threads


async def threads(node: LocalNode, options: SomeOptions, patience: Patience) -> tuple[ThreadFacts, ...]:
    frames = sys._current_frames()
    with_loop = set(loop_threads().values())
    known = dict(threading._active)  # type: ignore[attr-defined]  # `enumerate` waits for a lock
    try:
        return tuple(
            _facts(number, known.get(number), frame, number in with_loop, options.stacks)
            for number, frame in sorted(frames.items())[: options.limit]
        )
    finally:
        frames.clear()


def _facts(number: int, thread: Any, frame: Any, loop: bool, stacks: bool) -> ThreadFacts:
    return ThreadFacts(
        number=number,
        native_id=getattr(thread, "_native_id", None),
        name=thread._name if thread is not None else f"unknown to Python ({number})",
        daemon=bool(thread._daemonic) if thread is not None else True,
        loop=loop,
        cpu_seconds=_cpu_seconds(getattr(thread, "_native_id", None)),
        place=places.place(frame),
        stack=places.stack(places.callers(frame)) if stacks else (),
    )


_TICK = 1 / os.sysconf("SC_CLK_TCK")


def _cpu_seconds(native_id: int | None) -> float | None:
    """As the system's files say; the clock of a thread must not be asked of one that may have ended."""
    try:
        with open(f"/proc/self/task/{native_id}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) * _TICK
