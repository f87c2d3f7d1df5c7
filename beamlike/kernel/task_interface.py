"""What asyncio and its ecosystem read of a task, for a process.

`timeout` and `TaskGroup` call `cancel`, `cancelling`, `uncancel`; anyio and `gather` also read `_fut_waiter`,
`_callbacks`, `_must_cancel` and `_cancel_message`; `asyncio.run` gathers what is left at its end, so a process can be
awaited like a task, too. Not an `asyncio.Task`: `isinstance(current_task(), asyncio.Task)` is False in a process.
"""

from __future__ import annotations

import asyncio
import traceback
from asyncio import CancelledError, InvalidStateError
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from beamlike.kernel.process import Process
from beamlike.kernel.record import record

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.scheduler import Scheduler
    from beamlike.kernel.terms import Pid

DoneCallback = Callable[[Any], object]


@record
class _Outcome:
    value: Any
    error: BaseException | None
    cancelled: bool


class TaskInterface(Process):
    __slots__ = ("_coroutine", "_fut_waiter", "_must_cancel", "_outcome")

    _asyncio_future_blocking = False
    _callbacks: list[tuple[DoneCallback, Context]] | None = None
    _cancel_message: Any = None
    _cancel_requests = 0

    def __init__(self, node: LocalNode, pid: Pid, scheduler: Scheduler) -> None:
        super().__init__(node, pid, scheduler)
        self._coroutine: Coroutine[Any, Any, Any] | None = None
        self._fut_waiter: asyncio.Future[Any] | None = None
        self._must_cancel = False
        self._outcome: _Outcome | None = None

    # Cancelling.

    def cancel(self, msg: Any = None) -> bool:
        """As asyncio.Task.cancel: the code sees CancelledError where it waits. For an end that it cannot refuse,
        send an exit signal."""
        if self._outcome is not None:
            return False
        self._cancel_requests += 1
        if self._fut_waiter is not None and self._fut_waiter.cancel(msg=msg):
            return True
        self._must_cancel = True
        self._cancel_message = msg
        if self.parked:
            self.parked = False
            self.scheduler.ready(self)
        return True

    def cancelling(self) -> int:
        return self._cancel_requests

    def uncancel(self) -> int:
        if self._cancel_requests > 0:
            self._cancel_requests -= 1
            if self._cancel_requests == 0:
                self._must_cancel = False
        return self._cancel_requests

    def cancelled_error(self) -> CancelledError:
        message, self._cancel_message = self._cancel_message, None
        return CancelledError() if message is None else CancelledError(message)

    # The outcome.

    def finish_task(self, value: Any = None, error: BaseException | None = None, *, cancelled: bool = False) -> None:
        """Records how the code ended and tells whoever waits; the first outcome stands."""
        if self._outcome is not None:
            return
        self._outcome = _Outcome(value, error, cancelled)
        callbacks, self._callbacks = self._callbacks or (), None
        for callback, context in callbacks:
            self.scheduler.loop.call_soon(callback, self, context=context)

    def done(self) -> bool:
        return self._outcome is not None

    def cancelled(self) -> bool:
        return self._outcome is not None and self._outcome.cancelled

    def result(self) -> Any:
        error = self.exception()
        if error is not None:
            raise error
        return self._done_outcome().value

    def exception(self) -> BaseException | None:
        outcome = self._done_outcome()
        if outcome.cancelled:
            raise CancelledError
        return outcome.error

    def _done_outcome(self) -> _Outcome:
        if self._outcome is None:
            raise InvalidStateError(f"{self.pid} has not ended yet")
        return self._outcome

    def add_done_callback(self, fn: DoneCallback, *, context: Context | None = None) -> None:
        context = context if context is not None else copy_context()
        if self._outcome is not None:
            self.scheduler.loop.call_soon(fn, self, context=context)
        elif self._callbacks is None:
            self._callbacks = [(fn, context)]
        else:
            self._callbacks.append((fn, context))

    def remove_done_callback(self, fn: DoneCallback) -> int:
        before = self._callbacks or []
        self._callbacks = [entry for entry in before if entry[0] != fn]
        return len(before) - len(self._callbacks)

    def __await__(self) -> Generator[Any, None, Any]:
        if self._outcome is None:
            self._asyncio_future_blocking = True
            yield self
        return self.result()

    __iter__ = __await__

    # Introspection.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.scheduler.loop

    def get_coro(self) -> Coroutine[Any, Any, Any] | None:
        return self._coroutine

    def get_name(self) -> str:
        return self.name or str(self.pid)

    def set_name(self, value: object) -> None:
        raise TypeError("the name of a process is its registered name: use bl.register(name, pid)")

    def get_stack(self, *, limit: int | None = None) -> list[FrameType]:
        """The frames of the suspended code, oldest first, as asyncio.Task.get_stack."""
        frames: list[FrameType] = []
        awaited: Any = self._coroutine
        while awaited is not None and getattr(awaited, "cr_frame", None) is not None:
            frames.append(awaited.cr_frame)
            awaited = awaited.cr_await
        return frames if limit is None else frames[-limit:]

    def print_stack(self, *, limit: int | None = None, file: TextIO | None = None) -> None:
        print(f"Stack for {self!r} (most recent call last):", file=file)
        for frame in self.get_stack(limit=limit):
            traceback.print_list(traceback.extract_stack(frame, limit=1), file=file)

    def __repr__(self) -> str:
        return f"<Process {self.get_name()} {'ended: ' + repr(self.reason) if self.ended else 'alive'}>"
