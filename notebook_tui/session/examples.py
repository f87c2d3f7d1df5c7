"""The notebooks that come with the program. What is opened is always a copy, in the user's state directory.

An installed program has them inside its package; a checkout has them in `docs/notebooks`.
"""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import notebook_tui
from beamlike.kernel.record import frozen
from notebook_tui.session.state_directory import state_directory

FOLDER = "examples"
TOUR = "tour.livemd"
_PACKAGE = Path(notebook_tui.__file__).parent


@frozen
class Example:
    path: Path
    """Where it came with the program."""
    title: str


def examples() -> tuple[Example, ...]:
    """All of them, the tour first; none where they were left out of the installation.

    >>> examples()[0].title
    'A tour of beamlike'
    """
    paths = sorted(shipped_folder().glob("*.livemd"), key=lambda path: (path.name != TOUR, path.name))
    return tuple(Example(path, _title(path)) for path in paths)


def shipped_folder() -> Path:
    inside = _PACKAGE / FOLDER
    return inside if inside.is_dir() else _PACKAGE.parent / "docs" / "notebooks"


def copy_of(example: Example) -> Path:
    """The user's own copy, with what lies beside the example; one that is there already is kept as it is."""
    home = state_directory(FOLDER)
    for source in example.path.parent.iterdir():
        target = home / source.name
        if source.is_file() and source.suffix != ".py" and not target.exists():
            shutil.copyfile(source, target)
    return home / example.path.name


def differs(example: Example) -> bool:
    """Whether the user's copy is not as the example came."""
    copy = copy_of(example)
    return copy.read_bytes() != example.path.read_bytes()


def renewed(example: Example) -> Path:
    """The copy is as the example came; what it was is kept beside it, in the file that is returned."""
    copy = copy_of(example)
    kept = next(path for path in (copy.with_stem(f"{copy.stem}-{n}") for n in count(1)) if not path.exists())
    copy.rename(kept)
    copy_of(example)
    return kept


def _title(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        heading = next((line for line in file if line.startswith("# ")), "")
    return heading[2:].strip() or path.stem
