"""Module names and resource names to files, and no way out of the folders that are looked through.

A name is resolved part by part against what a folder lists, so that neither "..", nor an absolute path, nor a name of
another case leads anywhere; what is hidden is not seen, and a link that leads out of its root is not followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from itertools import islice
from typing import Final

from beamlike.code.modules.messages import Kind
from beamlike.code.modules.roots import Root
from beamlike.kernel.record import frozen

_INIT: Final = "__init__.py"
_COMPILED: Final = (*EXTENSION_SUFFIXES, ".pyc")
_MANY: Final = 200
"""Modules of a folder that come along where nobody asked for them by name."""
_FEW: Final = 20
"""Folders below a folder that are looked into, to see whether it is one of code."""


@frozen
class Place:
    """Where a module is: its source file, or the folder of a namespace. `label` is that below its root."""

    name: str
    kind: Kind
    root: str
    path: str
    label: str

    @property
    def directory(self) -> str:
        """Of a package: where its modules and resources lie."""
        return os.path.dirname(self.path) if self.kind is Kind.PACKAGE else self.path


@frozen
class Compiled:
    """There is such a module, and no source of it."""

    path: str


def find(roots: Iterable[Root], name: str) -> Place | Compiled | None:
    """The module of that full name. As Python looks: the first folder that has it decides, except that folders without
    `__init__.py` come last, and are one namespace.

    >>> find([Root(os.path.dirname(__file__))], "files").label
    'files.py'
    """
    top, *rest = name.split(".")
    found, namespace = _first(((root.directory, root.directory) for root in roots if root.has(top)), top, "")
    for part in rest:
        if not isinstance(found, Place) or found.kind is Kind.MODULE:
            return None
        portions = namespace if found.kind is Kind.NAMESPACE else [found]
        found, namespace = _first(((it.root, it.directory) for it in portions), part, f"{found.name}.")
    return found


def _first(
    folders: Iterable[tuple[str, str]], name: str, prefix: str
) -> tuple[Place | Compiled | None, Sequence[Place]]:
    """The module `name` in the first of the folders that has it, and the portions of the namespace that it may be; a
    folder is given by its root and itself."""
    namespace: list[Place] = []
    for root, folder in folders:
        found = _in_folder(root, folder, entries_of(folder), name, prefix)
        if isinstance(found, Place) and found.kind is Kind.NAMESPACE:
            namespace.append(found)
        elif found is not None:
            return found, ()
    return next(iter(namespace), None), namespace


def top_names(root: Root, entries: frozenset[str], among: Iterable[str]) -> frozenset[str]:
    """Those of the names `among` which are modules that can be found on a root with these entries."""
    folder = root.directory
    return frozenset(name for name in among if root.has(name) and _in_folder(folder, folder, entries, name, ""))


def stems(entries: Iterable[str]) -> frozenset[str]:
    """The names that modules would have which these entries are the files or folders of."""
    return frozenset(entry.partition(".")[0] for entry in entries)


def modules_below(package: Place) -> Iterator[Place]:
    """The modules in a package, those of a folder before those of the packages in it; not all, where they are very
    many, and none of namespaces within: what is left out is found by its name."""
    if package.kind is Kind.MODULE:
        return
    folder, entries = package.directory, entries_of(package.directory)
    names = sorted(stems(entries) - {"__main__"})
    found = [_in_folder(package.root, folder, entries, name, f"{package.name}.") for name in names[:_MANY]]
    inside = [it for it in found if isinstance(it, Place) and it.kind is not Kind.NAMESPACE]
    yield from inside
    for it in inside:
        yield from modules_below(it)


def resource(package: Place, path: Sequence[str]) -> str | None:
    """The file or folder of that path in a package; None if there is none, or none that may be seen."""
    at = package.directory
    for name in path:
        if name.startswith(".") or name == "__pycache__" or name not in entries_of(at):
            return None
        at = os.path.join(at, name)
    return at if not path or _is_inside(package.directory, at) else None


def folder_entries(directory: str) -> tuple[tuple[str, bool], ...]:
    """What may be seen of a folder of resources: names, and whether they are folders."""
    names = sorted(name for name in entries_of(directory) if not name.startswith(".") and name != "__pycache__")
    return tuple((name, os.path.isdir(os.path.join(directory, name))) for name in names)


def _in_folder(root: str, folder: str, entries: frozenset[str], name: str, prefix: str) -> Place | Compiled | None:
    """The module `name` in a folder with these `entries`."""
    if not name.isidentifier() or name == "__init__" or (name == "__main__" and not prefix):
        return None
    within = os.path.join(folder, name)
    inner = entries_of(within) if name in entries else frozenset()
    if _INIT in inner:
        return _place(prefix + name, Kind.PACKAGE, root, os.path.join(within, _INIT))
    if f"{name}.py" in entries:
        return _place(prefix + name, Kind.MODULE, root, f"{within}.py")
    for stem, listed in ((os.path.join(within, "__init__"), inner), (within, entries)):
        for suffix in _COMPILED:
            if os.path.basename(stem) + suffix in listed:
                return Compiled(stem + suffix)
    return _place(prefix + name, Kind.NAMESPACE, root, within) if _holds_modules(within, inner) else None


def _place(name: str, kind: Kind, root: str, path: str) -> Place | None:
    is_there = os.path.isdir(path) if kind is Kind.NAMESPACE else os.path.isfile(path)
    if not is_there or not _is_inside(root, path):
        return None
    return Place(name, kind, root, path, os.path.relpath(path, root).replace(os.sep, "/"))


def _holds_modules(folder: str, entries: frozenset[str]) -> bool:
    """Whether a folder without `__init__.py` is one of code: modules are in it, or in a folder right below."""
    if any(entry.endswith(".py") for entry in entries):
        return True
    below = islice((entry for entry in sorted(entries) if entry.isidentifier()), _FEW)
    return any(entry.endswith(".py") for it in below for entry in entries_of(os.path.join(folder, it)))


def _is_inside(root: str, path: str) -> bool:
    real, real_root = os.path.realpath(path), os.path.realpath(root)
    return real.startswith(real_root.rstrip(os.sep) + os.sep)


def entries_of(folder: str) -> frozenset[str]:
    """What a folder lists; nothing, if it is none, or not to be read."""
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()
