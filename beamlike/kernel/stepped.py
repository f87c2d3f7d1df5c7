"""A process that is a coroutine, stepped by hand: a wait for a message makes no Future and no `call_soon`.

To asyncio it is a third-party task ("Extending" in the asyncio documentation): `current_task()` returns it, awaiting
any ordinary awaitable works, and `timeout`, `TaskGroup`, anyio and httpx find the parts of a Task that they read
(`TaskInterface`). It registers with asyncio at its first foreign await.

The fast path of a step stands in `Scheduler.run`; what it does not cover is here.
"""

from __future__ import annotations

import inspect
import logging
from asyncio import CancelledError
from asyncio.tasks import _register_task, _unregister_task
from collections.abc import Callable
from contextvars import Context
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

from beamlike.kernel import terms
from beamlike.kernel.callers import calls_users
from beamlike.kernel.cancel_message import CancelMessage
from beamlike.kernel.closing import close
from beamlike.kernel.current import NOBODY, enter
from beamlike.kernel.current_task import current_tasks
from beamlike.kernel.exceptions import exit_reason, forget_frames
from beamlike.kernel.rare import UnwindLimit
from beamlike.kernel.states import ANY, CAREFUL, CAREFUL_READY, FUTURE, NEW, OVER, RUNNING, UNBORN
from beamlike.kernel.task_interface import NO_SIGNAL, TaskInterface
from beamlike.kernel.terms import Pid, is_quiet

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.scheduler import Scheduler
    from beamlike.kernel.signals import Exit

logger = logging.getLogger("beamlike.process")

CANCELLED = "cancelled"
"""The reason of a process whose code was cancelled as an asyncio task, not by an exit signal."""


class _Done:
    __slots__ = ()

    def __repr__(self) -> str:
        return "DONE"


class _Pause:
    __slots__ = ()

    def __repr__(self) -> str:
        return "PAUSE"


PAUSE: Final = _Pause()
"""Yielded by code that has had its share of the turn, so that the loop can look at its sockets."""


DONE: Final = _Done()
"""What a first step yields that was the last; the result stands in the slot."""


class SteppedProcess(TaskInterface):
    __slots__ = ("context", "resume")

    context: Context
    resume: Callable[..., Any]
    """The `send` of the coroutine; before its first run the function that makes it."""

    def __init__(
        self,
        node: LocalNode,
        id: int,
        scheduler: Scheduler,
        context: Context,
        function: Callable[..., Any],
        args: tuple[Any, ...],
    ) -> None:
        self.node = node
        self.pid = Pid(node.name, id, self)
        self.scheduler = scheduler
        self.state = NEW
        self.slot = args
        self.awaited = None
        self.inbox = None
        self.mailbox = None
        self.rare = None
        self.context = context
        self.resume = function

    # Steps.

    def step(self) -> None:
        """A step that needs care: something is thrown in, or the process is dead already."""
        unborn = self.state is UNBORN
        if not unborn and self.state is not CAREFUL_READY:  # its code ended while it stood in the run queue
            return
        if self.is_suspended and not self.ended:
            self.own_inspected().aside = True
            return
        scheduler = self.scheduler
        self.state = CAREFUL
        current_tasks[scheduler.loop] = self
        scheduler.checks_senders = True
        try:
            yielded = self.context.run(self._throw_or_send, unborn)
        except StopIteration as stop:
            self.finish(terms.NORMAL, stop.value)
        except BaseException as error:
            self.fail(error)
        else:
            self.after_step(yielded)
            if self.ended:
                self._limit_unwinding()
        finally:
            scheduler.checks_senders = scheduler.overheard > 0

    def after_step(self, yielded: Any) -> None:
        """Has the process go on when what its code yielded for is there."""
        if yielded is None:
            if self.state is RUNNING or self.state is CAREFUL:  # as `asyncio.sleep(0)` yields
                self.state = self.awake
                self.scheduler.next_turn(self)
        elif yielded is DONE:
            self.finish(terms.NORMAL, self.slot)
        elif yielded is PAUSE:
            self.go_on()
            self.scheduler.paused = True
        else:
            try:
                self._await_future(yielded)
            except BaseException as error:  # of something that only looks like a future
                self._throw_soon(error)

    def _throw_or_send(self, unborn: bool) -> Any:
        error = self._due_error()
        if error is None:
            if unborn:
                return begin(self)
            message, self.slot = self.slot, None
            return self.resume(message)
        coroutine = self.get_coro()
        if unborn or coroutine is None:
            raise error
        try:
            return coroutine.throw(error)
        finally:
            # Since Python 3.12 a traceback keeps this frame, by way of those that it called.
            del self, error, coroutine

    def _due_error(self) -> BaseException | None:
        """What is to be raised where the code waits. From then on it needs no care, unless it is dead or watched."""
        rare = self.own_rare()
        rare.careful = self.ended or (rare.inspected is not None and rare.inspected.closely)
        if rare.must_cancel:
            return self.cancelled_error()
        error, rare.thrown = rare.thrown, None
        return error

    def _await_future(self, future: Any) -> None:
        blocking = getattr(future, "_asyncio_future_blocking", None)
        if not blocking:
            self._throw_soon(RuntimeError(f"a process awaited {future!r}, which is no asyncio awaitable"))
        elif future.get_loop() is not self.scheduler.loop:
            self._throw_soon(RuntimeError(f"{self.pid} awaited {future!r}, which belongs to another event loop"))
        elif future is self:
            self._throw_soon(RuntimeError(f"{self.pid} awaited itself"))
        else:
            rare = self.own_rare()
            if not rare.registered:
                rare.registered = True
                _register_task(self)  # type: ignore[arg-type]
            future._asyncio_future_blocking = False
            future.add_done_callback(self._wakeup, context=self.context)
            self.slot = future
            self.state = FUTURE
            if self.ended:
                self._limit_unwinding()
            if rare.must_cancel and future.cancel(msg=rare.cancel_message):
                rare.must_cancel = False

    def _wakeup(self, future: Any) -> None:
        if self.state is FUTURE:
            if not future.cancelled():
                future.exception()  # its error has been heard of, as by asyncio.Task, though a cancel may come first
            self.slot = None
            self.go_on()

    def _throw_soon(self, error: BaseException) -> None:
        """Has the code see `error` where it awaited."""
        rare = self.own_rare()
        rare.thrown, rare.careful = error, True
        self.state = CAREFUL_READY
        self.scheduler.ready(self)

    # The end.

    def unwind(self, signal: Exit | None) -> None:
        rare = self.own_rare()
        if self.state is FUTURE:
            self._limit_unwinding()
            try:
                self.cancel(CancelMessage(rare.reason, signal))
            except Exception:  # of what it awaits; who sent the signal is not to blame
                logger.exception("what %s awaited could not be cancelled", self.pid)
                self.state, self.slot = CAREFUL_READY, None
                rare.must_cancel = rare.careful = True
                self.scheduler.bury(self)
            return
        rare.cancel_requests += 1
        rare.must_cancel = rare.careful = True
        rare.cancel_message = signal or NO_SIGNAL
        if self.state is ANY:  # as most that are killed
            self.state = CAREFUL_READY
            self.scheduler.bury(self)
        else:
            self.take_care()

    def _limit_unwinding(self) -> None:
        rare = self.own_rare()
        if rare.deadline is None and self.state is not OVER:
            rare.deadline = UnwindLimit(self)
            self.scheduler.deadlines.add(self.node.unwind_seconds, rare.deadline)

    def abandon(self) -> None:
        left = self.context.run(self._close)
        logger.error(
            "%s ended for reason %r, but its code did not stop within %s s (it swallowed the cancel, or its "
            "`finally` waits): %s",
            self.pid,
            self.reason,
            self.node.unwind_seconds,
            "it is closed now" if left else "it swallowed even GeneratorExit, and is never run again",
        )
        self.finish(CANCELLED, error=CancelledError())

    def _close(self) -> bool:
        """Runs what is left of the code, which can wait no more, as that of the dead process. Whether it left."""
        coroutine, loop = self.get_coro(), self.scheduler.loop
        self.state = CAREFUL
        self.scheduler.checks_senders = True
        current_tasks[loop] = self
        try:
            return coroutine is None or close(coroutine)
        except BaseException:
            logger.exception("closing the code of %s raised", self.pid)
            return True
        finally:
            current_tasks.pop(loop, None)
            self.scheduler.checks_senders = self.scheduler.overheard > 0

    def fail(self, error: BaseException) -> None:
        """The code raised `error`."""
        reason = CANCELLED if isinstance(error, CancelledError) else exit_reason(error, self.pid)
        if self._callbacks is None:  # nobody awaits it as a task, to see where the error came from
            forget_frames(error)
        self.finish(reason, error=error)

    def finish(self, reason: Any, value: Any = None, error: BaseException | None = None) -> None:
        """The code is over: whatever it ended with, the process is dead and asyncio's waiters know."""
        self.state = OVER
        self.slot = value
        if self.rare is None and error is None:  # nobody asked for its end before, and nobody hears of it now
            self.node.forget_quietly(self.pid)
            self.inbox = self.mailbox = None
            del self.context, self.resume
            return
        # In its context, so that a report goes to the group leader of this process.
        if self.settle(reason):
            if not is_quiet(reason):
                self.context.run(self._report, "ended", reason)
        elif isinstance(reason, terms.ExceptionInfo):
            self.context.run(self._report, f"had ended ({terms.text_of(self.reason)}) when its code raised", reason)
        if self.rare is not None and self.rare.registered:
            # A timer of asyncio's that was cancelled keeps this context until it would have rung.
            self.context.run(enter, NOBODY)
        # Which hold this process, as the current one and in the code's own frame.
        del self.context, self.resume
        if error is not None or self.rare is not None:
            self._finish_rare(error)

    def _finish_rare(self, error: BaseException | None) -> None:
        rare = self.own_rare()
        if rare.deadline is not None:
            self.scheduler.deadlines.discard(self.node.unwind_seconds, rare.deadline)
            rare.deadline = None
        if rare.registered:
            _unregister_task(self)  # type: ignore[arg-type]
        rare.error = error
        self.tell_callbacks()

    def _report(self, what: str, reason: Any) -> None:
        who = f"{self.pid} ({self.name})" if self.name else str(self.pid)
        detail = f"\n{reason.traceback}" if isinstance(reason, terms.ExceptionInfo) else ""
        if self.inspected is not None and self.inspected.recorder is not None:
            detail = detail.rstrip("\n") + self.inspected.recorder.report()
        try:
            logger.error("%s %s: %s%s", who, what, terms.text_of(reason), detail)
        except Exception as error:  # of a filter or a handler: it must not keep others from hearing of the end
            context = {"message": f"it could not be logged that {who} {what}", "exception": error}
            self.scheduler.loop.call_exception_handler(context)


@calls_users
def begin(process: SteppedProcess) -> Any:
    """The first step, in the process's own context: calls the function, and runs what it returned up to its first wait.

    Most processes end in it. So their StopIteration is caught as near as can be, where it costs least.
    """
    enter(process)
    args, process.slot = process.slot, None
    try:
        result = process.resume(*args)
    except StopIteration as stop:  # which would pass for the end of a coroutine (PEP 479)
        raise RuntimeError("the function of a process raised StopIteration") from stop
    if type(result) is not CoroutineType:
        if not inspect.isawaitable(result):
            process.slot = result
            return DONE
        result = _wait_for(result)
    process.resume = result.send
    try:
        return result.send(None)
    except StopIteration as stop:
        process.slot = stop.value
        return DONE


@calls_users
async def _wait_for(awaitable: Any) -> Any:
    return await awaitable
