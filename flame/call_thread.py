"""A thread for one call of a plain function, so that its node stays responsive meanwhile.

Each call has a thread of its own, not one of a pool: no executor's size bounds `max_concurrency`, and an interrupt
never reaches another call. What an interrupt can do and cannot, `beamlike.kernel.threads.interruptible` says: a thread
that it does not reach ends when it ends, or with its node.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import beamlike as bl
from beamlike.kernel.threads.interruptible import Interrupted, Interruptible
from flame.outcome import Ended, Outcome, Returned, outcome_of

LOOK_AGAIN_SECONDS = 0.01
INTERRUPTED = Ended("interrupted")


class CallThread:
    """Starts the thread. Once `ended` is set its code has ended, and `outcome` says how."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.ended = asyncio.Event()
        self.outcome: Outcome = INTERRUPTED
        self._loop = asyncio.get_running_loop()
        self._pid = bl.self()
        self._call = Interruptible(function, args)
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._run,), name=f"call in {self._pid}", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        try:
            self.outcome = Returned(self._call())
        except Interrupted:
            pass
        except BaseException as error:
            self.outcome = outcome_of(error, self._pid)
        finally:
            self._tell()

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self.ended.set)
        except RuntimeError:
            if not self._loop.is_closed():  # the node is gone, and nobody is left to be told
                raise

    def interrupt(self) -> None:
        """Has the function see `Interrupted` as soon as that can do no harm."""
        if not self._call.interrupt():
            self._loop.call_later(LOOK_AGAIN_SECONDS, self.interrupt)
