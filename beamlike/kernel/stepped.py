"""A process that is a coroutine, stepped by hand: a wait for a message makes no Future and no `call_soon`.

To asyncio it is a third-party task ("Extending" in the asyncio documentation): `current_task()` returns it, awaiting
any ordinary awaitable works, and `timeout`, `TaskGroup`, anyio and httpx find the parts of a Task that they read
(`TaskInterface`). It registers with asyncio at its first foreign await.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from asyncio import CancelledError
from asyncio.tasks import _enter_task, _leave_task, _register_task, _unregister_task
from collections.abc import Callable, Coroutine
from contextvars import Context
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from beamlike.kernel import terms
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.task_interface import TaskInterface
from beamlike.kernel.terms import Pid, is_quiet

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.scheduler import Scheduler

logger = logging.getLogger("beamlike.process")

CANCELLED = "cancelled"
"""The reason of a process whose code was cancelled as an asyncio task, not by an exit signal."""


class SteppedProcess(TaskInterface):
    __slots__ = ("_context", "_entry", "_thrown")

    _registered = False
    _deadline: asyncio.TimerHandle | None = None

    def __init__(
        self,
        node: LocalNode,
        pid: Pid,
        scheduler: Scheduler,
        context: Context,
        function: Callable[..., Any],
        args: tuple[Any, ...],
    ) -> None:
        super().__init__(node, pid, scheduler)
        self._context = context
        self._entry: tuple[Callable[..., Any], tuple[Any, ...]] | None = (function, args)
        self._thrown: BaseException | None = None

    def step(self) -> None:
        if self._outcome is not None:  # it was closed while it stood in the run queue
            return
        scheduler = self.scheduler
        loop = scheduler.loop
        coroutine = self._coroutine
        _enter_task(loop, self)  # type: ignore[arg-type]
        scheduler.running = self
        try:
            if coroutine is None or self._must_cancel or self._thrown is not None:
                yielded = self._context.run(self._begin_or_throw)
            else:
                yielded = self._context.run(coroutine.send, None)
        except StopIteration as stop:
            self._finish(terms.NORMAL, value=stop.value)
        except CancelledError as error:
            self._finish(CANCELLED, error=error)
        except (KeyboardInterrupt, SystemExit) as error:
            self._finish(exit_reason(error, self.pid), error=error)
            raise
        except BaseException as error:
            self._finish(exit_reason(error, self.pid), error=error)
        else:
            if yielded is not None:
                self._await_future(yielded)
            elif not self.parked or self._must_cancel:
                self.parked = False
                scheduler.ready(self)
        finally:
            scheduler.running = None
            _leave_task(loop, self)  # type: ignore[arg-type]

    def _begin_or_throw(self) -> Any:
        coroutine = self._coroutine
        if self._must_cancel or self._thrown is not None:
            error = self._take_error()
            if coroutine is None:
                raise error
            return coroutine.throw(error)
        self._coroutine = coroutine = self._called()
        return coroutine.send(None)

    def _take_error(self) -> BaseException:
        if self._must_cancel:
            self._must_cancel = False
            return self.cancelled_error()
        assert self._thrown is not None
        error, self._thrown = self._thrown, None
        return error

    def _called(self) -> Coroutine[Any, Any, Any]:
        """Calls the function; the value of a plain one is passed on as that of a coroutine which is over."""
        assert self._entry is not None
        function, args = self._entry
        self._entry = None
        try:
            result = function(*args)
        except StopIteration as stop:  # which would pass for such a value (PEP 479)
            raise RuntimeError("the function of a process raised StopIteration") from stop
        if type(result) is CoroutineType:
            return result
        if inspect.isawaitable(result):
            return _wait_for(result)
        raise StopIteration(result)

    def _await_future(self, future: Any) -> None:
        blocking = getattr(future, "_asyncio_future_blocking", None)
        if not blocking:
            self._throw_soon(RuntimeError(f"a process awaited {future!r}, which is no asyncio awaitable"))
        elif future.get_loop() is not self.scheduler.loop:
            self._throw_soon(RuntimeError(f"{self.pid} awaited {future!r}, which belongs to another event loop"))
        elif future is self:
            self._throw_soon(RuntimeError(f"{self.pid} awaited itself"))
        else:
            if not self._registered:
                self._registered = True
                _register_task(self)  # type: ignore[arg-type]
            future._asyncio_future_blocking = False
            future.add_done_callback(self._wakeup, context=self._context)
            self._fut_waiter = future
            if self._must_cancel and future.cancel(msg=self._cancel_message):
                self._must_cancel = False

    def _wakeup(self, _future: asyncio.Future[Any]) -> None:
        self._fut_waiter = None
        self.scheduler.ready(self)

    def _throw_soon(self, error: BaseException) -> None:
        """Has the code see `error` where it awaited."""
        self._thrown = error
        self.scheduler.ready(self)

    def unwind(self) -> None:
        self.cancel(f"exit signal: {self.reason}")
        scheduler, seconds = self.scheduler, self.node.unwind_seconds
        self._deadline = scheduler.loop.call_later(seconds, self._abandon, context=scheduler.context)

    def _abandon(self) -> None:
        logger.error(
            "%s ended for reason %r, but its code did not stop within %s s (it swallowed the cancel, or its "
            "`finally` waits): it is closed now",
            self.pid,
            self.reason,
            self.node.unwind_seconds,
        )
        coroutine = self._coroutine
        self._finish(CANCELLED, error=CancelledError())
        try:
            if coroutine is not None:
                coroutine.close()
        except BaseException:
            logger.exception("closing the code of %s raised", self.pid)

    def _finish(self, reason: Any, value: Any = None, error: BaseException | None = None) -> None:
        """The code is over: whatever it ended with, the process is dead and asyncio's waiters know."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if self._registered:
            _unregister_task(self)  # type: ignore[arg-type]
        if self.settle(reason) and not is_quiet(reason):
            self._context.run(self._report_crash)  # so that it goes to the group leader of this process
        self._coroutine = None
        del self._context  # which holds this process as the current one
        self.finish_task(value, error, cancelled=isinstance(error, CancelledError))

    def _report_crash(self) -> None:
        who = f"{self.pid} ({self.name})" if self.name else str(self.pid)
        detail = f"\n{self.reason.traceback}" if isinstance(self.reason, terms.ExceptionInfo) else ""
        logger.error("%s ended: %s%s", who, self.reason, detail)


async def _wait_for(awaitable: Any) -> Any:
    return await awaitable
