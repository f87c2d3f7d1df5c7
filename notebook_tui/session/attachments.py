"""Files that belong to a notebook: they lie in `files/` beside it, and stand in its metadata under `file_entries`.

Their names come from whoever wrote the file and become paths, so they are those of plain files with an extension.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Arrange
from notebook_tui.format.file_entries import KEY, with_safe_files
from notebook_tui.session.merging.difference import outline

FOLDER = "files"
TYPE = "attachment"


class NoAttachment(ValueError):
    """There is none of that name, or it cannot be called so."""


def names_in(notebook: Notebook) -> tuple[str, ...]:
    """Of the attachments that the notebook says it has."""
    return tuple(entry["name"] for entry in _entries(notebook) if entry.get("type") == TYPE)


def path_of(notebook_path: Path, name: str) -> Path:
    """Where the attachment lies, or would. `NoAttachment` if no file may be called so."""
    return notebook_path.absolute().parent / FOLDER / checked(name)


def checked(name: str) -> str:
    """The name, if a file that belongs to a notebook may have it.

    >>> checked("cats.csv")
    'cats.csv'
    """
    probe = Notebook(metadata={KEY: [{"name": name}]})
    if not with_safe_files(probe)[0].metadata:
        raise NoAttachment(f"expected the name of a plain file with an extension, such as cats.csv; got {name!r}")
    return name


def add(notebook: Notebook, notebook_path: Path, source: Path, name: str | None = None) -> Arrange:
    """Copies the file to those of the notebook; returns the operation that says so. One of that name is replaced."""
    place = path_of(notebook_path, name or source.name)
    place.parent.mkdir(exist_ok=True)
    if not (place.exists() and place.samefile(source)):
        shutil.copyfile(source, place)
    others = [entry for entry in _entries(notebook) if entry["name"] != place.name]
    return _with(notebook, [*others, {"name": place.name, "type": TYPE}])


def rename(notebook: Notebook, notebook_path: Path, old: str, new: str) -> Arrange:
    """Renames file and entry. `NoAttachment` if there is none, or another has the new name."""
    if old not in names_in(notebook):
        raise NoAttachment(f"there is no attachment {old!r}; there are: {', '.join(names_in(notebook)) or 'none'}")
    place = path_of(notebook_path, new)
    if any(entry["name"] == new for entry in _entries(notebook)) or place.exists():
        raise NoAttachment(f"there is a file {new!r} already")
    path_of(notebook_path, old).rename(place)
    return _with(notebook, [{**entry, "name": new} if entry["name"] == old else entry for entry in _entries(notebook)])


def remove(notebook: Notebook, notebook_path: Path, name: str) -> Arrange:
    """Removes the entry, and of an attachment the file."""
    if name in names_in(notebook):
        path_of(notebook_path, name).unlink(missing_ok=True)
    elif all(entry["name"] != name for entry in _entries(notebook)):
        raise NoAttachment(f"there is no attachment {name!r}; there are: {', '.join(names_in(notebook)) or 'none'}")
    return _with(notebook, [entry for entry in _entries(notebook) if entry["name"] != name])


def _entries(notebook: Notebook) -> list[Mapping[str, Any]]:
    entries = with_safe_files(notebook)[0].metadata.get(KEY, [])
    assert isinstance(entries, list)
    return entries


def _with(notebook: Notebook, entries: list[Mapping[str, Any]]) -> Arrange:
    metadata = {key: value for key, value in notebook.metadata.items() if key != KEY}
    if entries:
        metadata[KEY] = entries
    return Arrange(outline(replace(notebook, metadata=metadata), notebook))
