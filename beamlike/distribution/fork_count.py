"""Whether this process was forked while it had something: its child has that too, for as long as it lives."""

from __future__ import annotations

import os
from threading import Lock
from typing import Final


class ForkCount:
    """Any thread may ask, and any may fork."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._begun = 0
        self.over = 0

    def none_since(self, over: int) -> bool:
        """Whether there was none, nor any under way, since so many were over."""
        return self._begun == over

    def begin(self) -> None:
        with self._lock:
            self._begun += 1

    def end(self) -> None:
        with self._lock:
            self.over += 1

    def forget(self) -> None:
        """In a forked child: the count is its parent's, and the lock may be held there."""
        self._lock, self._begun, self.over = Lock(), 0, 0


FORKS: Final = ForkCount()

os.register_at_fork(before=FORKS.begin, after_in_parent=FORKS.end, after_in_child=FORKS.forget)
