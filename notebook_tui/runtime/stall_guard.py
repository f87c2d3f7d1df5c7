"""Watches the event loop of a service that cells of a notebook run on, and ends what of them keeps it from turning.

The heartbeat's thread looks twenty times a second who runs in the loop's thread. Where a function of a cell is on the
stack, and the loop has not turned for `LIMIT` since that was first seen, `LoopBlocked` is raised there. It is no
KeyboardInterrupt, which would end the service, and no Exception, which a cell would take for its own.

It strikes between two bytecodes. Code in C that does not return, as `time.sleep`, is ended when it does, and no sooner.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from beamlike.kernel.threads.interruptible import may_be_struck, raise_in_thread
from beamlike.kernel.threads.thread_stack import frame_of
from notebook_tui.runtime.doing import doing
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.loop_blocked import LIMIT, LoopBlocked
from notebook_tui.runtime.strikable import Strikable

EVERY: Final = 0.05


class StallGuard:
    """`strikable` is open while the awaited part of a cell runs; `tell` hears, in the heartbeat's thread, of which cell
    a function was interrupted that ran otherwise: in a callback, or called by the service."""

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object],
        thread_id: int,
        evaluator: Evaluator,
        strikable: Strikable,
        tell: Callable[[str], None],
    ) -> None:
        self._call_soon = call_soon
        self._thread_id = thread_id
        self._evaluator = evaluator
        self._strikable = strikable
        self._tell = tell
        self._since: float | None = None
        self._turn = 0
        self.ended = False

    def look(self) -> bool:
        """For the heartbeat's thread; False once it has ended."""
        if self.ended:
            return False
        frame = frame_of(self._thread_id)
        if doing(frame, self._evaluator) == "else":
            self._since = None
        elif self._since is None:
            self._begin()
        elif time.monotonic() - self._since > LIMIT:
            self._strike()
        del frame
        return True

    def _begin(self) -> None:
        self._since = time.monotonic()
        self._turn += 1
        turn = self._turn

        def turned() -> None:
            if self._turn == turn:
                self._since = None

        try:
            self._call_soon(turned)
        except RuntimeError:  # the loop is closed
            self.ended = True

    def _strike(self) -> None:
        if self._strikable.is_open:
            struck, cell = self._strikable.strike(self._may_be_struck, LoopBlocked), None
        else:
            struck, cell = self._strike_callback()
        if struck:
            self._since = None
        if cell is not None:
            self._tell(cell)

    def _strike_callback(self) -> tuple[bool, str | None]:
        # Whoever takes the interpreter lock keeps it for some milliseconds: thus nothing moves between look and strike.
        time.sleep(0)
        frame = frame_of(self._thread_id)
        if self._since is None or not self._may_be_struck(frame):
            return False, None
        raise_in_thread(self._thread_id, LoopBlocked)
        return True, self._cell_of(frame)

    def _may_be_struck(self, frame: FrameType | None) -> bool:
        return doing(frame, self._evaluator) in ("cell", "background") and may_be_struck(frame)

    def _cell_of(self, frame: FrameType | None) -> str | None:
        while frame is not None:
            cell = self._evaluator.files.ids.get(frame.f_code.co_filename)
            if cell is not None:
                return cell
            frame = frame.f_back
        return None
