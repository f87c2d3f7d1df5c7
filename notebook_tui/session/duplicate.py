"""A copy of an open notebook, with its attachments, in a file of its own; the open one stays where it is."""

from __future__ import annotations

import shutil
from pathlib import Path

from notebook_tui.document.notebook import Notebook
from notebook_tui.session.attachments import FOLDER, names_in
from notebook_tui.session.storage import NotebookFile


def duplicate(notebook: Notebook, source: Path, target: Path) -> None:
    """OSError if there is a file `target`, or it cannot be written."""
    file = NotebookFile(target)
    file.check_new_name()
    if target.exists():
        raise FileExistsError(f"there is a file {target} already; name another")
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no directory {target.absolute().parent}")
    file.store(notebook)
    beside, folder = source.absolute().parent / FOLDER, target.absolute().parent / FOLDER
    for name in names_in(notebook):
        if (beside / name).is_file() and not (folder / name).exists():
            folder.mkdir(exist_ok=True)
            shutil.copyfile(beside / name, folder / name)
