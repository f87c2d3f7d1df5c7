"""What a forked process must not hold: sockets of the nodes of its parent.

Programs that are executed inherit none (Python opens every descriptor close-on-exec). A process that is only forked, as
by `os.fork` and some of `multiprocessing`, has them all: while it holds a copy the port stays taken when its parent has
ended, and the parent's peers see no closed connection. So it closes them first of all. It has none of the threads that
serve them, and the nodes are not its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Protocol, TypeVar
from weakref import WeakSet


class Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)

_ours: WeakSet[Closable] = WeakSet()


def closed_in_forks(thing: T) -> T:
    """Returns `thing`; in a forked process it is closed before anything else happens there."""
    _ours.add(thing)
    return thing


def _close_all() -> None:
    for thing in tuple(_ours):
        with suppress(OSError):
            thing.close()
    _ours.clear()


os.register_at_fork(after_in_child=_close_all)
