"""What is written down when the terminal's view fails: enough to mend it, nothing of the notebook's own text.

Lines of our code and Textual's stand in it; values of variables, which may hold what the user wrote, do not.
"""

from __future__ import annotations

import platform
import sys
import traceback
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import state_directory

FOLDER: Final = "crashes"
_KEPT: Final = 20
_PLACES: Final = 3
_LONGEST: Final = 300


def report_of(error: BaseException, terminal: str) -> str:
    """
    >>> report_of(ValueError("no such row"), "80x24").splitlines()[-1]
    'ValueError: no such row'
    """
    about = f"beamlike {_version('beamlike')}, textual {_version('textual')}, Python {platform.python_version()}"
    shown = "".join(traceback.format_exception(error))
    return f"The view of the notebook failed.\n{about}, {sys.platform}, terminal {terminal}\n\n{shown}"


def summary_of(error: BaseException) -> str:
    """What failed, and where it did: the innermost places that are ours, or else of whoever.

    >>> summary_of(ValueError("no such row"))
    'ValueError: no such row'
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "notebook_tui" in Path(frame.filename).parts] or list(frames)
    places = [f"  {Path(frame.filename).name}, line {frame.lineno}, in {frame.name}" for frame in ours[-_PLACES:]]
    words = " ".join(str(error).split())[:_LONGEST]
    return "\n".join([f"{type(error).__name__}: {words}", *reversed(places)])


def keep_report(text: str, now: datetime) -> Path | None:
    """Where it lies; None where nothing can be written."""
    try:
        folder = state_directory(FOLDER)
        path = folder / f"{now:%Y_%m_%d-%H_%M_%S_%f}.txt"
        write_private(path, text.encode("utf-8", "backslashreplace"))
        for old in sorted(folder.glob("*.txt"))[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"
