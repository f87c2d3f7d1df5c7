"""What is made of files, and made anew when they have changed: certificates are renewed while nodes run."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

logger = logging.getLogger("beamlike.distribution")

T = TypeVar("T")
_Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class Renewed(Generic[T]):
    """Whatever `make` raises comes out of the first making. Later, what was made before stays, and the log says why."""

    def __init__(self, files: Iterable[str | Path], make: Callable[[], T]) -> None:
        self._files = tuple(files)
        self._make = make
        self._stamp = self._stamp_now()
        self._made = make()

    def get(self) -> T:
        """As of the files now. It looks at them, so it is for what happens once for each connection."""
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._made = self._make()
            except OSError as error:
                logger.warning("what was read before stays in use: %s", error)
        return self._made

    def _stamp_now(self) -> _Stamp:
        return tuple(map(_stamp_of, self._files))


def _stamp_of(file: str | Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
