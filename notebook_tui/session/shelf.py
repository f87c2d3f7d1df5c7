"""The notebooks that the user has opened, newest first, and those with a star: a list in the state directory.

It only says where they were. Several programs may write it at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import state_directory, state_path

FILE: Final = "shelf.json"
KEPT: Final = 50
"""So many without a star."""


@frozen
class Book:
    path: str
    title: str = ""
    at: float = 0.0
    """When it was opened last, in seconds since the epoch; 0: never."""
    starred: bool = False


Books: TypeAlias = tuple[Book, ...]


def books() -> Books:
    """All of them; what cannot be read is none."""
    try:
        found = json.loads((state_path() / FILE).read_text(encoding="utf-8"))
        return tuple(Book(**each) for each in found)
    except (OSError, ValueError, TypeError):
        return ()


def was_opened(path: str, title: str, at: float) -> None:
    """It is the newest now."""

    def changed(known: Books) -> Books:
        before = _find(known, path)
        return (replace(before, title=title, at=at), *_others(known, path))

    _change(path, changed)


def star(path: str, title: str = "") -> None:
    """It has a star from now on, or no more."""

    def changed(known: Books) -> Books:
        before = _find(known, path)
        now = replace(before, starred=not before.starred, title=before.title or title)
        kept = [now if each.path == before.path else each for each in known]
        return tuple(kept) if now in kept else (*kept, now)

    _change(path, changed)


def forget(path: str) -> None:
    _change(path, lambda known: _others(known, path))


def _change(path: str, changed: Callable[[Books], Books]) -> None:
    with _alone():
        kept = changed(books())
        plain = [book for book in kept if not book.starred]
        dropped = {book.path for book in plain[KEPT:]} | {book.path for book in plain if not book.at}
        data = [asdict(book) for book in kept if book.path not in dropped]
        write_private(state_directory() / FILE, json.dumps(data, indent=1).encode())


def _find(known: Books, path: str) -> Book:
    real = os.path.abspath(path)
    return next((book for book in known if book.path == real), Book(real))


def _others(known: Books, path: str) -> Books:
    real = os.path.abspath(path)
    return tuple(book for book in known if book.path != real)


@contextmanager
def _alone() -> Iterator[None]:
    descriptor = os.open(state_directory() / f".{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_there(path: str) -> bool:
    return Path(path).is_file()
