"""What asyncio and its ecosystem read of a task, for a process.

`timeout` and `TaskGroup` call `cancel`, `cancelling`, `uncancel`; anyio and `gather` also read `_fut_waiter`,
`_callbacks`, `_must_cancel` and `_cancel_message`; `asyncio.run` gathers what is left at its end, so a process can be
awaited like a task, too. Not an `asyncio.Task`: `isinstance(current_task(), asyncio.Task)` is False in a process.
"""

from __future__ import annotations

import asyncio
import traceback
from asyncio import CancelledError, InvalidStateError
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from types import FrameType
from typing import Any, Final, TextIO

from beamlike.kernel.cancel_message import CancelMessage
from beamlike.kernel.process import Process
from beamlike.kernel.signals import Exit
from beamlike.kernel.states import (
    ANY,
    CAREFUL,
    CAREFUL_READY,
    CAREFUL_REPLY,
    FUTURE,
    NEW,
    OVER,
    PARKED,
    READY,
    REPLY,
    RUNNING,
    UNBORN,
    WAIT,
)

NO_SIGNAL: Final = object()
"""Stands for the message of a cancel by the node itself, as the signal does for that of one by a signal: most processes
that are ended are ended many at a time, and their messages are made when each is unwound."""

DoneCallback = Callable[[Any], object]


class TaskInterface(Process):
    __slots__ = ()

    resume: Callable[..., Any]

    # Cancelling.

    def cancel(self, msg: Any = None) -> bool:
        """As asyncio.Task.cancel: the code sees CancelledError where it waits. For an end that it cannot refuse,
        send an exit signal."""
        if self.state is OVER:
            return False
        rare = self.own_rare()
        rare.cancel_requests += 1
        if self.state is FUTURE and self.slot.cancel(msg=msg):
            return True
        rare.must_cancel = rare.careful = True
        rare.cancel_message = msg
        self.take_care()
        return True

    def take_care(self) -> None:
        """Has the next step be a careful one, and soon, wherever the code stands."""
        state = self.state
        if state is RUNNING:
            self.state = CAREFUL
        elif state is NEW:
            self.state = UNBORN
        elif state is READY:
            self.state = CAREFUL_READY
            self._take_back()
        elif state in PARKED:
            self.state = CAREFUL_READY
            self._run_soon()
        elif self.ended and self.inspected is not None and self.inspected.aside:
            self.inspected.aside = False
            self._run_soon()

    def _run_soon(self) -> None:
        if self.ended:
            self.scheduler.bury(self)
        else:
            self.scheduler.ready(self)

    def stay_careful(self) -> None:
        self.own_rare().careful = True
        state = self.state
        if state is RUNNING:
            self.state = CAREFUL
            self.scheduler.checks_senders = True
        elif state is NEW:
            self.state = UNBORN
        elif state is READY:
            self.state = CAREFUL_READY
            if self.awaited is None:  # else the reply that it has got is still the reply
                self._take_back()
        elif state is ANY:
            self.state = WAIT
        elif state is REPLY:
            self.state = CAREFUL_REPLY

    def _take_back(self) -> None:
        """A message that was handed over is the oldest in the mailbox again."""
        message, self.slot = self.slot, None
        if message is None or self.awaited is not None or self.ended:
            return
        if self.mailbox is not None:
            self.mailbox.put_back(message)
            self._wake_waiters()
        elif self.inbox is not None:
            self.inbox.appendleft(message)
        else:
            self.inbox = deque((message,))

    def cancelling(self) -> int:
        return self._seen.cancel_requests

    def uncancel(self) -> int:
        requests = self.cancelling()
        if requests > 0:
            rare = self.own_rare()
            rare.cancel_requests = requests = requests - 1
            # Who was woken to be cancelled has nothing to go on with: as in asyncio the wait itself was cancelled.
            if requests == 0 and self.state is not CAREFUL_READY:
                rare.must_cancel = False
        return requests

    def cancelled_error(self) -> CancelledError:
        """The error of the cancel that is due, which then is no longer."""
        rare = self.own_rare()
        message, rare.cancel_message, rare.must_cancel = rare.cancel_message, None, False
        if message is NO_SIGNAL:
            message = CancelMessage(self.reason, None)
        elif type(message) is Exit:
            message = CancelMessage(self.reason, message)
        return CancelledError() if message is None else CancelledError(message)

    # What others read as attributes of a task.

    @property
    def _fut_waiter(self) -> asyncio.Future[Any] | None:
        return self.slot if self.state is FUTURE else None

    @property
    def _must_cancel(self) -> bool:
        return self._seen.must_cancel

    @property
    def _cancel_message(self) -> Any:
        return self._seen.cancel_message

    @property
    def _callbacks(self) -> list[tuple[DoneCallback, Context]] | None:
        return self._seen.callbacks

    @property
    def _asyncio_future_blocking(self) -> bool:
        return self._seen.blocking

    @_asyncio_future_blocking.setter
    def _asyncio_future_blocking(self, blocking: bool) -> None:
        self.own_rare().blocking = blocking

    # The outcome.

    def tell_callbacks(self) -> None:
        rare = self.own_rare()
        callbacks, rare.callbacks = rare.callbacks or (), None
        for callback, context in callbacks:
            self.scheduler.loop.call_soon(callback, self, context=context)

    def done(self) -> bool:
        return self.state is OVER

    def cancelled(self) -> bool:
        return self.done() and isinstance(self._seen.error, CancelledError)

    def result(self) -> Any:
        error = self.exception()
        if error is not None:
            raise error
        return self.slot

    def exception(self) -> BaseException | None:
        if not self.done():
            raise InvalidStateError(f"{self.pid} has not ended yet")
        if self.cancelled():
            raise CancelledError
        return self._seen.error

    def add_done_callback(self, fn: DoneCallback, *, context: Context | None = None) -> None:
        context = context if context is not None else copy_context()
        rare = self.own_rare()
        if self.done():
            self.scheduler.loop.call_soon(fn, self, context=context)
        elif rare.callbacks is None:
            rare.callbacks = [(fn, context)]
        else:
            rare.callbacks.append((fn, context))

    def remove_done_callback(self, fn: DoneCallback) -> int:
        before = self._callbacks or []
        after = [entry for entry in before if entry[0] != fn]
        if before:
            self.own_rare().callbacks = after
        return len(before) - len(after)

    def __await__(self) -> Generator[Any, None, Any]:
        if not self.done():
            self._asyncio_future_blocking = True
            yield self
        return self.result()

    __iter__ = __await__

    # Introspection.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.scheduler.loop

    def get_coro(self) -> Coroutine[Any, Any, Any] | None:
        """None before the first step and after the last."""
        coroutine = getattr(self.resume, "__self__", None) if self.state not in (NEW, UNBORN, OVER) else None
        return coroutine if isinstance(coroutine, Coroutine) else None

    def get_name(self) -> str:
        return self.name or str(self.pid)

    def set_name(self, value: object) -> None:
        raise TypeError("the name of a process is its registered name: use bl.register(name, pid)")

    def get_stack(self, *, limit: int | None = None) -> list[FrameType]:
        """The frames of the suspended code, oldest first, as asyncio.Task.get_stack."""
        frames: list[FrameType] = []
        awaited: Any = self.get_coro()
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
