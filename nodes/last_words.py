"""How a child ends itself when it has to: in a word for its log, and at once."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress


def say(why: str) -> None:
    """The last words, in the child's log: by no lock and no stream, which may be in any state, and not into a pipe that
    is full because nobody reads it."""
    with suppress(OSError, ValueError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, f"process {os.getpid()} ends: {why}\n".encode())


def kill_started() -> None:
    """Ends what this process started, and not itself; nothing, where its group is another's, or no /proc tells."""
    from nodes.host_processes import PROC, kill, look, started_by  # at its end alone

    leads = os.getpgid(0) == os.getpid() and PROC.joinpath("self").exists()
    me = look(os.getpid()) if leads else None
    if me is None:
        return
    killed: set[int] = set()
    while more := [it.identity for it in started_by(me) if it.identity.pid not in killed]:
        for identity in more:
            kill(identity)
            killed.add(identity.pid)


def kill_own_group() -> None:
    """Ends this process and what it started, at once."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
