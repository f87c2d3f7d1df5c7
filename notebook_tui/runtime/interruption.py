"""One evaluation as what can be interrupted: cancels the task that awaits the cell, and tells its own cancel from
somebody else's, as `asyncio.timeout` does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from beamlike.kernel.process import Process
from notebook_tui.runtime.ambush import Ambush


class Interruption:
    """Around an evaluation: until it is `over`, `request` has CancelledError raised where the cell awaits, and from the
    second time on KeyboardInterrupt, for a cell that takes a cancel as nothing to end for.

    If it is left without an exception, the task goes on as if it had never been cancelled. `times` counts the
    interrupts that reached the cell, those too that it got in another way.
    """

    def __init__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("expected a task or process around the cell, so that it can be cancelled; found none")
        # A process is a task, but no asyncio.Task.
        self._task: asyncio.Task[Any] = task
        self._loop = asyncio.get_running_loop()
        self._cancels_before = task.cancelling()
        self._cancels = 0
        self.over = False
        self.times = 0
        self._ambush: Ambush | None = None
        self.awaiting: Callable[[], FrameType | None] = lambda: None
        """The innermost frame of the cell's own, while it awaits."""

    def __enter__(self) -> Interruption:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.over = True
        if self._ambush is not None:
            self._ambush.lift()
        ours = self._cancels
        if kind is None:
            # With those that the cell left behind, as TaskGroup does before Python 3.13 when it fails.
            ours = self._task.cancelling() - self._cancels_before
        for _ in range(ours):
            self._task.uncancel()

    def request(self) -> None:
        """Safe from a signal handler and from any thread; once it is over, without effect."""
        self.times += 1
        self._loop.call_soon_threadsafe(self._cancel)

    def lie_in_wait(self, frame: FrameType) -> None:
        """Raises KeyboardInterrupt in `frame`, a caller in this very thread, as soon as it goes on."""
        if self._ambush is None or not self._ambush.is_laid:
            self._ambush = Ambush(frame, self._strike)

    def _strike(self) -> None:
        if not self.over:
            self.times += 1
            raise KeyboardInterrupt

    def _cancel(self) -> None:
        # In a turn of the loop of its own, so the task stands where it awaits and sees the cancel there.
        if not self.over:
            self._cancels += 1
            frame = self.awaiting() if self._cancels > 1 else None
            if frame is not None:
                # The cancel brings the frame to go on.
                self.lie_in_wait(frame)
            self._task.cancel("interrupted")

    def ends_task(self, error: BaseException) -> bool:
        """Whether `error` is how somebody else ends the whole task, so that it must not be held up."""
        if isinstance(error, GeneratorExit) or (isinstance(self._task, Process) and self._task.ended):
            return True
        cancelled = isinstance(error, asyncio.CancelledError) and self._task.cancelling() > self._cancels_before
        return cancelled and self.times == 0
