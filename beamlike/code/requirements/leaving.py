"""How an interpreter leaves a directory that it has imported from."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES

from beamlike.code.requirements.imported import attributes_of


def leave(directory: str) -> None:
    """Takes it from the path, and what was imported from it out of `sys.modules`.

    But where something compiled was imported, its modules stay: an interpreter cannot load such a one twice.
    """
    sys.path[:] = [entry for entry in sys.path if entry != directory]
    for entry in [entry for entry in sys.path_importer_cache if _is_in(entry, directory)]:
        del sys.path_importer_cache[entry]
    imported = [
        (name, places)
        for name, module in sys.modules.copy().items()
        if (places := list(_places(module))) and any(_is_in(place, directory) for place in places)
    ]
    if not any(place.endswith(tuple(EXTENSION_SUFFIXES)) for _, places in imported for place in places):
        for name, _ in imported:
            del sys.modules[name]
    importlib.invalidate_caches()


def _places(module: object) -> Iterator[str]:
    """The file of a module; of a namespace its folders."""
    attributes = attributes_of(module)
    file, folders = attributes.get("__file__"), attributes.get("__path__")
    if isinstance(file, str):
        yield file
    elif isinstance(folders, Iterable):
        yield from map(str, folders)


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory + os.sep)
