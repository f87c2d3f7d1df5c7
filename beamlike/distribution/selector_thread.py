"""A plain thread that waits for sockets and for moments: what must go on while the event loop is kept busy.

It is no event loop of asyncio on purpose. Nothing of the user's runs here, and a callback neither waits nor computes,
so it answers as long as the interpreter lock changes hands. Sockets are read before moments that are due are acted on:
a thread that comes late, because the program was stopped or the machine suspended, first sees what arrived meanwhile.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from beamlike.distribution.forks import closed_in_forks

logger = logging.getLogger("beamlike.distribution")

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE

STOP_SECONDS: Final = 5.0

OnEvents = Callable[[int], None]
"""Called in the thread with READ, WRITE or both."""


class Moment:
    """A call at a certain time, until it is cancelled."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], None]) -> None:
        self.function: Callable[[], None] | None = function

    def cancel(self) -> None:
        self.function = None


class SelectorThread:
    """Runs from its making until `stop`. Only `call` and `stop` are for other threads."""

    def __init__(self, name: str) -> None:
        self._selector = closed_in_forks(selectors.DefaultSelector())
        self._calls: deque[Callable[[], None]] = deque()
        self._moments: list[tuple[float, int, Moment]] = []
        self._order = itertools.count()
        self._ending = False
        self._woken, self._waker = (closed_in_forks(end) for end in socket.socketpair())
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, READ, self._take_wakes)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], None]) -> None:
        """Has the thread call `function` soon, in the order of the calls; never, once it has ended."""
        self._calls.append(function)
        # A full pipe wakes it as well, and one that is closed has nobody to wake.
        with suppress(OSError):
            self._waker.send(b"\0")

    def stop(self) -> None:
        """Ends the thread, after what it was told to call before, and closes what it still watches."""
        self.call(self.end)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            logger.error("the thread %r did not end within %g s", self._thread.name, STOP_SECONDS)

    # In the thread.

    def end(self) -> None:
        self._ending = True

    def watch(self, sock: socket.socket, events: int, on_events: OnEvents) -> None:
        """Calls `on_events` while the socket is ready for any of `events`; instead of what was watched of it before."""
        if sock.fileno() in self._selector.get_map():
            self._selector.modify(sock, events, on_events)
        else:
            self._selector.register(sock, events, on_events)

    def unwatch(self, sock: socket.socket) -> None:
        """To be called before the socket is closed. Nothing, if it is not watched."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def call_later(self, seconds: float, function: Callable[[], None]) -> Moment:
        moment = Moment(function)
        heapq.heappush(self._moments, (time.monotonic() + seconds, next(self._order), moment))
        return moment

    def _run(self) -> None:
        try:
            while not self._ending:
                self._serve_sockets(self._pause())
                for _ in range(len(self._calls)):
                    self._guard(self._calls.popleft())
                if self._pause() == 0.0:
                    self._serve_sockets(0.0)
                    self._call_what_is_due()
        finally:
            self._close()

    def _pause(self) -> float | None:
        if self._calls:
            return 0.0
        return max(0.0, self._moments[0][0] - time.monotonic()) if self._moments else None

    def _call_what_is_due(self) -> None:
        now = time.monotonic()
        while self._moments and self._moments[0][0] <= now:
            function = heapq.heappop(self._moments)[2].function
            if function is not None:
                self._guard(function)

    def _serve_sockets(self, pause: float | None) -> None:
        for key, events in self._selector.select(pause):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            if not self._guard(partial(key.data, events)):
                self.unwatch(sock)
                sock.close()

    def _guard(self, function: Callable[[], None]) -> bool:
        """Whether it succeeded. If not, the others that this thread serves go on."""
        try:
            function()
        except Exception:
            logger.exception("%r failed in the thread %r", function, self._thread.name)
            return False
        return True

    def _take_wakes(self, _events: int) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass

    def _close(self) -> None:
        for key in tuple(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._waker.close()
        self._selector.close()
