"""Files that count while the process that wrote them lives: it holds the lock on each, which the kernel takes away
when that process ends, however it ends.

They must be on a local file system, as those for temporary and for run-time files are: NFS makes one lock of all that
a process has on a file.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from beamlike.distribution.forks import closed_in_forks

# Others hold a file's lock only for the moment of a look, so what is still locked after this many looks is alive.
_ATTEMPTS: Final = 20
_PAUSE: Final = 0.01


class LockedFile:
    """A file of this process, from `take` to `release`. A forked child shares the lock, and would keep it when its
    parent is gone: so it gives it up."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor
        closed_in_forks(self)

    @classmethod
    def take(cls, path: Path, content: bytes) -> LockedFile | None:
        """Writes the file; None if a live process holds its lock."""
        descriptor = _lock(path)
        if descriptor is None:
            return None
        file = cls(path, descriptor)
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, content, 0)
        except OSError:
            file.release()
            raise
        return file

    def touch(self) -> bool:
        """Makes the file look new to those that clean up; False if it is no longer there."""
        if self._descriptor is None or not _is_at(self._path, self._descriptor):
            return False
        os.utime(self._descriptor)
        return True

    def release(self) -> None:
        """Removes the file, unless it was removed and is another's by now."""
        if self._descriptor is not None:
            if _is_at(self._path, self._descriptor):
                self._path.unlink(missing_ok=True)
            self.close()

    def close(self) -> None:
        """Gives up the lock in this process, and leaves the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def read(path: Path) -> bytes | None:
    """What a live process wrote; None if there is no such file, or its process is gone."""
    try:
        with path.open("rb") as file:
            return None if _try_lock(file.fileno(), fcntl.LOCK_SH) else file.read()
    except FileNotFoundError:
        return None


def remove_if_left_behind(path: Path) -> None:
    """Removes the file unless its process lives."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        if _try_lock(descriptor, fcntl.LOCK_EX) and _is_at(path, descriptor):
            path.unlink()
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int | None:
    """A descriptor of the file at `path` with its lock; None if that is held by a live process."""
    for _ in range(_ATTEMPTS):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        # Between opening and locking, who cleans up may have removed the file; then a new one is made.
        if _try_lock(descriptor, fcntl.LOCK_EX) and _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)
        time.sleep(_PAUSE)
    return None


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
