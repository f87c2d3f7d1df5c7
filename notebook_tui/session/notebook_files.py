"""The files of a notebook as a viewer sees them: those that belong to it, and what else lies in its directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Arrange
from notebook_tui.session import attachments
from notebook_tui.session.bounds import permitted

MOST: Final = 500
"""Entries of the directory that are told of."""


class NoSuchFile(ValueError):
    """The message says what was expected."""


@frozen
class FileSeen:
    name: str
    size: int | None
    """None of a directory, and of a file that is missing."""
    is_directory: bool = False
    is_missing: bool = False


@frozen
class NotebookFiles:
    directory: str
    attached: tuple[FileSeen, ...]
    beside: tuple[FileSeen, ...]
    more: int = 0


def files_of(notebook: Notebook, path: Path) -> NotebookFiles:
    """Of the notebook whose file that is, or will be."""
    directory = path.absolute().parent
    attached = tuple(_seen(attachments.path_of(path, name)) for name in attachments.names_in(notebook))
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: (entry.name.startswith("."), entry.name))
    except OSError:  # it is not there yet, or not to be read
        entries = []
    beside = tuple(_beside(islice(entries, MOST)))
    return NotebookFiles(str(directory), attached, beside, max(0, len(entries) - MOST))


def attaching(notebook: Notebook, path: Path, source: str) -> tuple[str, Arrange]:
    """Copies a file to those of the notebook. The name that it has there, and the operation that says so. `NoSuchFile`
    or `NoAttachment` say why not; one of that name is not replaced."""
    file = Path(os.path.expanduser(source))
    file = permitted(file if file.is_absolute() else path.absolute().parent / file)
    if not file.is_file():
        raise NoSuchFile(f"expected the path of a file; there is none at {file}")
    if file.name in attachments.names_in(notebook) and not file.samefile(attachments.path_of(path, file.name)):
        raise NoSuchFile(f"the notebook has a file {file.name} already: remove it first, or give this one another name")
    return file.name, attachments.add(notebook, path, file)


def _seen(path: Path) -> FileSeen:
    try:
        return FileSeen(path.name, path.stat().st_size)
    except OSError:
        return FileSeen(path.name, None, is_missing=True)


def _beside(entries: Iterator[os.DirEntry[str]]) -> Iterator[FileSeen]:
    for entry in entries:
        try:
            is_directory = entry.is_dir()
            yield FileSeen(entry.name, None if is_directory else entry.stat().st_size, is_directory)
        except OSError:  # gone meanwhile, or a link to nothing
            yield FileSeen(entry.name, None, is_missing=True)
