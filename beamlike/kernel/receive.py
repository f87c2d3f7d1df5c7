"""`receive`: takes a message out of the mailbox of the current process, and waits for it if need be.

A process that waits for any message is handed the next one; one that waits for a message of its choice is woken to
look. Both yield once, to their scheduler. Any other task, such as a child task of a process, waits on a Future.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from inspect import CO_COROUTINE, iscoroutinefunction
from threading import get_ident
from types import FunctionType
from typing import Any

from beamlike.kernel.bare_coroutine import bare_coroutine
from beamlike.kernel.current import current_process, process_here
from beamlike.kernel.current_task import EAGER_TASKS, current_task
from beamlike.kernel.mailbox import NOTHING, Guard, Mailbox
from beamlike.kernel.process import Process
from beamlike.kernel.rare import Backlog
from beamlike.kernel.states import ANY, RUNNING, WAIT
from beamlike.kernel.stepped import PAUSE
from beamlike.kernel.terms import Ref

BATCH_MASK = 1024 - 1
"""1024 messages are taken out of a full mailbox between two turns of others. To count them would cost a fifth of a
message, so its length tells; who fills it while taking is counted in `Process.deliver`."""


@bare_coroutine
def receive(
    # Keyword-only parameters would cost each message a tenth.
    guard: Guard | None = None,
    ref: Ref | None = None,
    timeout: float | None = None,
) -> Generator[Any, Any, Any]:
    """Takes the first message out of the mailbox, waiting for it if need be.

    With `guard`, the first message for which guard(message) is true; the others stay, in order. A guard that raises
    TypeError, IndexError, KeyError or AttributeError does not match; another exception is raised here and the message
    stays. With `ref`, the message that carries this reference (a Reply, a Down, a tuple that opens with it), in
    constant time. TimeoutError after `timeout` seconds; 0 looks once.
    """
    process = process_here()
    if (
        process.state is not RUNNING
        or process.scheduler.thread_id != get_ident()  # of a worker thread with a loop of its own
        or (EAGER_TASKS and current_task() is not process)
    ):
        pass
    elif guard is None and ref is None and timeout is None:
        inbox = process.inbox
        if inbox:
            if len(inbox) & BATCH_MASK:
                return inbox.popleft()
            process.scheduler.credit = 0
        elif process.mailbox is None:
            process.state = ANY
            message = yield
            if message is not None:  # None was sent, or somebody else than the scheduler woke us
                return message
    elif ref is not None and process.mailbox is not None and process.scheduler.credit > 0 and guard is None:
        process.scheduler.credit -= 1
        message = process.mailbox.take_ref(ref)
        if message is not NOTHING:
            return message
    return (yield from _select(guard, ref, timeout))  # type: ignore[misc]  # a coroutine may


@bare_coroutine
def _select(guard: Guard | None, ref: Ref | None, timeout: float | None) -> Generator[Any, Any, Any]:
    """Receives whatever way."""
    process = current_process()
    _check(guard, ref, timeout)
    if process.rare is not None and process.rare.backlog is not None:
        timeout = yield from _wait_for_room(process, process.rare.backlog, timeout)  # type: ignore[misc]
    process.scheduler.credit -= 1
    if process.scheduler.credit < 0 and process.runs:
        yield PAUSE
    box = process.open_mailbox() if guard is not None or ref is not None or not process.runs else None
    expiry: _Expiry | None = None
    reserved = False
    try:
        message = process.take_next() if box is None else _take(box, guard, ref, resumed=False)
        while message is NOTHING:
            if timeout is not None:
                if expiry is None:
                    expiry = _Expiry(process, timeout)
                if expiry.passed:
                    if process.tracing is not None:
                        process.tracing.waited_in_vain()
                    raise TimeoutError(f"no message within {timeout} s")
            if ref is not None and not reserved:
                assert box is not None
                box.reserve(ref)
                reserved = True
            if process.runs:
                if not process.is_due:
                    process.state = WAIT
                yield
            else:
                yield from process.wait_in_task(ref.id if ref is not None else None)  # type: ignore[misc]
            message = process.take_next() if box is None else _take(box, guard, ref, resumed=True)
        return message
    finally:
        if expiry is not None:
            expiry.cancel()
        if box is not None:
            if reserved and ref is not None and box.release(ref):
                process.wake()
            process.close_mailbox(box)


async def _wait_for_room(process: Process, backlog: Backlog, timeout: float | None) -> float | None:
    """Has who sent too much wait first. Returns what is left of the time."""
    rare = process.own_rare()
    rare.backlog = None
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        async with asyncio.timeout(timeout):
            await backlog.room()
    except TimeoutError:
        rare.backlog = backlog
    return None if timeout is None else max(0.0, timeout - (clock() - began))


def _take(box: Mailbox, guard: Guard | None, ref: Ref | None, *, resumed: bool) -> Any:
    if ref is not None:
        return box.take_ref(ref)
    if guard is None:
        return box.take()
    return box.resume(guard) if resumed else box.select(guard)


def _check(guard: object, ref: object, timeout: object) -> None:
    if guard is not None:
        if not callable(guard):
            raise TypeError(f"expected a function of a message to receive by, got {guard!r}; a time limit is timeout=")
        if _is_async(guard):  # what it returns would be true of every message
            name = getattr(guard, "__qualname__", guard)
            raise TypeError(f"expected a plain function to receive by, got the async function {name}, which would wait")
    if guard is not None and ref is not None:
        raise TypeError("receive takes a guard or ref=, not both")
    if ref is not None and not isinstance(ref, Ref):
        raise TypeError(f"expected a reference to receive by, got {ref!r}")
    if timeout is not None and not isinstance(timeout, int | float):
        raise TypeError(f"expected timeout as a number of seconds, or None for no limit, got {timeout!r}")


def _is_async(guard: object) -> bool:
    if type(guard) is FunctionType:  # most are, and of those the flag tells in a third of the time
        return bool(guard.__code__.co_flags & CO_COROUTINE)
    return iscoroutinefunction(guard)


class _Expiry:
    """The time limit of one wait: it wakes the process when it has passed."""

    __slots__ = ("_process", "_seconds", "passed")

    def __init__(self, process: Process, seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self.passed = seconds <= 0
        if not self.passed:
            process.scheduler.deadlines.add(seconds, self)

    def expire(self) -> None:
        self.passed = True
        self._process.wake()

    def cancel(self) -> None:
        self._process.scheduler.deadlines.discard(self._seconds, self)
