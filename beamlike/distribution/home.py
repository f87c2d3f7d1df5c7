"""The event loop that links live on, for all threads."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextvars import Context
from threading import get_ident

from beamlike.kernel.record import frozen
from beamlike.kernel.scheduler import Scheduler, scheduler_of


@frozen
class Home:
    """The event loop that links live on, and its thread."""

    loop: asyncio.AbstractEventLoop
    thread: int
    context: Context
    """What links do and log is not done on behalf of the process that happened to send first."""
    scheduler: Scheduler

    @classmethod
    def here(cls) -> Home:
        loop = asyncio.get_running_loop()
        return cls(loop, get_ident(), Context(), scheduler_of(loop))

    def call(self, function: Callable[[], None]) -> None:
        """Runs `function` in the loop's next turn; never, if the loop has been closed."""
        is_here = get_ident() == self.thread
        call = self.loop.call_soon if is_here else self.loop.call_soon_threadsafe
        try:
            call(function, context=self.context)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

    def add_reader(self, sock: socket.socket, function: Callable[[], None]) -> None:
        Context().run(self.loop.add_reader, sock, function)

    def add_writer(self, sock: socket.socket, function: Callable[[], None]) -> None:
        Context().run(self.loop.add_writer, sock, function)

    def at_turn_end(self, function: Callable[[], None]) -> None:
        """Runs `function` when the processes have had their turn, this one if it is under way."""
        if get_ident() == self.thread:
            self.scheduler.at_turn_end(function)
        else:
            self.call(function)
