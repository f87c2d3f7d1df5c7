"""Where a thread is, seen from another one: its frames as plain values that can be kept, logged and sent.

A running thread goes on as soon as the interpreter lock is released, so the frames are read first, all at once, and
their source text, which may have to come from a file, is looked up afterwards.
"""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from beamlike.kernel.record import frozen

DEPTH = 8
"""Frames that are shown, the innermost ones: those above them led there, and seldom matter."""


@frozen
class Place:
    """A line of code, as a traceback names it; `source` is its text, empty where nobody knows it.

    >>> print(Place("/srv/app.py", 12, "crunch", "total += 1"))
    /srv/app.py:12 in crunch: total += 1
    """

    file: str
    line: int
    function: str
    source: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}" + (f": {self.source}" if self.source else "")


@frozen
class Whereabouts:
    """Where a thread is. `place` is the innermost user code, outside the standard library, installed packages and this
    package, else the innermost code of all; `stack` ends with the innermost frame, whoever it belongs to."""

    place: Place | None
    stack: tuple[Place, ...]


def frame_of(thread_id: int) -> FrameType | None:
    """The innermost Python frame of a thread; None if it has ended."""
    return sys._current_frames().get(thread_id)


def whereabouts(
    frame: FrameType | None, outermost: FrameType | None = None, callers: tuple[CodeType, ...] = ()
) -> Whereabouts:
    """Where the thread is whose innermost frame this is, without the frames that called `outermost`, and without those
    from one of `callers` on."""
    lines = [_Line(each.f_code, each.f_lineno or 0, each.f_globals) for each in _outwards(frame, outermost, callers)]
    if not lines:
        return Whereabouts(None, ())
    user_code = next((line for line in lines if line.is_user_code()), lines[0])
    return Whereabouts(user_code.place(), tuple(line.place() for line in reversed(lines[:DEPTH])))


def _outwards(
    frame: FrameType | None, outermost: FrameType | None, callers: tuple[CodeType, ...]
) -> Iterator[FrameType]:
    while frame is not None and frame.f_code not in callers:
        yield frame
        frame = None if frame is outermost else frame.f_back


@frozen
class _Line:
    code: CodeType
    number: int
    names: dict[str, Any]

    def is_user_code(self) -> bool:
        return is_user_code(self.code)

    def place(self) -> Place:
        file = self.code.co_filename
        source = linecache.getline(file, self.number, self.names).strip()
        return Place(file, self.number, self.code.co_qualname, source)


def is_user_code(code: CodeType) -> bool:
    """Whether it is outside the standard library, installed packages and this package."""
    return not code.co_filename.startswith(_libraries())


@cache
def _libraries() -> tuple[str, ...]:
    folders = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    return ("<frozen ", *(folder + os.sep for folder in (*folders, str(Path(__file__).parents[2]))))
