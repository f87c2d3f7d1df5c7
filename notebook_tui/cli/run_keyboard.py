"""What cells of a run ask for, by `input()`, `getpass` or pdb, is read from standard input as in a script: from a
terminal, a pipe or a file."""

from __future__ import annotations

import asyncio
import getpass
import queue
import sys
import threading

from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session.client import Client


def answer_from_standard_input(client: Client) -> None:
    """From now on. Where there is no standard input, cells are told that there is no keyboard."""
    if sys.stdin is None or sys.stdin.closed:
        return
    loop = asyncio.get_running_loop()
    wanted: queue.SimpleQueue[InputWanted] = queue.SimpleQueue()

    def serve() -> None:
        while True:
            question = wanted.get()
            loop.call_soon_threadsafe(client.answer, question.question, _line(hidden=question.hidden))

    client.take_questions(wanted.put, lambda _settled: None)
    # It may wait for a line for ever: the program ends all the same.
    threading.Thread(target=serve, name="standard input", daemon=True).start()


def _line(*, hidden: bool) -> str | None:
    """The next line without its end; None at the end of all input."""
    try:
        if hidden and sys.stdin.isatty():
            return getpass.getpass("")
        line = sys.stdin.readline()
    except (EOFError, OSError, ValueError):  # it is gone, or is no text
        return None
    return line.removesuffix("\n") if line else None
