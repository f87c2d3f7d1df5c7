"""The directory that a viewer may not leave: all that a view reads and writes on its user's behalf asks here first.

It stands in a context variable, so one program has views with other bounds at the same time, and whatever a view starts
inherits them. Without bounds, as for the user of this machine account, everything is permitted. What cells do is not
bounded by it: they run with the rights of the account.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from pathlib import Path
from typing import Final

NO_WRITING: Final = "you may look at notebooks here, and write no files"
_bounds: Final[ContextVar[Path | None]] = ContextVar("beamlike_bounds", default=None)
_writes: Final[ContextVar[bool]] = ContextVar("beamlike_bounds_writes", default=True)


class OutOfBounds(PermissionError):
    """The message says what was wanted and what is permitted."""


def bounds() -> Path | None:
    """The directory of the code that asks; None if it has no bounds."""
    return _bounds.get()


def keep_within(directory: Path, *, writes: bool = True) -> None:
    """From now on, in the current context; `writes` says whether files may be written there."""
    _bounds.set(Path(os.path.realpath(directory)))
    _writes.set(writes)


def starting_directory() -> Path:
    """Where names begin that are no whole paths."""
    return bounds() or Path.cwd()


def permitted(path: Path | str) -> Path:
    """The path, absolute; where there are bounds, with all links followed. `OutOfBounds` if it leads elsewhere."""
    directory = bounds()
    return Path(path).absolute() if directory is None else within(directory, path)


def may_write() -> bool:
    """Whether the code that asks may make and write files, where it may do anything."""
    return _writes.get()


def writable(path: Path | str) -> Path:
    """As `permitted`, for a file that is to be written, or to go."""
    if not may_write():
        raise OutOfBounds(NO_WRITING)
    return permitted(path)


def within(directory: Path, path: Path | str) -> Path:
    """As `permitted` to somebody whose bounds are that directory, which is real."""
    # What a link leads to counts, and `..` goes up from there: so does the system.
    try:
        real = Path(os.path.realpath(directory / path))
    except (OSError, ValueError):
        raise OutOfBounds(f"{os.fspath(path)!r} is no path") from None
    if not real.is_relative_to(directory):
        raise OutOfBounds(f"{os.fspath(path)!r} is not in the directory that you may see")
    return real


def is_permitted(path: Path | str) -> bool:
    try:
        permitted(path)
    except OutOfBounds:
        return False
    return True


def shown(path: Path | str) -> str:
    """As the viewer knows it: where there are bounds, from their directory on."""
    directory = bounds()
    text = os.fspath(path)
    if directory is None or not os.path.isabs(text):
        return text
    return os.path.relpath(text, directory) if Path(text).is_relative_to(directory) else text
