"""Lines from a person at a terminal, one at a time, as an event loop can wait for them."""

from __future__ import annotations

import asyncio
import getpass
import queue
import threading
from contextlib import suppress


class Lines:
    """Reads in a thread of its own: a program that ends does not wait for a line that is not finished."""

    def __init__(self) -> None:
        with suppress(ImportError):  # lines can then not be edited with the arrow keys
            import readline  # noqa: F401
        self._loop = asyncio.get_running_loop()
        self._wanted: queue.SimpleQueue[tuple[str, bool, asyncio.Future[str | None]]] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="lines", daemon=True).start()

    async def read(self, prompt: str, *, hidden: bool = False) -> str | None:
        """The next line without its end; None at the end of all input."""
        answer: asyncio.Future[str | None] = self._loop.create_future()
        self._wanted.put((prompt, hidden, answer))
        return await answer

    def _read(self) -> None:
        while True:
            prompt, hidden, answer = self._wanted.get()
            try:
                line: str | None = getpass.getpass(prompt) if hidden else input(prompt)
            except (EOFError, OSError, ValueError):  # it is gone, or is no text
                line = None
            with suppress(RuntimeError):  # the program has ended meanwhile
                self._loop.call_soon_threadsafe(_settle, answer, line)


def _settle(answer: asyncio.Future[str | None], line: str | None) -> None:
    if not answer.done():
        answer.set_result(line)
