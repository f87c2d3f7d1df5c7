"""A plain function's call in a thread, which its loop may interrupt, and is told the end of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.interruptible import Interrupted, Interruptible
from flame.outcome import Ended, Outcome, Returned, outcome_of
from flame.output import CallOutput

LOOK_AGAIN_SECONDS = 0.01
INTERRUPTED = Ended("interrupted")


class ThreadJob:
    """For `crew`: `function(*args)` in `context`; `then` gets the outcome, in the loop's thread."""

    __slots__ = ("_call", "_context", "_outcome", "_output", "_pid", "_then", "count")

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        context: Context,
        output: CallOutput | None,
        pid: Pid,
        then: Callable[[Outcome], None],
    ) -> None:
        self._call = Interruptible(function, args)
        self._context = context
        self._output = output
        self._pid = pid
        self._then = then
        self._outcome: Outcome = INTERRUPTED
        self.count = 1
        """How many calls it is."""

    def run(self) -> None:
        try:
            self._outcome = Returned(self._context.run(self._heard))
        except Interrupted:
            pass
        except BaseException as error:
            self._outcome = outcome_of(error, self._pid)

    def _heard(self) -> Any:
        if self._output is None:
            return self._call()
        self._output.enter()
        try:
            return self._call()
        finally:
            self._output.end()

    def fail(self, error: Exception) -> None:
        self._outcome = outcome_of(error, self._pid)

    def ended(self) -> None:
        self._then(self._outcome)

    def call_off(self) -> None:
        """Has the function see `Interrupted` as soon as that can do no harm."""
        if not self._call.interrupt():
            asyncio.get_running_loop().call_later(LOOK_AGAIN_SECONDS, self.call_off)
