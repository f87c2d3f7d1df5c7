"""Notebooks that nobody has given a file: they are saved all the same, under their title.

    <state>/autosaved/2026_03_01/14_05_k3f9/my_cats.livemd

Renaming the notebook moves the file, saving it elsewhere removes it, and nothing else does.
"""

from __future__ import annotations

import re
import secrets
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from notebook_tui.document.notebook import Notebook
from notebook_tui.session.attachments import FOLDER, names_in
from notebook_tui.session.state_directory import state_directory, state_path
from notebook_tui.session.storage import NotebookFile, Theirs

AUTOSAVED = "autosaved"
_LONGEST = 60


class UnsavedFile(NotebookFile):
    """A file whose name follows the notebook's title; `home` is its own directory."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.home = path.parent

    def store(self, notebook: Notebook, *, anew: bool = False) -> Theirs | None:
        wanted = self.home / f"{slug(notebook.title)}.livemd"
        before, known = self.path, self.digest
        if wanted == before or known is None or wanted.exists():
            if known is None:
                self.path = wanted
            return super().store(notebook, anew=anew)
        theirs = self.theirs()
        if theirs is not None:
            return theirs
        self.path = wanted
        self.taken_for_known(None)
        try:
            super().store(notebook, anew=anew)
        except OSError:
            self.path = before
            self.taken_for_known(known)
            raise
        before.unlink(missing_ok=True)
        return None

    @property
    def identity(self) -> Path:
        return self.home

    def saved_elsewhere(self) -> None:
        """It is not needed any more; what else lies beside it stays."""
        self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self.home.rmdir()


def new_file(now: datetime) -> UnsavedFile:
    """For a notebook that begins now."""
    home = state_directory(AUTOSAVED, f"{now:%Y_%m_%d}", f"{now:%H_%M}_{secrets.token_hex(2)}")
    return UnsavedFile(home / f"{slug(Notebook().title)}.livemd")


def file_at(path: str | Path) -> NotebookFile:
    """The file at that path; one that lies among those that were never saved goes on as one of them."""
    path = Path(path)
    return UnsavedFile(path.absolute()) if is_unsaved(path) else NotebookFile(path)


def is_unsaved(path: str | Path | None) -> bool:
    """Whether it lies among those that nobody has given a file, or is nowhere yet."""
    return path is None or state_path() / AUTOSAVED in Path(path).absolute().parents


def fork(path: str | Path, now: datetime) -> UnsavedFile:
    """An unsaved copy of the notebook at `path`, with its attachments. `UnreadableFile` if it is none."""
    notebook, _ = NotebookFile(path).read()
    copy = new_file(now)
    copy.store(notebook)
    beside = Path(path).absolute().parent / FOLDER
    for name in names_in(notebook):
        if (beside / name).is_file():
            (copy.home / FOLDER).mkdir(exist_ok=True)
            shutil.copyfile(beside / name, copy.home / FOLDER / name)
    return copy


def slug(title: str) -> str:
    """A title as a file's name.

    >>> slug("Cats & Dogs: 2 kinds"), slug("...")
    ('cats_dogs_2_kinds', 'untitled_notebook')
    """
    words = re.sub(r"\W+", "_", title.lower()).strip("_")
    return words[:_LONGEST] or "untitled_notebook"
