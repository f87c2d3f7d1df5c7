"""`blocking`: code that blocks or computes, in a thread while the process waits, and stopped when it no longer does.

The thread runs in a copy of the caller's context, so `bl.send`, `bl.self()`, the current node and the group leader are
the caller's. It is told to stop by an exception (see `interruptible`); what goes on all the same is reported with its
stack, and another thread takes its place (see `stopper`).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from beamlike.kernel import current
from beamlike.kernel.errors import AmbiguousNode, NoNode
from beamlike.kernel.threads.interruptible import Interrupted, Interruptible
from beamlike.kernel.threads.stopper import Stopper
from beamlike.kernel.threads.worker_threads import LIMIT, Statistics, WorkerThreads

T = TypeVar("T")

logger = logging.getLogger("beamlike.blocking")


async def blocking(function: Callable[..., T], *args: Any, timeout: float | None = None, **unknown: Any) -> T:
    """Runs the plain function `function(*args)` in a thread and returns its value, or raises what it raised.

    The loop goes on meanwhile. When the caller is cancelled or ended by an exit signal, or after `timeout` seconds
    (TimeoutError), the waiting ends at once, and the function is interrupted where it next executes Python code. One
    that sits in C code or swallows the exception runs on in its thread. What must be ended whatever it does belongs in
    a child node, where an operating-system process ends with all it contains.

    At most LIMIT functions run at a time; others wait, and the time limit includes that. Keywords of the function go
    through functools.partial. TypeError for async functions and generators, which would run on the loop.

    >>> asyncio.run(blocking(sum, [1, 2, 3]))
    6
    """
    return await _shared.call(function, *args, timeout=timeout, **unknown)


def statistics() -> Statistics:
    """How many threads `blocking` has, and what they do."""
    return _shared.workers.statistics()


class CallThreads:
    """Threads that run calls, and who stops those that nobody waits for any more."""

    def __init__(self, workers: WorkerThreads) -> None:
        self.workers = workers
        self._stopper = Stopper(workers)

    async def call(self, function: Callable[..., T], *args: Any, timeout: float | None = None, **unknown: Any) -> T:
        """As `blocking`, in one of these threads."""
        _check(function, unknown)
        with suppress(NoNode, AmbiguousNode):
            current.current_process()  # a plain task gets its identity here: the thread could not
        call = _Call(function, args, asyncio.get_running_loop())
        self.workers.submit(call)
        timer = None if timeout is None else call.loop.call_later(timeout, call.expire, timeout)
        try:
            return await call.future
        finally:
            if timer is not None:
                timer.cancel()
            if not call.told:
                self._stop(call)
            del call  # which its exception's traceback would hold through this frame

    def _stop(self, call: _Call[Any]) -> None:
        if not self.workers.withdraw(call):
            self._stopper.stop(call)


def _check(function: Callable[..., Any], unknown: dict[str, Any]) -> None:
    if unknown:
        raise TypeError(
            f"blocking has no keyword {', '.join(map(repr, unknown))} (it has timeout); "
            "keywords of the function itself go through functools.partial"
        )
    if not callable(function):
        raise TypeError(f"expected a function to run in a thread, got {function!r}; pass its arguments after it")
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"expected a plain function to run in a thread, got the async function {function!r}: await it")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"expected a plain function to run in a thread, got the generator function {function!r}: {_WHY}"
        )


_WHY = "its body would run where it is iterated, on the event loop; pass a function that iterates it, such as list"


class _Call(Generic[T]):
    """One call: made and awaited in the loop's thread, run in another."""

    def __init__(self, function: Callable[..., T], args: tuple[Any, ...], loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[T] = loop.create_future()
        self.told = False
        self.name = getattr(function, "__qualname__", None) or repr(function)
        self.interruptible = Interruptible(function, args)
        self.thread_id: int | None = None
        self._context = copy_context()
        self._value: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        self.thread_id = threading.get_ident()
        try:
            self._value = self._context.run(self.interruptible)
            _check_value(self._value, self.name)
        except BaseException as error:
            self._error = _raisable(error, self.name)
        finally:
            del self  # which the traceback of an exception would hold through this frame, and it the exception

    def tell(self) -> None:
        value, self._value = self._value, None
        error, self._error = self._error, None
        try:
            self.loop.call_soon_threadsafe(self._settle, value, error)
        except RuntimeError:
            if not self.loop.is_closed():
                raise
            self._report_unseen(error)

    def _settle(self, value: T | None, error: BaseException | None) -> None:
        self.told = True
        if self.future.done():
            self._report_unseen(error)
        elif error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(value)  # type: ignore[arg-type] # without an error it is a T

    def _report_unseen(self, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, Interrupted):
            logger.error("%s, which nobody waits for any more, raised", self.name, exc_info=error)

    def expire(self, seconds: float) -> None:
        if not self.future.done():
            self.future.set_exception(TimeoutError(f"{self.name} did not end within {seconds} s; it is told to stop"))


def _check_value(value: object, name: str) -> None:
    """A function may turn out to be one of those that are refused."""
    if inspect.iscoroutine(value):
        value.close()
        raise TypeError(f"expected {name} to be a plain function to run in a thread, but it returned a coroutine")
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        raise TypeError(
            f"expected {name} to be a plain function to run in a thread, but it returned a generator: {_WHY}"
        )


def _raisable(error: BaseException, name: str) -> BaseException:
    """StopIteration goes through no future and out of no coroutine (PEP 479)."""
    if not isinstance(error, StopIteration):
        return error
    substitute = RuntimeError(f"{name} raised StopIteration")
    substitute.__cause__ = error
    return substitute


_shared = CallThreads(WorkerThreads(LIMIT))


def _make_anew() -> None:
    """In a forked process, which has none of the threads."""
    global _shared
    _shared = CallThreads(WorkerThreads(LIMIT))


os.register_at_fork(after_in_child=_make_anew)
