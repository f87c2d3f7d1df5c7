"""`receive`: takes a message out of the mailbox of the current process, and waits for it if need be.

A process that waits is parked: it yields once, to its scheduler, and `deliver` puts it back into the run queue. Any
other task, such as a child task of a process, waits on a Future.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from beamlike.kernel.current import current_process
from beamlike.kernel.mailbox import NOTHING, Guard
from beamlike.kernel.process import Process
from beamlike.kernel.terms import Ref


async def receive(guard: Guard | None = None, /, *, ref: Ref | None = None, timeout: float | None = None) -> Any:
    """Takes the first message out of the mailbox, waiting for it if need be.

    With `guard`, the first message for which guard(message) is true; the others stay, in order. A guard that raises
    TypeError, IndexError, KeyError or AttributeError does not match; another exception is raised here and the message
    stays. With `ref`, the message that carries this reference (a Reply, its Down, a tuple that opens with it), in
    constant time. TimeoutError after `timeout` seconds; 0 looks once.
    """
    process = current_process()
    if guard is not None:
        _check_guard(guard, ref)
    box = process.mailbox
    message = box.take_ref(ref) if ref is not None else box.take() if guard is None else box.select(guard)
    if message is not NOTHING:
        return message
    expiry = _Expiry(process, timeout) if timeout is not None else None
    if ref is not None:
        box.reserve(ref)
    try:
        while message is NOTHING:
            if expiry is not None and expiry.passed:
                raise TimeoutError(f"no message within {timeout} s")
            if process.scheduler.running is process:
                process.parked = True
                await _park
            else:
                await process.wait_in_task()
            message = box.take_ref(ref) if ref is not None else box.take() if guard is None else box.resume(guard)
        return message
    finally:
        if ref is not None and box.release(ref):
            process.wake()
        if expiry is not None:
            expiry.cancel()


def _check_guard(guard: object, ref: Ref | None) -> None:
    if not callable(guard):
        raise TypeError(f"expected a function of a message to receive by, got {guard!r}; a time limit is timeout=")
    if ref is not None:
        raise TypeError("receive takes a guard or ref=, not both")


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


_ONE_YIELD = (None,)


class _Park:
    """Awaited once, it yields once: to the scheduler of the process that parks."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        # A tuple's iterator is all that `await` needs of a generator here, and costs no frame.
        return iter(_ONE_YIELD)  # type: ignore[return-value]


_park = _Park()
