"""What the user trusts, remembered outside of every notebook: code by its digest, and folders.

Of each notebook the code of its last save, or of the last time that its user was asked, is known: an empty file in the
state directory, called after the notebook and the digest. So the code is known wherever a copy of it lies.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from notebook_tui.document.notebook import Notebook
from notebook_tui.document.trust import code_digest
from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import name_for, state_directory, state_path

VARIABLE = "BEAMLIKE_TRUSTED"
"""Names folders, as PATH does, whose notebooks may run without a question."""
CODE = "trusted_code"
FOLDERS = "trusted_folders"


def is_trusted(path: Path, notebook: Notebook) -> bool:
    """Whether the code of the notebook in that file may run: there is none, its user wrote or trusted it, it lies in a
    folder that is trusted, or it came with this program."""
    digest = code_digest(notebook)
    return not digest or digest in _known() or _lies_in_trusted_folder(path) or digest in _shipped()


def remember_code(path: Path, notebook: Notebook) -> None:
    """The user knows the code that this notebook has now. OSError where that cannot be remembered."""
    directory, name, digest = state_directory(CODE), name_for(path), code_digest(notebook)
    if digest:
        descriptor = os.open(directory / f"{name}-{digest}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.close(descriptor)
    for other in directory.glob(f"{_escaped(name)}-*"):
        if not other.name.endswith(f"-{digest}") or not digest:
            other.unlink(missing_ok=True)


def trust_folder(folder: Path) -> None:
    """Whatever lies in it, or below, may run."""
    real = Path(os.path.realpath(folder))
    write_private(state_directory(FOLDERS) / name_for(real), os.fsencode(real))


def distrust_folder(folder: Path) -> None:
    """Take that back."""
    (state_path() / FOLDERS / name_for(folder)).unlink(missing_ok=True)


def trusted_folders() -> tuple[Path, ...]:
    found: list[Path] = []
    with suppress(FileNotFoundError):
        for file in (state_path() / FOLDERS).iterdir():
            with suppress(OSError):
                found.append(Path(os.fsdecode(file.read_bytes())))
    return tuple(sorted(found))


def _known() -> frozenset[str]:
    try:
        return frozenset(name.rpartition("-")[2] for name in os.listdir(state_path() / CODE))
    except OSError:  # nothing is known, then
        return frozenset()


def _lies_in_trusted_folder(path: Path) -> bool:
    around = Path(os.path.realpath(path)).parents
    given = filter(None, os.environ.get(VARIABLE, "").split(os.pathsep))
    if any(Path(os.path.realpath(folder)) in around for folder in given):
        return True
    folders = state_path() / FOLDERS
    return folders.is_dir() and any((folders / name_for(folder)).is_file() for folder in around)


def _shipped() -> frozenset[str]:
    from notebook_tui.format.markdown_read import read
    from notebook_tui.session.examples import examples

    found: set[str] = set()
    for example in examples():
        with suppress(OSError, ValueError):
            found.add(code_digest(read(example.path.read_text(encoding="utf-8"))[0]))
    return frozenset(found)


def _escaped(name: str) -> str:
    return name.replace("[", "[[]")
