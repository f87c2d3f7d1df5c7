"""Interrupts the cells of a container that has a thread of its own, from outside: no signal reaches that thread.

A cell that runs there is struck at its next bytecode by KeyboardInterrupt; a call into C that waits is not woken, and
the exception comes when it returns. Kernel code that works for the cell is not cut in half: it is looked at again soon.
One that awaits is cancelled, and one that has not begun never does.
"""

from __future__ import annotations

import time
from functools import partial
from threading import Thread
from types import FrameType
from typing import Final

from beamlike.kernel.threads.interruptible import may_be_struck
from beamlike.kernel.threads.thread_stack import frame_of
from notebook_tui.runtime.doing import doing
from notebook_tui.runtime.evaluator import Evaluator

SHORTEST_PAUSE: Final = 0.0005
LONGEST_PAUSE: Final = 0.05
PATIENCE: Final = 1.0
"""So long it waits for a cell to leave the library's own locks and queues before it strikes there too."""


def interrupt_thread(evaluator: Evaluator, run: int, thread_id: int) -> None:
    """Interrupts that run of `evaluator`, whose cells run in that thread; nothing if it is over. From any thread."""
    evaluator.call_off(run)
    Thread(target=_pursue, args=(evaluator, run, thread_id), name="interrupt of a branch", daemon=True).start()


def _pursue(evaluator: Evaluator, run: int, thread_id: int) -> None:
    began = time.monotonic()
    pause = SHORTEST_PAUSE
    running = evaluator.running
    times = running.times if running is not None else 0
    while evaluator.begun <= run:
        running = evaluator.running
        if evaluator.begun == run:
            if running is None or running.over or running.times != times:
                return
            found = doing(frame_of(thread_id), evaluator)
            if found in ("background", "else"):
                running.request()
                return
            patient = time.monotonic() - began < PATIENCE
            if evaluator.strikable.strike(partial(_is_at_cell, evaluator, patient)):
                running.times += 1
                return
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _is_at_cell(evaluator: Evaluator, patient: bool, frame: FrameType | None) -> bool:
    return doing(frame, evaluator) == "cell" and (may_be_struck(frame) or not patient)
