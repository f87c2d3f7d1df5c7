"""Whether a file is still what it was when it was read, for the price of a look at it.

A file system's clock is coarse: two versions of a file, written one right after the other, may bear the same time. So
a stamp that is as young as that proves nothing, and the file is read again until it is older.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

_COARSE: Final = 50_000_000
"""Nanoseconds within which two changes may bear the same time."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Of a file or folder that is there; `None` is that of one that is not."""

    changed: int
    size: int
    inode: int
    taken: int

    def holds(self, path: str) -> bool:
        """Whether `path` is certainly as it was."""
        try:
            now = os.stat(path)
        except OSError:
            return False
        return (
            now.st_mtime_ns == self.changed
            and now.st_size == self.size
            and now.st_ino == self.inode
            and self.changed + _COARSE < self.taken
        )


def stamp_of(path: str) -> Stamp | None:
    """To be taken before the file is read."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino, time.time_ns())


def hash_of(source: bytes) -> bytes:
    return blake2b(source, digest_size=12).digest()
