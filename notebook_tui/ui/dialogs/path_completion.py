"""What a path that is being typed may become. Blocks on the disk for as long as one folder takes to read."""

from __future__ import annotations

import os
from itertools import takewhile
from pathlib import Path

from notebook_tui.session.bounds import permitted


def absolute(typed: str, directory: Path) -> Path:
    """
    >>> absolute("b/../c", Path("/a"))
    PosixPath('/a/c')
    """
    return Path(os.path.normpath(directory / Path(typed).expanduser()))


def proposals(typed: str, directory: Path, kinds: tuple[str, ...] | None = None) -> list[str]:
    """What the last part may be, folders with a slash at their end; as the whole text would be then. All of them: who
    knows only some would complete to what only those agree on. Files of these kinds; None: of all."""
    head, _, begun = typed.rpartition("/")
    base = absolute(head or ("/" if typed.startswith("/") else "."), directory)
    prefix = f"{head}/" if "/" in typed else ""
    found: list[str] = []
    try:
        with os.scandir(permitted(base)) as entries:
            for entry in entries:
                if not entry.name.startswith(begun) or (entry.name.startswith(".") and not begun.startswith(".")):
                    continue
                if entry.is_dir():
                    found.append(f"{prefix}{entry.name}/")
                elif kinds is None or os.path.splitext(entry.name)[1].lower() in kinds:
                    found.append(prefix + entry.name)
    except OSError:
        return []
    return sorted(found)


def completed(typed: str, found: list[str]) -> str:
    """As far as all the proposals agree.

    >>> completed("ca", ["cats/", "cats.livemd"]), completed("x", [])
    ('cats', 'x')
    """
    if not found:
        return typed
    same = takewhile(lambda column: len(set(column)) == 1, zip(*found, strict=False))
    return "".join(column[0] for column in same) or typed
