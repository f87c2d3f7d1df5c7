"""Who imports: whose code it is that has made the import machinery look for a module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Final

from beamlike.code.modules.loader import ModuleLoader
from beamlike.code.sources import SOURCES

_MACHINERY: Final = frozenset({"importlib", "importlib.util", "importlib._bootstrap", "_frozen_importlib"})
_UNPICKLING: Final = ("beamlike.code", "cloudpickle")
_HERE: Final = "beamlike.code.modules"


def is_import() -> bool:
    """Whether the module is to be imported; False, if somebody only wants to know whether it can be."""
    return any(frame.f_code.co_name == "_find_and_load" for frame in _machinery(sys._getframe()))


def importing_frames() -> Iterator[FrameType]:
    """The frame that imports, and those that have called it."""
    *_, last = [None, *_machinery(sys._getframe())]
    frame = last.f_back if last is not None else None
    while frame is not None:
        yield frame
        frame = frame.f_back


def _machinery(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of this package and of the machinery, from `frame` on."""
    while frame is not None and _is_machinery(frame):
        yield frame
        frame = frame.f_back


def _is_machinery(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__", "")
    return name in _MACHINERY or (isinstance(name, str) and name.startswith(_HERE))


def origin_behind(frame: FrameType) -> tuple[str, str] | None:
    """The node whose code a frame runs, if that is another one, and the node here that it came to, or "".

    It is that of a module of that node, or of a function that came by value.
    """
    loader = getattr(frame.f_globals.get("__spec__"), "loader", None)
    if isinstance(loader, ModuleLoader):
        return loader.held.route.origin, loader.origins.node
    origin = SOURCES.origin_of(frame.f_code.co_filename)
    return (origin, "") if origin is not None else None


def is_of_no_file(frame: FrameType) -> bool:
    """Whether the code has come by value, or is that of a cell or script: it belongs to no module that was imported."""
    module = sys.modules.get(str(frame.f_globals.get("__name__")))
    return getattr(module, "__dict__", None) is not frame.f_globals or getattr(module, "__spec__", None) is None


def unpickles(frame: FrameType) -> bool:
    """Whether it is the decoding of a term itself that imports, and no module that this has had loaded."""
    return str(frame.f_globals.get("__name__", "")).startswith(_UNPICKLING)
