"""Who imports: whose code it is that has made the import machinery look for a module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Final

from beamlike.code.decoding import DECODING
from beamlike.code.modules.far_loader import FarLoader
from beamlike.code.sources import SOURCES
from beamlike.kernel.record import frozen

_MACHINERY: Final = frozenset({"importlib", "importlib.util", "importlib._bootstrap", "_frozen_importlib"})
_UNPICKLING: Final = ("beamlike.code", "cloudpickle")
_HERE: Final = "beamlike.code.modules"


@frozen
class Importer:
    """The node whose code imports, and the one here that it came to, as far as they are known."""

    origin: str = ""
    node: str = ""


def is_import() -> bool:
    """Whether the module is to be imported; False, if somebody only wants to know whether it can be."""
    return any(frame.f_code.co_name == "_find_and_load" for frame in _machinery())


def is_asking() -> bool:
    """Whether it is no library that imports, but the code of another node, a cell, a script, or the decoding of a term:
    who wants to hear why there is no such module, and has nodes asked that do not offer it."""
    frame = next(_importing(), None)
    if frame is None:  # the machinery itself is what a thread was told to run
        return False
    return _is_of_no_file(frame) or _origin_behind(frame) is not None or _unpickles(frame)


def who_imports() -> Importer:
    """The first of those whose code is on the stack; but a term is of who has sent it."""
    for depth, frame in enumerate(_importing()):
        importer = _origin_behind(frame)
        if importer is None and not depth and DECODING.codec is not None:
            importer = Importer(DECODING.codec.there)
        if importer is not None:
            return importer
    return Importer()


def _importing() -> Iterator[FrameType]:
    """The frame that imports, and those that have called it."""
    *_, last = _machinery()
    frame = last.f_back
    while frame is not None:
        yield frame
        frame = frame.f_back


def _machinery() -> Iterator[FrameType]:
    """The frames of this package and of the import machinery, up to who imports."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and _is_machinery(frame):
        yield frame
        frame = frame.f_back


def _is_machinery(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__", "")
    return name in _MACHINERY or (isinstance(name, str) and name.startswith(_HERE))


def _origin_behind(frame: FrameType) -> Importer | None:
    """The node whose code a frame runs, if that is another one: that of a module, or of what came by value."""
    loader = getattr(frame.f_globals.get("__spec__"), "loader", None)
    if isinstance(loader, FarLoader):
        return Importer(loader.held.route.origin, loader.origins.node)
    origin = SOURCES.origin_of(frame.f_code.co_filename)
    return Importer(origin) if origin is not None else None


def _is_of_no_file(frame: FrameType) -> bool:
    """Whether the code has come by value, or is that of a cell or script: it belongs to no module that was imported."""
    module = sys.modules.get(str(frame.f_globals.get("__name__")))
    return getattr(module, "__dict__", None) is not frame.f_globals or getattr(module, "__spec__", None) is None


def _unpickles(frame: FrameType) -> bool:
    return DECODING.codec is not None and str(frame.f_globals.get("__name__", "")).startswith(_UNPICKLING)
