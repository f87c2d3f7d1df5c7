"""Whether files are still what they were when they were read, for the price of a look at each.

A file system's clock is coarse: two versions of a file, written one right after the other, may bear the same time. So
a stamp that is as young as that proves nothing, and the file is read again until it is older.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, Protocol, TypeVar

from beamlike.kernel.record import frozen

_COARSE: Final = 50_000_000
"""Nanoseconds within which two changes may bear the same time."""


@frozen
class Stamp:
    """Of a file or folder that is there; `proves` that it is as it was, as long as it bears the same one."""

    changed: int
    size: int
    inode: int
    proves: bool


class Stamped(Protocol):
    @property
    def path(self) -> str: ...

    @property
    def stamp(self) -> Stamp | None:
        """None, if it was not there."""
        ...


S = TypeVar("S", bound=Stamped)


def stamp_of(path: str) -> Stamp | None:
    """To be taken before the file is read."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino, found.st_mtime_ns + _COARSE < time.time_ns())


def doubtful(files: Iterable[S]) -> list[S]:
    """Those that may have changed. It is asked ahead of terms, so a look at each is all that it costs."""
    stat, found = os.stat, []
    for file in files:
        stamp = file.stamp
        try:
            now = stat(file.path)
        except OSError:
            found.append(file)
            continue
        if (
            stamp is None
            or now.st_mtime_ns != stamp.changed
            or now.st_size != stamp.size
            or now.st_ino != stamp.inode
            or not stamp.proves
        ):
            found.append(file)
    return found


def hash_now(path: str) -> bytes:
    """That of the module of this path: b"" for one that is not there. A folder is a namespace as long as it has no
    `__init__.py`. OSError, if it is there and cannot be read."""
    try:
        with open(path, "rb") as file:
            return hash_of(file.read())
    except IsADirectoryError:
        return b"" if os.path.exists(os.path.join(path, "__init__.py")) else hash_of(b"")
    except (FileNotFoundError, NotADirectoryError):
        return b""


def hash_of(source: bytes) -> bytes:
    return blake2b(source, digest_size=12).digest()
