"""What home has to show: looked for on the disk, away from the event loop, and handed over as one value."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.serve.board import Seen, seen_sessions
from notebook_tui.session.bounds import OutOfBounds, bounds, is_permitted, may_write, permitted
from notebook_tui.session.examples import Example, examples
from notebook_tui.session.open_elsewhere import OpenNotebook, open_notebooks
from notebook_tui.session.shelf import Books, books, is_there

NOTEBOOK: Final = ".livemd"
KINDS: Final = (NOTEBOOK, ".ipynb", ".py")
"""Endings of what can be opened, or made into a notebook."""
_MOST: Final = 5_000


@frozen
class File:
    name: str
    changed_at: float
    is_folder: bool = False


@frozen
class Found:
    directory: Path
    files: tuple[File, ...] = ()
    """Folders first, each part in the order of names."""
    books: Books = ()
    missing: frozenset[str] = frozenset()
    """The paths of books whose files are not there."""
    open: tuple[OpenNotebook, ...] = ()
    served: tuple[Seen, ...] = ()
    """Sessions that servers hold."""
    examples: tuple[Example, ...] = ()
    trouble: str = ""
    """Why there are no files."""
    makes: bool = True
    """Whether whoever looks may make notebooks, also of other kinds of files."""


def look_around(directory: Path, *, hidden: bool) -> Found:
    """Blocks on the disk."""
    if bounds() is not None:
        return _within_bounds(directory, hidden=hidden)
    known = books()
    files, trouble = _files(directory, hidden=hidden)
    try:
        served = seen_sessions()
    except OSError:  # whoever opens a notebook is told
        served = ()
    held = {each.server for each in served}
    return Found(
        directory,
        files,
        known,
        frozenset(book.path for book in known if not is_there(book.path)),
        tuple(each for each in open_notebooks() if each.pid not in held),
        served,
        examples(),
        trouble,
    )


def _within_bounds(directory: Path, *, hidden: bool) -> Found:
    """What the user of this machine account opened, and where, is nobody else's business; nor are its copies."""
    files, trouble = _files(directory, hidden=hidden)
    try:
        served = tuple(each for each in seen_sessions() if is_permitted(each.path))
    except OSError:
        served = ()
    makes = may_write()
    if not makes:
        files = tuple(each for each in files if each.is_folder or each.name.lower().endswith(NOTEBOOK))
    return Found(directory, files, served=served, trouble=trouble, makes=makes)


def _files(directory: Path, *, hidden: bool) -> tuple[tuple[File, ...], str]:
    found: list[File] = []
    try:
        with os.scandir(permitted(directory)) as entries:
            for entry in entries:
                if len(found) >= _MOST:
                    break
                if (file := _file(entry, hidden=hidden)) is not None:
                    found.append(file)
    except OutOfBounds as error:
        return (), str(error)
    except OSError as error:
        return (), (error.strerror or str(error)).lower()
    return tuple(sorted(found, key=lambda file: (not file.is_folder, file.name.casefold()))), ""


def _file(entry: os.DirEntry[str], *, hidden: bool) -> File | None:
    if entry.name.startswith(".") and not hidden:
        return None
    try:
        is_folder = entry.is_dir()
        if not is_folder and os.path.splitext(entry.name)[1].lower() not in KINDS:
            return None
        return File(entry.name, entry.stat().st_mtime, is_folder)
    except OSError:  # gone meanwhile, or a link to nowhere
        return None
