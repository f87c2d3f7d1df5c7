"""Tells when an event loop does not turn, and who keeps it from turning.

asyncio cannot take the loop from code that does not wait: such a process stalls all others of its loop. One thread
watches all loops of the interpreter. Every half threshold it asks each loop that is not asleep to call back, and looks
at who runs in one that has not called back since. The process, or asyncio task, and its line of code go to the log
"beamlike.watchdog" (the value is the record's `stall`), and as a `Stall` to every process that asked with
`monitor_stalls`: once per stall, again when a long one is four times as long, and when it is over. It is the BEAM's
`system_monitor` with `long_schedule`.

A healthy loop pays one callback per half threshold, an idle one of asyncio's own nothing. What is not noticed: a stall
shorter than the threshold (up to twice that may pass), and C code that holds the interpreter lock and sleeps, which
cannot be told from a stopped program. C code that holds the lock and computes is noticed when it is over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from beamlike.kernel import current, signals
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.stall import Stall
from beamlike.kernel.threads.watched_loop import THRESHOLD, Running, WatchedLoop

logger = logging.getLogger("beamlike.watchdog")


class Watch:
    """A loop is watched until `close`; what `watch` returns. Also a context manager."""

    def __init__(self, watched: WatchedLoop, threshold: float, quiet: bool) -> None:
        self.threshold = threshold
        self.quiet = quiet
        self._watched = watched

    def close(self) -> None:
        """Watches no more; a second call does nothing. Any thread may call it."""
        _watchdog.drop(self._watched, self)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Which is watched."""
        return self._watched.loop

    @property
    def runs_now(self) -> Running:
        """What runs in the loop at this very moment. Any thread may ask."""
        return self._watched.runs_now()

    @property
    def computed(self) -> float:
        """Seconds of the processor that the loop's thread has used."""
        return self._watched.seconds_computed()

    @property
    def stall(self) -> Stall | None:
        """The stall that goes on now, as last told; None while the loop turns."""
        return self._watched.stall

    @property
    def thread(self) -> threading.Thread:
        """That runs the loop."""
        return self._watched.thread

    @property
    def stalls(self) -> bool:
        """Whether a stall goes on at this very moment."""
        return self._watched.stalls

    def now(self) -> Stall | None:
        """The stall that goes on, with the code that runs at this moment. Any thread may ask, and nobody is told."""
        return self._watched.stall_now()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def watch(loop: asyncio.AbstractEventLoop | None = None, threshold: float = THRESHOLD, *, quiet: bool = False) -> Watch:
    """Watches `loop`, the running one by default; to be called in the thread that runs it.

    A loop that does not turn for `threshold` seconds is told of. A loop that is watched more than once is told of once,
    by the smallest threshold. A `quiet` watch tells nobody, but can be asked (`Watch.now`). A closed loop is dropped by
    itself. ValueError for a threshold that is not positive.

    >>> async def main():
    ...     with watch(threshold=0.5) as held:
    ...         return held.stall
    >>> asyncio.run(main())
    """
    if not threshold > 0:
        raise ValueError(f"expected a threshold above 0 s to watch a loop with, got {threshold!r}; or do not watch it")
    return _watchdog.add(loop or asyncio.get_running_loop(), threshold, quiet)


def monitor_stalls(flag: bool = True) -> None:
    """Stalls of every watched loop of this interpreter become `Stall` messages of the current process; with False, no
    longer. A process whose own loop stalls gets them afterwards: let one on another loop ask."""
    pid = current.current_process().pid
    if flag:
        _subscribers[pid] = None
    else:
        _subscribers.pop(pid, None)


_subscribers: dict[Pid, None] = {}


class _Watchdog:
    """The thread, and the loops that it looks at; it lives as long as there are any."""

    def __init__(self) -> None:
        self._loops: dict[asyncio.AbstractEventLoop, WatchedLoop] = {}
        self._lock = threading.Lock()
        # Ends a pause. Next to a condition it takes half the time, which is most of what an idle program pays.
        self._changed: SimpleQueue[None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, loop: asyncio.AbstractEventLoop, threshold: float, quiet: bool) -> Watch:
        with self._lock:
            watched = self._loops.get(loop)
            if watched is None:
                watched = self._loops[loop] = WatchedLoop(loop, _tell)
            watch = Watch(watched, threshold, quiet)
            watched.watches.append(watch)
            if self._thread is None:
                self._changed = SimpleQueue()
                self._thread = threading.Thread(target=self._run, name="beamlike watchdog", daemon=True)
                self._thread.start()
            self._changed.put(None)
        return watch

    def drop(self, watched: WatchedLoop, watch: Watch) -> None:
        with self._lock:
            if watch in watched.watches:
                watched.watches.remove(watch)
                if not watched.watches:
                    self._forget(watched)

    def _forget(self, watched: WatchedLoop) -> None:
        watched.watches.clear()
        if self._loops.get(watched.loop) is watched:
            del self._loops[watched.loop]
        self._changed.put(None)

    def _run(self) -> None:
        last = time.monotonic()
        while (expected := self._pause()) is not None:
            now = time.monotonic()
            for watched in tuple(self._loops.values()):
                self._look(watched, last, now, expected)
            last = now

    def _pause(self) -> float | None:
        """Lets half a threshold pass and says how long that is; None if nothing is left to look at."""
        with self._lock:
            if not self._loops:
                self._thread = None
                return None
            expected = min(watched.threshold for watched in self._loops.values()) / 2
        with suppress(Empty):
            self._changed.get(timeout=expected)
        return expected

    def _look(self, watched: WatchedLoop, last: float, now: float, expected: float) -> None:
        try:
            if not watched.loop.is_closed():
                watched.look(last, now, expected)
                return
        except Exception:
            logger.exception("looking at %r failed; it is watched no more", watched.loop)
        with self._lock:
            self._forget(watched)


_watchdog = _Watchdog()


def _forget_all() -> None:
    """In a forked process, which has neither the thread nor the loops."""
    global _watchdog
    _watchdog = _Watchdog()
    _subscribers.clear()


os.register_at_fork(after_in_child=_forget_all)


def _tell(stall: Stall) -> None:
    """Messages first: a log handler may wait for the very thread that stalls."""
    nodes = {node.name: node for node in current.running_nodes()}
    for pid in tuple(_subscribers):
        node = nodes.get(pid.node)
        if node is None or node.process(pid) is None:
            _subscribers.pop(pid, None)
        else:
            node.route(signals.Send(None, pid, stall))
    logger.warning("%s", stall.report(), extra={"stall": stall})
