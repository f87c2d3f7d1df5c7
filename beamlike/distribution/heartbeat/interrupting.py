"""Ends what keeps an event loop from turning, at the request of another node.

In a standalone runtime, whose program has a handler of its own for SIGINT, that signal is sent to the main thread: only
there can code be woken that sleeps in C, and the handler knows what may be ended. (Neither Python's default nor that of
`asyncio.run` knows: they end the program.) Elsewhere `Interrupted` is raised in the code that runs, which ends the
process or task that it belongs to and nothing else; a child is woken for it (see `waking`). That is done only while the
loop does not turn, and while the code is not in asyncio, this package or a lock, whose state must not be cut in half;
so it may take some looks.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from threading import main_thread
from typing import Final

from beamlike.distribution.heartbeat.stall_terms import stall_to_plain
from beamlike.distribution.selector_thread import SelectorThread
from beamlike.kernel.threads.interruptible import may_be_struck
from beamlike.kernel.threads.stall import Stall
from beamlike.kernel.threads.thread_stack import frame_of
from beamlike.kernel.threads.waking import strike
from beamlike.kernel.threads.watchdog import Watch

_LOOKS: Final = 100
_PAUSE: Final = 0.01

_WITHOUT_A_NOTION: Final = frozenset({"None", "_signal", "signal", "asyncio", "uvloop"})
"""Packages whose handlers of SIGINT do not know what may be ended."""


class Interruption:
    """`answer` gets the stall that was ended, as plain values; None if all loops turn, or it could not be ended."""

    def __init__(
        self, thread: SelectorThread, watches: Sequence[Watch], standalone: bool, answer: Callable[[object], None]
    ) -> None:
        self._thread = thread
        self._watches = watches
        self._standalone = standalone
        self._answer = answer
        self._looks_left = _LOOKS

    def begin(self) -> None:
        stall = self._stall_of_the_main_thread() if self._standalone and _handles_interrupts() else None
        if stall is None:
            self._look()
        else:
            _send_interrupt()
            self._answer(stall_to_plain(stall))

    def _stall_of_the_main_thread(self) -> Stall | None:
        return next((watch.now() for watch in self._watches if watch.thread is main_thread()), None)

    def _look(self) -> None:
        self._looks_left -= 1
        stalled = [watch for watch in self._watches if watch.now() is not None]
        struck = next((stall for watch in stalled if (stall := _strike(watch)) is not None), None)
        if struck is not None or not stalled or not self._looks_left:
            self._answer(stall_to_plain(struck))
        else:
            self._thread.call_later(_PAUSE, self._look)


def _strike(watch: Watch) -> Stall | None:
    """The stall, if its code was struck.

    Whoever takes the interpreter lock keeps it for some milliseconds: thus nothing moves between look and strike.
    """
    stall, ident = watch.now(), watch.thread.ident
    time.sleep(0)
    if stall is None or ident is None or not watch.stalls or not may_be_struck(frame_of(ident)):
        return None
    strike(ident)
    return stall


def _send_interrupt() -> None:
    ident = main_thread().ident
    assert ident is not None
    signal.pthread_kill(ident, signal.SIGINT)


def _handles_interrupts() -> bool:
    """Whether this program has made it its own business what SIGINT does."""
    handler = signal.getsignal(signal.SIGINT)
    function = getattr(handler, "func", handler)  # of a partial
    package = str(getattr(function, "__module__", None)).partition(".")[0]
    return callable(function) and package not in _WITHOUT_A_NOTION
