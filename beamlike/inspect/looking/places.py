"""Frames as places that can be kept and sent, outermost first, and the words by which code is called."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Sequence
from types import CodeType, FrameType
from typing import Any, Final

from beamlike.kernel.threads.thread_stack import Place, is_user_code

DEEPEST: Final = 40
"""Frames of a stack that are told, the innermost ones."""


def place(frame: FrameType) -> Place:
    code, line = frame.f_code, frame.f_lineno or 0
    return Place(code.co_filename, line, code.co_qualname, linecache.getline(code.co_filename, line).strip())


def own_place(innermost_first: Sequence[FrameType]) -> Place | None:
    """The innermost line of the service's own code; where there is none, the innermost of all."""
    if not innermost_first:
        return None
    return place(next((frame for frame in innermost_first if is_user_code(frame.f_code)), innermost_first[0]))


def stack(innermost_first: Iterable[FrameType]) -> tuple[Place, ...]:
    """Outermost first."""
    found = []
    for frame in innermost_first:
        found.append(place(frame))
        if len(found) == DEEPEST:
            break
    return tuple(found[::-1])


def callers(frame: FrameType | None) -> Iterable[FrameType]:
    """The frame, the one that called it, and so on."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def name_of(code: CodeType, frame: FrameType | None) -> str:
    """The function with its module, as far as that is known."""
    module: Any = frame.f_globals.get("__name__") if frame is not None else None
    return f"{module}.{code.co_qualname}" if type(module) is str else code.co_qualname
