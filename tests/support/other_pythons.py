"""Other versions of Python on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path


@cache
def other_pythons() -> dict[int, str]:
    """A command that starts it, for each other minor version that we run on and that is here."""
    found: dict[int, str] = {}
    for minor in range(11, 20):
        if minor != sys.version_info.minor and (python := next(filter(_starts, _candidates(minor)), None)):
            found[minor] = python
    return found


def _candidates(minor: int) -> Iterator[str]:
    yield from filter(None, [shutil.which(f"python3.{minor}")])
    # Where pyenv and uv keep them, side by side.
    yield from map(str, Path(sys.base_prefix).parent.glob(f"*3.{minor}.*/bin/python3"))


def _starts(python: str) -> bool:
    return subprocess.run([python, "-c", ""], stderr=subprocess.DEVNULL, check=False, timeout=30).returncode == 0
