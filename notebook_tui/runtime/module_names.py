"""The names of modules that could be imported, found without importing any."""

from __future__ import annotations

import os
import pkgutil
import sys
from importlib.machinery import PathFinder
from types import ModuleType

from beamlike.code.modules.finder import FINDER
from notebook_tui.runtime.live import Member, members


def top_level() -> set[str]:
    """Every module that stands in no package: built in, in the standard library, on the path, offered by another node,
    or loaded already.

    >>> {"sys", "json"} <= top_level()
    True
    """
    loaded = {name for name in tuple(sys.modules) if "." not in name}
    return {*sys.builtin_module_names, *sys.stdlib_module_names, *_on_path(), *FINDER.names(), *loaded}


def in_package(package: str) -> set[str]:
    """The modules right in `package`, by their last name; none if it is no package or is not found.

    >>> "decoder" in in_package("json")
    True
    """
    begin = package + "."
    loaded = {name[len(begin) :] for name in tuple(sys.modules) if name.startswith(begin)}
    found = {module.name for module in pkgutil.iter_modules(_search_path(package))}
    return {name for name in found | loaded if "." not in name}


def loaded_members(module: str) -> dict[str, Member] | None:
    """What is in a module that has been imported already; None if it has not."""
    loaded = sys.modules.get(module)
    return members(loaded) if issubclass(type(loaded), ModuleType) else None


def _on_path() -> set[str]:
    """What lies in the folders of the path: for a big environment they are read once, until one of them changes."""
    state = tuple((entry, _changed_at(entry or ".")) for entry in list(sys.path) if type(entry) is str)
    known = _listed.get(state)
    if known is None:
        known = {module.name for module in pkgutil.iter_modules()}
        _listed.clear()
        _listed[state] = known
    return known


_listed: dict[tuple[tuple[str, int], ...], set[str]] = {}


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def _search_path(package: str) -> list[str]:
    """Where the modules of a package lie."""
    loaded = loaded_members(package)
    if loaded is not None:
        return _as_list(loaded.get("__path__", Member(None)).value)
    parent = package.rpartition(".")[0]
    spec = PathFinder.find_spec(package, _search_path(parent) if parent else None)
    return _as_list(spec.submodule_search_locations) if spec is not None else []


def _as_list(path: object) -> list[str]:
    # A list, or that of a namespace package, which is importlib's own.
    if type(path) is list or _is_of_importlib(type(path)):
        return list(path)  # type: ignore[call-overload,no-any-return]
    return []


def _is_of_importlib(kind: type) -> bool:
    module = type.__dict__["__dict__"].__get__(kind).get("__module__")
    return type(module) is str and module.startswith("_frozen_importlib")
