"""Which notebooks are open in other programs of this user: their locks say so."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress

from beamlike.kernel.record import frozen
from notebook_tui.session.lock import FOLDER, Holder
from notebook_tui.session.state_directory import state_path


@frozen
class OpenNotebook:
    path: str
    pid: int
    terminal: str
    """The name of the terminal in which it is open, where that is known."""
    since: float


def open_notebooks() -> tuple[OpenNotebook, ...]:
    """Those of programs that run, but for this one; the newest first."""
    found = {(each.pid, each.path): each for each in _locks()}
    return tuple(sorted(found.values(), key=lambda each: -each.since))


def _locks() -> Iterator[OpenNotebook]:
    try:
        files = list(os.scandir(state_path() / FOLDER))
    except OSError:
        return
    for file in files:
        with suppress(OSError, ValueError, TypeError):  # it is just being written, or gone
            with open(file.path, encoding="utf-8") as lock:
                holder = Holder(**json.load(lock))
            # To try the lock would make it look taken to a program that wants it just now.
            if holder.path and holder.pid != os.getpid() and _runs(holder.pid):
                yield OpenNotebook(holder.path, holder.pid, holder.terminal, file.stat().st_mtime)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
