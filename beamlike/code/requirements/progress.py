"""How far packages are on their way: steps as data, and what installers print as steps."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen

Doing: TypeAlias = Literal["resolving", "waiting", "downloading", "installing", "ready"]

_log = logging.getLogger(__name__)


@frozen
class Step:
    """
    >>> str(Step("downloading", "numpy-2.1.0.whl", 2, 5, "16.3 MB"))
    'downloading 2 of 5: numpy-2.1.0.whl (16.3 MB)'
    """

    doing: Doing
    what: str = ""
    number: int = 0
    """Of `of` packages, counted from 1; 0 where the installer does not tell."""
    of: int = 0
    size: str = ""

    def __str__(self) -> str:
        count = f" {self.number} of {self.of}" if self.number else ""
        size = f" ({self.size})" if self.size else ""
        return f"{self.doing}{count}: {self.what}{size}"


Report: TypeAlias = Callable[[Step], object]
"""Called in the thread that works, in the context of whoever asked for the packages."""


def log_step(step: Step) -> None:
    _log.info("%s", step)


_COLLECTING = re.compile(r"Collecting (?P<what>\S+)")
_NEEDED = re.compile(r"Collecting (?P<what>\S+) \(from \S+->")
_PIP_FILE = re.compile(r"\s+(?:Downloading|Using cached) (?:\S*/)?(?P<what>[^/\s]+) \((?P<size>[^)]+)\)")
_PIP_INSTALLING = re.compile(r"Installing collected packages: (?P<what>.+)")
_UV_FILE = re.compile(r"\s*Downloading (?P<what>\S+) \((?P<size>[^)]+)\)")
_UV_INSTALLED = re.compile(r"Prepared (?P<what>\d+ packages?)")


def pip_resolving(line: str) -> Step | None:
    """A line of a pip that plans: what the requirements need turns out one by one."""
    needed = _NEEDED.match(line)
    return Step("resolving", needed["what"]) if needed else None


class PipSteps:
    """From the lines of a pip that installs `of` packages to steps; a line that tells no news is None.

    >>> steps = PipSteps(of=2)
    >>> steps("Collecting rich==15.0.0 (from -r pins.txt (line 1))")
    >>> str(steps("  Downloading http://index/rich-15.0.0-py3-none-any.whl (243 kB)"))
    'downloading 1 of 2: rich-15.0.0-py3-none-any.whl (243 kB)'
    """

    def __init__(self, of: int) -> None:
        self._of = of
        self._number = 0

    def __call__(self, line: str) -> Step | None:
        if _COLLECTING.match(line):
            self._number = min(self._number + 1, self._of)
        elif file := _PIP_FILE.match(line):
            return Step("downloading", file["what"], self._number, self._of, file["size"])
        elif installing := _PIP_INSTALLING.match(line):
            return Step("installing", installing["what"])
        return None


def uv_step(line: str) -> Step | None:
    """uv names the files that take long, and counts the rest."""
    if file := _UV_FILE.match(line):
        return Step("downloading", file["what"], size=file["size"])
    if prepared := _UV_INSTALLED.match(line):
        return Step("installing", prepared["what"])
    return None
